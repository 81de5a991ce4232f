"""The measurements of etc/bench: python3 etc/lib/bench PROGRAM MEASUREMENT …"""

import argparse
import os
import tempfile
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="etc/bench")
    parser.add_argument("program", help=argparse.SUPPRESS)
    measurements = parser.add_subparsers(dest="measurement", required=True, metavar="latency|upload|download|load|claims|convert")
    measurements.add_parser("latency")
    for name in ("upload", "download"):
        transfer = measurements.add_parser(name)
        transfer.add_argument("--large", type=int, default=1024, help="MiB of the one large file; 1024 without it")
        transfer.add_argument("--count", type=int, default=500, help="how many files of 1 MiB; 500 without it")
        transfer.add_argument("--rounds", type=int, default=3, help="how many times each; 3 without it")
    load = measurements.add_parser("load")
    load.add_argument("--uploads", type=int, default=1000, help="how many uploads at once; 1000 without it")
    load.add_argument("--seconds", type=int, default=60, help="how long each takes to send; 60 without it")
    claims = measurements.add_parser("claims")
    claims.add_argument("--waiting", type=int, default=100_000, help="how many jobs wait; 100000 without it")
    convert = measurements.add_parser("convert")
    convert.add_argument("cases", nargs="*", metavar="a|b|c|d")
    convert.add_argument("--rounds", type=int, default=5, help="how many times each; 5 without it")
    tune = measurements.add_parser("tune")
    tune.add_argument("library", type=Path)
    found = parser.parse_args()
    if unknown := set(getattr(found, "cases", [])) - set("abcd"):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are a, b, c, d")
    if getattr(found, "rounds", 1) < 1:
        parser.error("--rounds must be 1 or more")
    return found


def measure(asked: argparse.Namespace, directory: Path) -> None:
    # Imported where they are needed: `convert` and `tune` want NumPy, the others run on any Python 3.
    match asked.measurement:
        case "latency":
            from latency import latency
            latency(asked.program, directory)
        case "upload":
            from upload import upload
            upload(asked.program, directory, asked.large, asked.count, asked.rounds)
        case "download":
            from download import download
            download(asked.program, directory, asked.large, asked.count, asked.rounds)
        case "load":
            from load import load
            load(asked.program, directory, asked.uploads, asked.seconds)
        case "claims":
            from claims import claims
            claims(asked.program, directory, asked.waiting)
        case "convert":
            from convert import convert
            convert(asked.program, directory, asked.cases, asked.rounds)
        case "tune":
            from tune import tune
            tune(asked.program, directory, asked.library)


def main() -> None:
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="mp3spool-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")) as directory:
        measure(asked, Path(directory))


if __name__ == "__main__":
    main()
