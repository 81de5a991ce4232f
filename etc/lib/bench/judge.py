"""Whether an MP3 holds what its source does, so that nobody wins by doing less."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from measure import CORES

LONGER_OR_SHORTER = 0.05  # seconds
LOUDER_OR_SOFTER = 0.5  # dB


@dataclass(frozen=True)
class Heard:
    seconds: float
    decibels: float


def heard(path: Path) -> Heard:
    """What Debian's ffmpeg decodes: the samples are counted, no header is believed."""
    said = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "info", "-i", str(path), "-map", "0:a:0", "-af",
         "aformat=channel_layouts=stereo:sample_rates=44100,volumedetect", "-f", "null", "-"],
        check=True, stderr=subprocess.PIPE, text=True, errors="replace").stderr
    # The filter tells the samples of both channels, and where it is flushed twice the last word counts.
    samples = re.findall(r"n_samples: (\d+)", said)[-1]
    volume = re.findall(r"mean_volume: (\S+) dB", said)[-1]
    return Heard(int(samples) / 2 / 44100, float(volume))


def judge(who: str, sources: list[Path], results: list[Path], known: dict[Path, Heard]) -> None:
    """Ends the run where a result is not its source's sound. `known` keeps what the sources were found to hold."""
    unknown = [source for source in sources if source not in known]
    with ThreadPoolExecutor(CORES) as threads:
        known.update(zip(unknown, threads.map(heard, unknown)))
        copies = list(threads.map(heard, results))
    for source, copy in zip(sources, copies, strict=True):
        original = known[source]
        if (abs(copy.seconds - original.seconds) > LONGER_OR_SHORTER
                or abs(copy.decibels - original.decibels) > LOUDER_OR_SOFTER):
            sys.exit(f"{who} made something else of {source.name}: {original} became {copy}")
