"""What was handed in, and what became of it. It knows nothing of how either comes about."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from threading import Lock

ENDS = {"done", "failed"}


@dataclass
class Entry:
    """One file, under a name that no other has."""

    ends: set[str]  # the states in which its job may end; none where there must be no job
    acknowledged: bool = False
    hook: bool = False  # is its owner's webhook to be told?


@dataclass
class Ledger:
    entries: dict[str, Entry] = field(default_factory=dict)
    ended: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))  # state by fid, by name
    told: Counter = field(default_factory=Counter)  # deliveries by fid
    errors: Counter = field(default_factory=Counter)  # what went wrong, though nothing was being broken
    counts: Counter = field(default_factory=Counter)
    deleted: dict[str, str] = field(default_factory=dict)  # names by fid, whose owners asked for their removal
    lock: Lock = field(default_factory=Lock)

    def expect(self, name: str, *ends: str, hook: bool = False) -> None:
        with self.lock:
            self.entries[name] = Entry(set(ends), hook=hook)

    def acknowledge(self, name: str) -> None:
        with self.lock:
            self.entries[name].acknowledged = True

    def withdraw(self, name: str) -> None:
        """It was answered with the job of another file."""
        with self.lock:
            del self.entries[name]

    def end(self, name: str, fid: str, state: str) -> None:
        with self.lock:
            before = self.ended[name].get(fid, state)
            if before != state:
                self.errors[f"{name} was {before}, and then {state}"] += 1
            self.ended[name][fid] = state

    def tell(self, fid: str) -> None:
        with self.lock:
            self.told[fid] += 1

    def blame(self, what: str) -> None:
        with self.lock:
            self.errors[what] += 1

    def count(self, what: str, number: int = 1) -> None:
        with self.lock:
            self.counts[what] += number

    def delete(self, name: str, fid: str) -> None:
        with self.lock:
            self.deleted[fid] = name

    def remove(self, fid: str) -> None:
        """It is gone. Where it ended just before its owner had it removed, of its end the webhook alone may tell."""
        with self.lock:
            if name := self.deleted.get(fid):
                self.ended[name].setdefault(fid, "removed")

    def waiting(self) -> list[str]:
        """What was acknowledged, and has not ended or not been told of."""
        with self.lock:
            return [name for name, entry in self.entries.items() if entry.acknowledged and not self.is_settled(name, entry)]

    def is_settled(self, name: str, entry: Entry) -> bool:
        jobs = self.ended.get(name, {})
        return bool(jobs) and (not entry.hook or all(self.told[fid] for fid in jobs))

    def complaints(self) -> list[str]:
        """A sentence for each file that was lost, done twice, or ended otherwise than it should."""
        with self.lock:
            said = [f"{what} ({number} times)" for what, number in self.errors.most_common()]
            for name, entry in self.entries.items():
                said += self.complaints_of(name, entry)
            return said + [f"{name} has a job, though nobody handed it in" for name in self.ended if name not in self.entries]

    def complaints_of(self, name: str, entry: Entry):
        jobs = self.ended.get(name, {})
        if entry.acknowledged and not jobs:
            yield f"{name} was acknowledged, and is lost"
        if len(jobs) > 1:
            yield f"{name} has {len(jobs)} jobs"
        for fid, state in jobs.items():
            if state not in entry.ends:
                yield f"{name} ended as {state}; that must not be"
            if entry.hook and not self.told[fid]:
                yield f"no webhook told of {name}"
