"""etc/bench convert: mp3spool against what people use now, side by side.

In each round every contender converts the same files; who begins goes round. What counts are medians over the rounds.
"""

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from contenders import Contender, Convert, MoviePy, Spool, debian, imageio
from judge import Heard, judge
from lame import is_tuned, loaded_lame
from material import Material
from measure import CORES, Cost, median
from service import Service

CLIPS, FILES = 200, 8


@dataclass(frozen=True)
class Target:
    """The largest ratio of wall time, ours to theirs, with the distribution's LAME and with a tuned one."""

    stock: float | None
    tuned: float | None


NONE = Target(None, None)


@dataclass(frozen=True)
class Case:
    title: str
    sources: list[Path]
    ours: Contender
    rivals: list[tuple[Contender, Target]]


class Bench:
    def __init__(self, program: str, directory: Path, rounds: int):
        self.program, self.directory, self.rounds = program, directory, rounds
        self.material = Material(directory / "material")
        self.tuned = is_tuned(loaded_lame(program))
        self.known: dict[Path, Heard] = {}

    def one_video(self) -> None:
        for preset in ("v2", "cbr-128"):
            self.compare(Case(
                f"(a) one 10-minute 720p MP4 at {preset}", self.material.videos(1), Convert(self.program, preset),
                [(debian(preset), NONE), (imageio(preset), Target(0.68, 0.57)),
                 (MoviePy(preset), Target(0.42, 0.42))]))

    def many_clips(self) -> None:
        self.compare_spool(
            f"(b) {CLIPS} clips of 5 s at v2, the spool against xargs -P{CORES}", self.material.clips(CLIPS),
            Target(0.42, 0.42), Target(0.70, 0.60))

    def long_queue(self) -> None:
        self.compare_spool(
            f"(c) {FILES} files of 10 min at v2, the spool against xargs -P{CORES}", self.material.videos(FILES),
            Target(1.0, 1.0), Target(None, 1.0))

    def copying(self) -> None:
        target = Target(0.02, 0.02)
        self.compare(Case(
            "(d) an MKV whose audio is MP3: copying against encoding again", [self.material.mp3_in_matroska()],
            Convert(self.program, None), [(debian("v2"), target), (imageio("v2"), target)]))

    def compare_spool(self, title: str, sources: list[Path], against_debian: Target, against_imageio: Target) -> None:
        directory = self.directory / "service"
        directory.mkdir()
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, directory)
            service = stack.enter_context(Service(self.program, directory))
            self.compare(Case(
                title, sources, Spool(service), [(debian("v2"), against_debian), (imageio("v2"), against_imageio)]))

    def compare(self, case: Case) -> None:
        contenders = [case.ours, *(rival for rival, _ in case.rivals)]
        costs: dict[Contender, list[Cost]] = {contender: [] for contender in contenders}
        sizes: dict[Contender, int] = {}
        load = os.getloadavg()[0]
        for number in range(self.rounds):
            first = number % len(contenders)
            for contender in contenders[first:] + contenders[:first]:
                cost, sizes[contender] = self.run(contender, case.sources, checked=number == 0)
                costs[contender].append(cost)
        print(f"\n{case.title}; load before {load:.1f}")
        self.tell(case, {who: median(those) for who, those in costs.items()}, sizes)

    def run(self, contender: Contender, sources: list[Path], checked: bool) -> tuple[Cost, int]:
        """What it cost, and how large the MP3s are."""
        directory = self.directory / "results"
        directory.mkdir()
        results = [directory / f"{source.stem}.mp3" for source in sources]
        cost = contender.convert(sources, results)
        size = sum(result.stat().st_size for result in results)
        if checked:
            judge(contender.name, sources, results, self.known)
        shutil.rmtree(directory)
        return cost, size

    def tell(self, case: Case, costs: dict[Contender, Cost], sizes: dict[Contender, int]) -> None:
        print(f"  {'':24}{'wall s':>8}{'CPU s':>8}{'MB':>8}{'ratio':>8}{'target':>8}")
        ours = costs[case.ours]
        print(row(case.ours, ours, sizes))
        for rival, target in case.rivals:
            ratio = ours.wall / costs[rival].wall
            wanted = target.tuned if self.tuned else target.stock
            verdict = "" if wanted is None else f"{wanted:8.2f}  {'met' if ratio <= wanted else 'not met'}"
            print(row(rival, costs[rival], sizes) + f"{ratio:8.3f}{verdict}", flush=True)


def row(contender: Contender, cost: Cost, sizes: dict[Contender, int]) -> str:
    return f"  {contender.name:24}{cost.wall:8.2f}{cost.cpu:8.2f}{sizes[contender] / 1e6:8.2f}"


CASES = {"a": Bench.one_video, "b": Bench.many_clips, "c": Bench.long_queue, "d": Bench.copying}


def convert(program: str, directory: Path, names: list[str], rounds: int) -> None:
    bench = Bench(program, directory, rounds)
    print(f"{rounds} rounds on {CORES} cores; the LAME of mp3spool is "
          f"{'a tuned one' if bench.tuned else 'the distribution’s'}: {loaded_lame(program)}", flush=True)
    for name in names or CASES:
        CASES[name](bench)
