"""etc/soak MINUTES: all parts of the service under uploads, drops, faults and cleanings, for so long.

The gateway and the auth service are killed in the first minutes and after the last measurement; between these they, and one
of the two converters, live on, and must not grow. At the end every file that was acknowledged must have had its one end.
"""

import json
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from gauges import MIB, Gauges, bytes_below
from house import ADMIN, PERSON, Accidents, House
from ledger import Ledger
from people import (
    Browser, Crowd, Downloader, Dropper, Listener, Material, Operator, Person, Quitter, Receiver, Resumer, Uploader, Visitor)

GROWTH = 0.05  # of what is held at rest
HISTORY, HISTORY_BYTES = {"database: MiB"}, 8192  # for each job
DONE = ("uploads", "resumable uploads", "files dropped", "jobs cancelled", "uploads broken off", "duplicates recognized",
        "downloads", "downloads decoded", "pages and lists", "logins and tokens", "cleanings", "backups",
        "webhooks refused once", "gateway killed", "auth killed")
PATIENCE = 600  # seconds for what is begun to come to its end


def main() -> int:
    program, minutes, seed = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # what was started is ended all the same
    directory = Path(tempfile.mkdtemp(prefix="mp3spool-soak-"))
    print(f"seed {seed}, logs in {directory}", flush=True)
    said = Soak(program, directory, minutes * 60, seed).run()
    for sentence in said[:50]:
        print(f"WRONG: {sentence}")
    print(f"{len(said)} complaints" if said else "Nothing was lost, nothing leaked.")
    return 1 if said else 0


