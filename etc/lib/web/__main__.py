"""Runs one case of cases.py: CASE --program FILE --directory DIRECTORY --password WORDS --screenshots DIRECTORY."""

import argparse
import sys
from pathlib import Path

import cases
from service import Service


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--program", required=True)
    parser.add_argument("--directory", required=True, help="holds a spool with its accounts")
    parser.add_argument("--password", required=True, help="of both accounts")
    parser.add_argument("--screenshots", required=True, type=Path)
    words = parser.parse_args()
    words.screenshots.mkdir(parents=True, exist_ok=True)
    service = Service(words.program, words.directory, words.password).start()
    case = cases.Case(service, words.screenshots)
    try:
        getattr(cases, words.case)(case)
    except BaseException:
        print(service.log.read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        service.stop()


main()
