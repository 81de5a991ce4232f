"""etc/bench latency: how soon a dropped clip is an MP3."""

import statistics
import subprocess
import time
from pathlib import Path

from service import Service

RUNS = 40
IDLE = 0.25  # seconds between two clips, so that each finds the service idle


def latency(program: str, directory: Path) -> None:
    clip = directory / "clip.mp4"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=1", "-f", "lavfi",
         "-i", "testsrc=duration=1:size=320x240", "-c:v", "mpeg4", "-c:a", "aac", str(clip)], check=True)
    with Service(program, directory) as service:
        times = sorted(milliseconds(service, clip.read_bytes(), number) for number in range(RUNS))
    print(f"rename into incoming/ to MP3 in done/, a 1-second clip, {RUNS} times, in ms: min {times[0]:.0f}, "
          f"median {statistics.median(times):.0f}, p95 {times[int(RUNS * 0.95) - 1]:.0f}, max {times[-1]:.0f}")


def milliseconds(service: Service, clip: bytes, number: int) -> float:
    copy = service.directory / f"copy{number}.mp4"
    copy.write_bytes(clip)
    time.sleep(IDLE)
    began = time.monotonic()
    service.drop(copy, f"clip{number}.mp4")
    service.wait_for([f"clip{number}.mp3"], seconds=30, interval=0.001)
    return (time.monotonic() - began) * 1000
