"""Runs the suite `etc/test package`: --packages FOLDER --cache FOLDER --work FOLDER [PART-OF-A-NAME…]."""

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import runner


class World:
    """What the cases share; each leaves there what later ones need."""

    def __init__(self, words):
        self.cache, self.folder = words.cache, words.work
        self.repository = Path(__file__).parents[3]
        self.package, self.newer = (next(words.packages.glob(f"*-{revision}_*.deb")) for revision in (1, 2))
        self.version = self.package.name.split("_")[1].rpartition("-")[0]
        self.units = [path.name for path in (self.repository / "etc/systemd").iterdir() if path.suffix != ".conf"]
        runner.run("dpkg-deb", "--extract", self.package, self.folder / "extracted")
        self.program = self.folder / "extracted/usr/bin/mp3spool"

    @contextlib.contextmanager
    def process(self, words, log):
        """A program that runs as long as the block."""
        with open(log, "wb") as file:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("patterns", nargs="*")
    words = parser.parse_args()
    os.umask(0o022)
    # The programs here have settings of their own; the build that etc/package is to take is none.
    build = os.environ.get("MP3SPOOL_PROGRAM")
    for name in [name for name in os.environ if name.startswith("MP3SPOOL_")]:
        del os.environ[name]
    world = World(words)
    world.build = {"MP3SPOOL_PROGRAM": build} if build else {}
    for name in ("sbom_cases", "cluster_cases", "container_cases", "deb_cases", "unit_cases", "life_cases"):
        __import__(name)
    sys.exit(0 if runner.run_all(world, words.patterns) else 1)


main()
