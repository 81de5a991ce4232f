"""What the processes and the disk hold, from time to time; and whether it grows."""

import json
import os
import re
import time
from collections import defaultdict
from pathlib import Path

MIB = 1 << 20


class Gauges:
    def __init__(self, began: float):
        self.began = began
        self.values: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def note(self, name: str, value: float) -> None:
        self.values[name].append((time.monotonic() - self.began, value))

    def note_process(self, name: str, process: int) -> None:
        """Memory of its own, without what it shares with files (proc(5), RssAnon); descriptors; threads."""
        try:
            status = Path(f"/proc/{process}/status").read_text()
            descriptors = len(os.listdir(f"/proc/{process}/fd"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return  # it was killed just now
        if (memory := re.search(r"RssAnon:\s+(\d+)", status)) is None:
            return  # a process that has ended, and is not waited for yet, has none
        self.note(f"{name}: memory, MiB", int(memory[1]) / 1024)
        self.note(f"{name}: descriptors", descriptors)
        self.note(f"{name}: threads", int(re.search(r"Threads:\s+(\d+)", status)[1]))

    def save(self, place: Path) -> None:
        """For whoever wants to see how it went."""
        place.write_text(json.dumps(self.values))

    def floor(self, name: str, begin: float, end: float) -> float:
        """The lowest tenth in that time, in seconds: what it holds at rest. A leak raises it, a moment's work does not."""
        values = sorted(value for moment, value in self.values[name] if begin <= moment <= end)
        return values[len(values) // 10]

    def peak(self, name: str, begin: float, end: float) -> float:
        """The most in that time, in seconds."""
        return max(value for moment, value in self.values[name] if begin <= moment <= end)


def bytes_below(directory: Path, *, but: str) -> tuple[int, int]:
    """The blocks that it takes on the disk, in bytes, and how many files there are, without those whose names begin so; what
    vanishes meanwhile is gone."""
    blocks = files = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.startswith(but):
                continue
            try:
                blocks += os.lstat(os.path.join(folder, name)).st_blocks
                files += 1
            except FileNotFoundError:
                pass
    return blocks * 512, files
