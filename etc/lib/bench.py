"""The measurements of etc/bench: python3 bench.py latency|upload PROGRAM."""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 40
IDLE = 0.25  # seconds between two clips, so that each finds the service idle
UPLOAD = 2 << 30
EMAIL, PASSWORD = "bench@localhost", "correct horse battery"


class Service:
    """`mp3spool serve` on free ports, in a directory of its own, until the block ends."""

    def __init__(self, program: str, directory: Path):
        self.directory, self.spool = directory, directory / "spool"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("MP3SPOOL_")}
        subprocess.run(
            [program, "user", "add", EMAIL, "--admin", "--password-stdin", "--json", "--spool", str(self.spool)],
            input=PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL, env=clean, cwd=directory)
        with open(directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, "serve", "--spool", str(self.spool), "--listen", "127.0.0.1:0", "--auth-listen", "127.0.0.1:0"],
                stderr=log, env=clean, cwd=directory)

    def __enter__(self):
        while not (found := re.search(r"gateway listens on (http://\S+)", (self.directory / "log").read_text())):
            if self.process.poll() is not None:
                sys.exit((self.directory / "log").read_text())
            time.sleep(0.01)
        self.url = found[1]
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> None:
        """The login's password hash takes 128 MiB by design; what is measured starts after it (proc(5), clear_refs)."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def peak_megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def latency(service: Service) -> None:
    clip = service.directory / "clip.mp4"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=1", "-f", "lavfi",
         "-i", "testsrc=duration=1:size=320x240", "-c:v", "mpeg4", "-c:a", "aac", str(clip)], check=True)
    times = []
    for number in range(RUNS):
        copy = service.directory / f"copy{number}.mp4"
        copy.write_bytes(clip.read_bytes())
        wanted = service.spool / "done" / f"clip{number}.mp3"
        time.sleep(IDLE)
        began = time.monotonic()
        copy.rename(service.spool / "incoming" / f"clip{number}.mp4")
        while not wanted.exists():
            if time.monotonic() - began > 30:
                sys.exit(f"{wanted} did not appear within 30 s")
            time.sleep(0.001)
        times.append((time.monotonic() - began) * 1000)
    times.sort()
    print(f"rename into incoming/ to MP3 in done/, a 1-second clip, {RUNS} times, in ms: min {times[0]:.0f}, "
          f"median {statistics.median(times):.0f}, p95 {times[int(RUNS * 0.95) - 1]:.0f}, max {times[-1]:.0f}")


def upload(service: Service) -> None:
    video = service.directory / "zeros.mp4"
    with open(video, "wb") as file:
        file.truncate(UPLOAD)
    token = curl("-u", f"{EMAIL}:{PASSWORD}", "-X", "POST", f"{service.url}/login")
    service.forget_peak()
    began, cpu = time.monotonic(), service.cpu_seconds()
    curl("-H", f"Authorization: Bearer {token}", "-T", str(video), f"{service.url}/upload/")
    seconds = time.monotonic() - began
    print(f"a 2 GiB upload: {seconds:.1f} s ({UPLOAD / seconds / 1e6:.0f} MB/s), "
          f"{service.cpu_seconds() - cpu:.1f} s of processor time, peak memory {service.peak_megabytes():.0f} MiB")


def curl(*words: str) -> str:
    return subprocess.run(
        ["curl", "-fsS", "-m", "600", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    measurement, program = {"latency": latency, "upload": upload}[sys.argv[1]], sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="mp3spool-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")) as directory:
        with Service(program, Path(directory)) as service:
            measurement(service)


if __name__ == "__main__":
    main()
