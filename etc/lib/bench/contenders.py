"""Who converts: mp3spool, and what people use now. Each turns `sources` into MP3s of the same names in a directory."""

import os
import re
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path

from measure import CORES, Cost, cost_of
from service import Service

# By preset: the words of ffmpeg, and those of MoviePy's write_audiofile, for the same settings of LAME.
ENCODING = {"v2": ["-q:a", "2"], "cbr-128": ["-b:a", "128k"]}
WRITING = {"v2": 'ffmpeg_params=["-q:a", "2"]', "cbr-128": 'bitrate="128k"'}
SPOOL_TIMEOUT = 3600


class Contender(ABC):
    name: str

    @abstractmethod
    def convert(self, sources: list[Path], results: list[Path]) -> Cost: ...


class Convert(Contender):
    """One file by `mp3spool convert`; without a preset it may copy."""

    name = "mp3spool"

    def __init__(self, program: str, preset: str | None):
        self.command = [program, "convert"] + (["--preset", preset] if preset else [])

    def convert(self, sources, results):
        [source], [result] = sources, results
        return cost_of([*self.command, str(source), str(result)])


class Spool(Contender):
    """Many files through the running service."""

    name = "mp3spool"

    def __init__(self, service: Service):
        self.service, self.dropped = service, 0

    def convert(self, sources, results):
        names = [f"{self.dropped + number}-{source.name}" for number, source in enumerate(sources)]
        self.dropped += len(sources)
        for source, name in zip(sources, names):
            # Not a link: the spool takes no file that has a second name.
            shutil.copyfile(source, self.service.directory / name)
        os.sync()  # so that the disk writes none of it while somebody is measured
        done = [Path(name).with_suffix(".mp3").name for name in names]
        cost = self.cost_of_dropping(names, done)
        for name, result in zip(done, results):
            (self.service.spool / "done" / name).rename(result)
        return cost

    def cost_of_dropping(self, names: list[str], done: list[str]) -> Cost:
        began, cpu = time.monotonic(), self.service.cpu_seconds()
        for name in names:
            self.service.drop(self.service.directory / name, name)
        self.service.wait_for(done, SPOOL_TIMEOUT, interval=0.005)
        return Cost(time.monotonic() - began, self.service.cpu_seconds() - cpu)


class FFmpeg(Contender):
    """One file by ffmpeg, more by as many at a time as there are cores."""

    def __init__(self, owner: str, program: str, preset: str):
        self.program, self.encoding = program, ENCODING[preset]
        said = subprocess.run([program, "-version"], check=True, stdout=subprocess.PIPE, text=True).stdout
        version = re.search(r"ffmpeg version n?([0-9.]+)", said)
        self.name = f"{owner}'s ffmpeg {version[1] if version else ''}".rstrip()

    def convert(self, sources, results):
        command = [self.program, "-nostdin", "-v", "error", "-y"]
        tails = [self.tail(*pair) for pair in zip(sources, results, strict=True)]
        if len(tails) == 1:
            return cost_of(command + tails[0])
        words = "".join(word + "\0" for tail in tails for word in tail)
        return cost_of(["xargs", "-0", f"-P{CORES}", f"-n{len(tails[0])}", *command], words.encode())

    def tail(self, source: Path, result: Path) -> list[str]:
        return ["-i", str(source), "-map", "0:a:0", "-vn", "-c:a", "libmp3lame", *self.encoding, str(result)]


class MoviePy(Contender):
    """As its documentation shows it, in a Python of its own as a script would be."""

    name = "MoviePy 2"

    def __init__(self, preset: str):
        self.script = (
            "import sys\n"
            "from moviepy import VideoFileClip\n"
            "with VideoFileClip(sys.argv[1]) as video:\n"
            f"    video.audio.write_audiofile(sys.argv[2], codec='libmp3lame', {WRITING[preset]}, logger=None)\n")

    def convert(self, sources, results):
        [source], [result] = sources, results
        return cost_of([sys.executable, "-c", self.script, str(source), str(result)])


def debian(preset: str) -> FFmpeg:
    return FFmpeg("Debian", "ffmpeg", preset)


def imageio(preset: str) -> FFmpeg:
    from imageio_ffmpeg import get_ffmpeg_exe  # only in the private Python that etc/bench makes
    return FFmpeg("imageio", get_ffmpeg_exe(), preset)
