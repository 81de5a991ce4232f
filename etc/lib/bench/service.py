"""The service that is measured."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from measure import ENVIRONMENT, cpu_of_tree

EMAIL, PASSWORD = "bench@localhost", "correct horse battery"


class Service:
    """`mp3spool serve`, or another part, on free ports, in a directory of its own, until the block ends."""

    def __init__(self, program: str, directory: Path, part: list[str] = ["serve", "--auth-listen", "127.0.0.1:0"]):
        self.directory, self.spool = directory, directory / "spool"
        subprocess.run(
            [program, "user", "add", EMAIL, "--admin", "--password-stdin", "--json", "--spool", str(self.spool)],
            input=PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT, cwd=directory)
        with open(directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, *part, "--spool", str(self.spool), "--listen", "127.0.0.1:0"],
                stderr=log, env=ENVIRONMENT, cwd=directory)

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

    def drop(self, path: Path, name: str) -> None:
        """Puts a file that nobody writes any more into the folder, by one rename."""
        path.rename(self.spool / "incoming" / name)

    def wait_for(self, names: list[str], seconds: float, interval: float) -> None:
        """Until all these MP3s are in done/."""
        wanted = [self.spool / "done" / name for name in names]
        limit = time.monotonic() + seconds
        while wanted:
            if wanted[-1].exists():
                wanted.pop()
            elif time.monotonic() > limit or any((self.spool / "failed").iterdir()):
                sys.exit(f"{wanted[-1]} did not appear: it failed, or took more than {seconds:.0f} s")
            else:
                time.sleep(interval)

    def cpu_seconds(self) -> float:
        """With the processes that decode, also those that have ended."""
        return cpu_of_tree(self.process.pid)


def forget_peak(process: int) -> None:
    """A login's password hash takes 128 MiB by design; what is measured starts after it (proc(5), clear_refs)."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def peak_bytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) << 10
