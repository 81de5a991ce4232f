"""etc/bench upload: what a large upload costs."""

import subprocess
import time
from pathlib import Path

from service import EMAIL, PASSWORD, Service

UPLOAD = 2 << 30


def upload(program: str, directory: Path) -> None:
    video = directory / "zeros.mp4"
    with open(video, "wb") as file:
        file.truncate(UPLOAD)
    with Service(program, directory) as service:
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
