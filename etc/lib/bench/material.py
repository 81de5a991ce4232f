"""Music-like input, the same on every machine: chords, bass, melody and drums, louder and softer, wider and narrower.

A pure tone or silence would cost an encoder next to nothing and an easy psychoacoustic model; what is timed here has
tonal and noisy bands, transients that make LAME switch to short blocks, and two channels that differ.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from collections.abc import Iterator
from pathlib import Path

import numpy

from measure import CORES

RATE = 44100
BAR = 2 * RATE  # samples: four beats at 120 a minute
EIGHTH = BAR // 8
SECONDS = 600
CLIP_SECONDS = 5
CHORDS = ((0, 4, 7, 11), (-3, 0, 4, 7), (5, 9, 12, 16), (7, 11, 14, 17), (2, 5, 9, 12), (-5, -1, 2, 7))
SCALE = (0, 2, 4, 7, 9, 12, 14, 16)
TIME = numpy.arange(BAR) / RATE


def music(seed: int, seconds: int) -> Iterator[bytes]:
    """16-bit stereo samples, a bar at a time."""
    random = numpy.random.default_rng(seed)
    for number in range(-(-seconds * RATE // BAR)):
        chord = CHORDS[random.integers(len(CHORDS))]
        bar = pad(chord, random) + bass(chord[0]) + melody(random) + drums(random)
        # A swell of 40 s: quiet passages, where VBR has little to do, and loud ones.
        swell = 0.25 + 0.75 * numpy.sin(numpy.pi * (number * 2 + TIME) / 40) ** 2
        yield (numpy.tanh(0.6 * swell * bar) * 32000).astype("<i2").T.tobytes()


def pad(chord: tuple[int, ...], random: numpy.random.Generator) -> numpy.ndarray:
    """The chord's notes, each at its own place between left and right, each with its own vibrato."""
    edges = numpy.minimum(1, numpy.minimum(TIME, TIME[::-1]) / 0.02)
    parts = []
    for note in chord:
        vibrato = 0.06 * numpy.sin(2 * numpy.pi * random.uniform(4.5, 6) * TIME + random.uniform(0, 6))
        parts.append(panned(0.12 * edges * voice(phase(note + vibrato), 6), random.uniform(0.2, 0.8)))
    return sum(parts)


def bass(root: int) -> numpy.ndarray:
    decay = numpy.exp(-4 * numpy.tile(TIME[:BAR // 4], 4))
    return panned(0.5 * decay * voice(phase(numpy.full(BAR, root - 24.0)), 5), 0.5)


def melody(random: numpy.random.Generator) -> numpy.ndarray:
    notes = numpy.repeat(random.choice(SCALE, 8) + 12.0, EIGHTH)
    plucked = numpy.tile(numpy.minimum(1, TIME[:EIGHTH] / 0.003) * numpy.exp(-6 * TIME[:EIGHTH]), 8)
    loudness = numpy.repeat(random.uniform(0, 0.5, 8), EIGHTH)
    return panned(loudness * plucked * voice(phase(notes), 8), random.uniform(0.3, 0.7))


def drums(random: numpy.random.Generator) -> numpy.ndarray:
    """Kick, snare and hi-hat; the noise of each side is its own."""
    noise = random.standard_normal((2, BAR))
    beat, eighth = TIME[:BAR // 4], TIME[:EIGHTH]
    kick = numpy.exp(-12 * beat) * numpy.sin(2 * numpy.pi * (50 * beat + 6 * (1 - numpy.exp(-25 * beat))))
    snare = numpy.exp(-18 * beat)
    silent = numpy.zeros(BAR // 4)
    brighter = numpy.diff(noise, append=0)  # a high-pass filter
    return (0.7 * numpy.concatenate((kick, silent, kick, silent))
            + 0.15 * noise * numpy.concatenate((silent, snare, silent, snare))
            + 0.04 * brighter * numpy.tile(numpy.exp(-40 * eighth), 8) + 0.0005 * noise)


def phase(semitones: numpy.ndarray) -> numpy.ndarray:
    """That of a tone so many semitones above middle C, which may move."""
    return numpy.cumsum(2 * numpy.pi * 261.63 / RATE * 2 ** (semitones / 12))


def voice(phase: numpy.ndarray, harmonics: int) -> numpy.ndarray:
    return sum(numpy.sin(number * phase) / number for number in range(1, harmonics + 1))


def panned(mono: numpy.ndarray, right: float) -> numpy.ndarray:
    return numpy.stack((mono * (1 - right), mono * right))


class Material:
    """The inputs, made in a directory when they are first asked for."""

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir()
        self.picture = directory / "picture.mp4"
        ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=30:duration={CLIP_SECONDS}", "-c:v", "libx264",
               "-preset", "veryfast", "-crf", "30", "-bf", "0", "-g", "1000", "-pix_fmt", "yuv420p", self.picture)

    def videos(self, count: int) -> list[Path]:
        """10 minutes each: 720p H.264 and AAC in MP4."""
        paths = [self.directory / f"video{number}.mp4" for number in range(count)]
        missing = [(number, path) for number, path in enumerate(paths) if not path.exists()]
        with ThreadPoolExecutor(CORES) as threads:
            list(threads.map(lambda one: self.encode(one[0], SECONDS, "-f", "mp4", one[1]), missing))
        return paths

    def clips(self, count: int) -> list[Path]:
        """5 seconds each, cut where the picture has its key frames."""
        self.encode(1000, count * CLIP_SECONDS, "-f", "segment", "-segment_time", str(CLIP_SECONDS),
                    "-segment_format", "mp4", "-reset_timestamps", "1", self.directory / "clip%03d.mp4")
        return sorted(self.directory.glob("clip*.mp4"))[:count]

    def mp3_in_matroska(self) -> Path:
        path = self.directory / "mp3.mkv"
        ffmpeg("-i", self.videos(1)[0], "-c:v", "copy", "-c:a", "libmp3lame", "-q:a", "2", path)
        return path

    def encode(self, seed: int, seconds: int, *output: object) -> None:
        command = ffmpeg_command(
            "-stream_loop", "-1", "-i", self.picture, "-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", "-",
            "-map", "0:v", "-map", "1:a", "-t", str(seconds), "-c:v", "copy", "-c:a", "aac", "-b:a", "160k", *output)
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            for bar in music(seed, seconds):
                process.stdin.write(bar)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)


def ffmpeg_command(*words: object) -> list[str]:
    return ["ffmpeg", "-v", "error", "-y", *map(str, words)]


def ffmpeg(*words: object) -> None:
    subprocess.run(ffmpeg_command(*words), check=True, stdin=subprocess.DEVNULL)
