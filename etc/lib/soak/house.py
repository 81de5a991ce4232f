"""All parts of the service, each a process, and what befalls them."""

import os
import random
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("MP3SPOOL_")}
ADMIN, PERSON, PASSWORD = "admin@localhost", "ann@localhost", "correct horse battery"
KEPT = 90  # seconds for which a job that has ended is kept


class Part:
    """One process of the service, which may be ended and begun again."""

    def __init__(self, house: "House", name: str, *words: str):
        self.house, self.name, self.words = house, name, words
        self.process, self.is_paused = None, False

    def start(self) -> None:
        with open(self.house.directory / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.house.program, *self.words], env=self.house.environment, cwd=self.house.directory, stderr=log)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.process.wait()

    def descendants(self) -> list[int]:
        found, look = [], [self.process.pid]
        while look:
            try:
                tasks = list(Path(f"/proc/{look.pop()}/task").iterdir())
                look += (more := [int(word) for task in tasks for word in (task / "children").read_text().split()])
            except (FileNotFoundError, ProcessLookupError):
                continue
            found += more
        return found


class House:
    """auth, gateway and two hosts' worth of converters on one spool. `steady` lives on; `frail` is what gets killed."""

    def __init__(self, program: str, directory: Path):
        self.program, self.directory, self.spool = program, directory, directory / "spool"
        self.expiry = 60  # seconds for which a resumable upload waits
        self.gateway_port, self.auth_port, self.hook_port = free_ports(3)
        self.environment = ENVIRONMENT | {
            "MP3SPOOL_SPOOL": str(self.spool), "MP3SPOOL_UPLOAD_BY": "user", "MP3SPOOL_LOGIN_RATE": "1000",
            "MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8", "MP3SPOOL_LISTEN": f"127.0.0.1:{self.gateway_port}",
            "MP3SPOOL_AUTH_LISTEN": f"127.0.0.1:{self.auth_port}", "MP3SPOOL_CONVERTERS": "1",
            "MP3SPOOL_UPLOAD_EXPIRY": str(self.expiry)}
        self.auth = Part(self, "auth", "auth")
        self.gateway = Part(self, "gateway", "gateway", "--auth-service", f"127.0.0.1:{self.auth_port}")
        self.steady = Part(self, "converter", "work")
        self.frail = Part(self, "frail converter", "work")
        self.parts = [self.auth, self.gateway, self.steady, self.frail]
        self.disturbed_until = 0.0
        self.gateway_kills: list[float] = []  # by the clock of files
        self.haste = 1  # how many times as often people come

    @property
    def is_disturbed(self) -> bool:
        """Is it no wonder now that a request fails?"""
        return time.monotonic() < self.disturbed_until

    def start(self) -> None:
        for email, flags in ((ADMIN, ["--admin"]), (PERSON, [])):
            self.command("user", "add", email, *flags, "--password-stdin", given=PASSWORD)
        for part in self.parts:
            part.start()
        self.wait_until_ready()

    def command(self, *words: str, given: str = "") -> str:
        done = subprocess.run([self.program, *words], input=given, env=self.environment, cwd=self.directory,
                              capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"mp3spool {' '.join(words)} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def wait_until_ready(self) -> None:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            try:
                for place in (f"{self.gateway_port}/readyz", f"{self.auth_port}/.well-known/jwks.json"):
                    urllib.request.urlopen(f"http://127.0.0.1:{place}", timeout=5).read()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the service does not become ready; its logs are in {self.directory}")

    def disturb(self, part: Part) -> None:
        """Ends a part that people talk to as a power cut would, and begins it again."""
        self.disturbed_until = time.monotonic() + 60
        part.kill()
        if part is self.gateway:
            self.gateway_kills.append(time.time())
        part.start()
        self.wait_until_ready()
        self.disturbed_until = time.monotonic() + 5

    def stop(self) -> list[str]:
        """Ends all parts as an operator does; says what did not end well."""
        said = []
        for part in reversed(self.parts):
            left = part.descendants()
            part.send(signal.SIGTERM)
            try:
                if code := part.process.wait(60):
                    said.append(f"the {part.name} ended with {code} when it was asked to stop")
            except subprocess.TimeoutExpired:
                part.kill()
                said.append(f"the {part.name} did not stop within 60 s")
            said += [f"a process of the {part.name} outlived it" for child in left if is_running(child)]
        return said

    def end(self) -> None:
        for part in self.parts:
            if part.process and part.process.poll() is None:
                part.kill()


class Accidents:
    """One of them after the other, for as long as `go_on` says so."""

    def __init__(self, house: House, chance: random.Random, ledger):
        self.house, self.chance, self.ledger = house, chance, ledger

    def run(self, enough) -> None:
        accidents = [self.kill_converter, self.freeze_converter, self.kill_decoder, self.kill_decoder, self.freeze_auth]
        while not enough.wait(self.chance.uniform(5, 15)):
            accident = self.chance.choice(accidents)
            self.ledger.count(accident.__doc__)
            try:
                accident(enough)
            except Exception as error:  # as with people: nothing ends without a word
                self.ledger.blame(f"{accident.__doc__}: {type(error).__name__}: {error}")

    def kill_converter(self, enough) -> None:
        """converters killed"""
        self.house.frail.kill()
        enough.wait(self.chance.uniform(0, 5))
        self.house.frail.start()

    def freeze_converter(self, enough) -> None:
        """converters frozen until the others gave them up"""
        self.house.frail.send(signal.SIGSTOP)
        enough.wait(75)
        self.house.frail.send(signal.SIGCONT)

    def kill_decoder(self, enough) -> None:
        """decoders killed"""
        # The first is the process from which the decoders are forked; where there is no second nothing is decoded now.
        for _ in range(200):
            if decoders := self.house.steady.descendants()[1:]:
                try:
                    os.kill(self.chance.choice(decoders), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                return
            if enough.wait(0.01):
                return

    def freeze_auth(self, enough) -> None:
        """auth services frozen"""
        self.house.disturbed_until = time.monotonic() + 60
        self.house.auth.send(signal.SIGSTOP)
        enough.wait(4)
        self.house.auth.send(signal.SIGCONT)
        self.house.disturbed_until = time.monotonic() + 5


def free_ports(count: int) -> list[int]:
    """They stay the same when a part is begun again."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
