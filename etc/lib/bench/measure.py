"""What a command, or a service with all its processes, costs: seconds on the wall and of the processors."""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CORES = len(os.sched_getaffinity(0))
# Settings of the person who measures must not change what is measured, nor may their LAME reach the rivals.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("MP3SPOOL_") and k != "LD_LIBRARY_PATH"}


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float


def median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))


def cost_of(command: list[str], feed: bytes = b"", **settings: str) -> Cost:
    """Runs it to its end. The processors' seconds are those of all its descendants, too."""
    adopt_orphans()
    others = children(os.getpid())
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=ENVIRONMENT | settings)
        process.stdin.write(feed)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}: {said.read().decode(errors='replace')}")
    return Cost(wall, usage.ru_utime + usage.ru_stime + cpu_of_orphans(others))


def adopt_orphans() -> None:
    """A process whose parent ended before it becomes this one's child: prctl(2), PR_SET_CHILD_SUBREAPER."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def cpu_of_orphans(others: set[int]) -> float:
    """What those have used that became this process's children beside the `others`; waits for their end."""
    seconds = 0.0
    while orphans := children(os.getpid()) - others:
        for orphan in orphans:
            _, _, usage = os.wait4(orphan, 0)
            seconds += usage.ru_utime + usage.ru_stime
    return seconds


def cpu_of_tree(process: int) -> float:
    """What this process, its living descendants, and all that they have waited for, have used so far."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        living = children(process)
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended meanwhile, and is counted with its parent
    # proc(5): utime, stime, cutime, cstime
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(cpu_of_tree, living))


def children(process: int) -> set[int]:
    return {int(word) for task in Path(f"/proc/{process}/task").iterdir()
            for word in (task / "children").read_text().split()}
