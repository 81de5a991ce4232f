"""etc/bench claims: what a claim costs among very many waiting jobs."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from measure import ENVIRONMENT, cpu_of_tree

# In Crockford's base 32, as the spool's names are.
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
COUNTED = 500


def claims(program: str, directory: Path, waiting: int) -> None:
    """Jobs that nobody signed: each is claimed, read, found bad and put away, which costs more than the claim alone."""
    spool = directory / "spool"
    first = directory / "first"
    first.write_bytes(b"not a video")
    # Makes the spool and publishes its key; the job itself is in nobody's way.
    subprocess.run([program, "submit", str(first), "--spool", str(spool)], check=True, stdout=subprocess.DEVNULL,
                   env=ENVIRONMENT, cwd=directory)
    for number in range(waiting):
        make_job(spool / "incoming", number)
    with open(directory / "log", "wb") as log:
        began = time.monotonic()
        process = subprocess.Popen([program, "work", "--spool", str(spool), "--converters", "1"], stderr=log,
                                   env=ENVIRONMENT, cwd=directory)
        try:
            wait_for(spool / "corrupt", 1)
            listed = time.monotonic()
            cpu = cpu_of_tree(process.pid)
            wait_for(spool / "corrupt", COUNTED)
            seconds, cpu = time.monotonic() - listed, cpu_of_tree(process.pid) - cpu
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    print(f"{waiting} jobs wait: {(listed - began):.2f} s from the start to the first claim, then {COUNTED} claims at "
          f"{seconds / COUNTED * 1000:.2f} ms each ({cpu / COUNTED * 1000:.2f} ms of processor time), "
          f"putting the job away included")


def make_job(incoming: Path, number: int) -> None:
    digits = ""
    for _ in range(26):
        digits, number = DIGITS[number % 32] + digits, number // 32
    job = incoming / f"{digits}.0"
    job.mkdir()
    (job / "source").write_bytes(b"x")
    (job / "job.jwt").write_bytes(b"x")


def wait_for(corrupt: Path, count: int) -> None:
    limit = time.monotonic() + 300
    while sum(1 for _ in corrupt.iterdir()) < count:
        if time.monotonic() > limit:
            sys.exit(f"{count} jobs were not claimed within 300 s")
        time.sleep(0.005)
