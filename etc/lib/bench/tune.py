"""What a tuned LAME gains: called by etc/tune-lame with the program and the library that was built."""

import subprocess
import sys
from pathlib import Path

from judge import LONGER_OR_SHORTER, heard, judge
from lame import LIBRARY, loaded_lame
from material import Material
from measure import Cost, cost_of, median

ROUNDS = 5
PRESETS = ("v2", "cbr-128")
# Silence, full scale, denormal, infinite and NaN samples, in ffmpeg's expressions.
BAD = ("0", "sgn(sin(900*t))", "1e-40*sin(900*t)", "1/0", "0/0")


def tune(program: str, directory: Path, library: Path) -> None:
    """Measures first and prints; ends the run where the tuned library does less than the other."""
    stock, tuned = directory / "stock", directory / "tuned"
    link(loaded_lame(program), stock)
    link(library, tuned)
    survive_bad_samples(program, directory, tuned)
    [video] = Material(directory / "material").videos(1)
    print(f"mp3spool convert of 10 minutes, medians of {ROUNDS} rounds, alternating:\n"
          f"  {'':10}{'CPU s':>8}{'tuned':>8}{'gain':>8}{'bytes':>12}{'tuned':>12}")
    for preset in PRESETS:
        compare(program, preset, video, stock, tuned)


def compare(program: str, preset: str, video: Path, stock: Path, tuned: Path) -> None:
    costs: dict[Path, list[Cost]] = {stock: [], tuned: []}
    results = {folder: folder / f"{preset}.mp3" for folder in costs}
    for number in range(ROUNDS):
        for folder in (stock, tuned) if number % 2 == 0 else (tuned, stock):
            command = [program, "convert", "--preset", preset, str(video), str(results[folder])]
            costs[folder].append(cost_of(command, LD_LIBRARY_PATH=str(folder)))
    judge("The tuned LAME", [results[stock]], [results[tuned]], {})
    before, after = median(costs[stock]).cpu, median(costs[tuned]).cpu
    sizes = [results[folder].stat().st_size for folder in (stock, tuned)]
    print(f"  {preset:10}{before:8.2f}{after:8.2f}{1 - after / before:8.0%}{sizes[0]:12}{sizes[1]:12}", flush=True)


def survive_bad_samples(program: str, directory: Path, tuned: Path) -> None:
    """-ffast-math has the compiler take every number for finite, so that LAME's assertions may be compiled away or fail.
    mp3spool sees to it that LAME gets no others; this checks it, with two seconds each of what BAD holds."""
    source, result = directory / "bad.wav", directory / "bad.mp3"
    expression = "sin(900*t)"
    for number, bad in reversed(list(enumerate(BAD, 1))):
        expression = f"if(lt(t,{2 * number}),{bad},{expression})"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i",
         f"aevalsrc='{expression}':d={2 * len(BAD) + 2}:s=44100", "-c:a", "pcm_f32le", str(source)], check=True)
    for preset in PRESETS:
        cost_of([program, "convert", "--preset", preset, str(source), str(result)], LD_LIBRARY_PATH=str(tuned))
        if heard(result).seconds < 2 * len(BAD) + 2 - LONGER_OR_SHORTER:
            sys.exit(f"With the tuned LAME the result of bad samples at {preset} is too short.")


def link(library: Path, folder: Path) -> None:
    """LD_LIBRARY_PATH comes before the program's RUNPATH (ld.so(8)), so each folder decides alone."""
    folder.mkdir()
    (folder / LIBRARY).symlink_to(library.resolve())