class Soak:
    def __init__(self, program: str, directory: Path, seconds: float, seed: str):
        self.seconds, self.seed, self.directory = seconds, seed, directory
        self.warmup = min(300, seconds / 3)
        self.ledger, self.house = Ledger(), House(program, directory)
        self.enough, self.calm, self.over = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> list[str]:
        material = Material(self.directory)
        try:
            self.house.start()
            self.skeleton, self.empty = self.files(), self.database_bytes()
            self.receiver = Receiver(self.house.hook_port, self.ledger)
            words = (self.house, self.ledger, material, self.seed)
            self.listener, self.crowd = Listener(*words), Crowd(*words)
            self.set_up_webhook(Person(*words))
            self.began = time.monotonic()
            self.gauges = Gauges(self.began)
            people = [Uploader(*words), Quitter(*words), Resumer(*words), Dropper(*words), Browser(*words), Visitor(*words),
                      Operator(*words), Downloader(*words, listener=self.listener)]
            threads = [threading.Thread(target=person.run, args=(self.enough,), daemon=True) for person in people]
            accidents = threading.Thread(
                target=Accidents(self.house, random.Random(self.seed), self.ledger).run, args=(self.calm,), daemon=True)
            listening = threading.Thread(target=self.listener.run, args=(self.over,), daemon=True)
            for thread in (*threads, accidents, listening):
                thread.start()
            self.live()
            self.enough.set()
            self.calm.set()
            for thread in (*threads, accidents):
                thread.join(120)
                if thread.is_alive():
                    self.ledger.blame("somebody did not come to an end")
            return self.settle()
        finally:
            self.house.end()

    def set_up_webhook(self, person: Person) -> None:
        person.ask("POST", "/webhooks", json.dumps({"url": f"http://127.0.0.1:{self.house.hook_port}/hook"}).encode(),
                   wanted=(200, 201), Content_Type="application/json")

    def live(self) -> None:
        """Kills what people talk to in the first minutes and at the end; looks at what the rest holds between these.

        After the kills a crowd comes, and people come more often for a while: what takes its size by being used has it then.
        The C library's caches of the gateway's threads are full after 1,300 uploads.
        """
        for part in (self.house.gateway, self.house.auth):
            self.enough.wait(self.warmup / 10)
            self.ledger.count(f"{part.name} killed")
            self.house.disturb(part)
        self.crowd.come()
        self.house.haste = 8
        self.enough.wait(self.warmup * 0.45)
        self.house.haste = 1
        while time.monotonic() - self.began < self.seconds:
            self.look()
            self.enough.wait(5)
        for part in (self.house.gateway, self.house.auth):
            self.ledger.count(f"{part.name} killed")
            self.house.disturb(part)
            self.enough.wait(5)

    def look(self) -> None:
        for part in (self.house.gateway, self.house.auth, self.house.steady):
            self.gauges.note_process(part.name, part.process.pid)
        # The database lies there, too, and is judged by itself: it remembers jobs that are gone.
        bytes_there, files = bytes_below(self.house.spool, but="mp3spool.sqlite")
        self.gauges.note("spool: MiB", bytes_there / MIB)
        self.gauges.note("spool: files", files)
        self.gauges.note("database: MiB", self.database_bytes() / MIB)

    def settle(self) -> list[str]:
        """Waits for what has begun, looks at the spool, stops everything; all complaints."""
        limit = time.monotonic() + PATIENCE
        while self.ledger.waiting() and time.monotonic() < limit:
            time.sleep(1)
        self.over.set()
        self.gauges.save(self.directory / "gauges.json")
        said = self.ledger.complaints() + self.idleness() + self.growth()
        said += self.remains() + self.house.stop()
        self.receiver.stop()
        self.tell()
        return said

    def idleness(self) -> list[str]:
        """What was never done shows nothing."""
        return [f"there were no {what}" for what in DONE if not self.ledger.counts[what]]

    def growth(self) -> list[str]:
        """What each holds at rest after the first minutes, and in the last ones."""
        span = min(300, (self.seconds - self.warmup) / 2)
        said = []
        print(f"{'at rest':32} minutes {self.warmup / 60:.1f} to {(self.warmup + span) / 60:.1f}, the last {span / 60:.1f}")
        for name in sorted(self.gauges.values):
            # Pools of threads have more at one time than at another. They grow where they never go back to what they had at most.
            held = self.gauges.peak if name.endswith("threads") else self.gauges.floor
            early = held(name, self.warmup, self.warmup + span)
            late = self.gauges.floor(name, self.seconds - span, self.seconds + 60)
            growth = late / early - 1
            print(f"{name:32} {early:10.1f} {late:10.1f} {growth:+8.1%}")
            if growth > GROWTH and name not in HISTORY:
                said.append(f"{name} grew from {early:.1f} to {late:.1f}, by {growth:.1%}")
        if span < 300:
            print("These are not judged: that takes two times five minutes after the first five.")
            said = []
        return said + self.history()

    def history(self) -> list[str]:
        """What the database remembers of jobs that are gone, for a day or for 30, grows until then; each may take its part."""
        jobs = sum(map(len, self.ledger.ended.values()))
        bytes_a_job = (self.database_bytes() - self.empty) / jobs
        print(f"the database has {bytes_a_job / 1024:.1f} KiB for each of {jobs} jobs")
        return [f"the database has {bytes_a_job:.0f} bytes for each job"] if bytes_a_job > HISTORY_BYTES else []

    def remains(self) -> list[str]:
        """With no job left the spool must be as small as it was at first: whatever lies there then was forgotten."""
        said = []
        try:
            self.house.command("check")
        except RuntimeError as error:
            said.append(str(error))
        self.house.command("clean", "--older-than", "0s")
        time.sleep(self.house.expiry + 60)  # an upload that was left alone goes, too
        left = sorted(self.files() - self.skeleton)
        # They go by themselves: signs of life that nobody gives any more, and what was on its way when the gateway was killed.
        passing = [name for name in left if name.startswith((".state/hosts/", ".state/gateways/")) or self.was_cut_off(name)]
        print(f"left in the spool when all jobs are gone: {len(left)} files, {len(passing)} of them for a while: {passing}")
        return said + [f"{name} is left though all jobs are gone" for name in left if name not in passing]

    def was_cut_off(self, name: str) -> bool:
        """An upload that the gateway was taking when it was killed: it lies there for 36 hours."""
        if not name.startswith(".state/tmp/"):
            return False
        written = (self.house.spool / name).stat().st_mtime
        return any(killed - 60 <= written <= killed + 1 for killed in self.house.gateway_kills)

    def database_bytes(self) -> int:
        """Of the file, without its log, which the last one who uses it takes in."""
        return (self.house.spool / "mp3spool.sqlite").stat().st_size

    def files(self) -> set[str]:
        return {str(path.relative_to(self.house.spool)) for path in self.house.spool.rglob("*") if path.is_file()}

    def tell(self) -> None:
        ends = [state for jobs in self.ledger.ended.values() for state in jobs.values()]
        print(f"jobs: {ends.count('done')} done, {ends.count('failed')} failed, "
              f"{ends.count('removed')} removed before their end was told; "
              f"{sum(self.ledger.told.values())} webhooks for {len(self.ledger.told)} jobs")
        print("; ".join(f"{number} {what}" for what, number in sorted(self.ledger.counts.items())))


if __name__ == "__main__":
    sys.exit(main())
