"""Those who use the service: each does one thing again and again, and tells the ledger."""

import base64
import hashlib
import http.client
import http.server
import json
import os
import random
import socket
import subprocess
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from house import ADMIN, KEPT, PASSWORD, PERSON, House
from ledger import ENDS, Ledger

TUS = {"Tus-Resumable": "1.0.0"}


class Refused(Exception):
    """An answer that nobody wanted."""

    def __init__(self, request: str, status: int, body: bytes):
        super().__init__(f"{request}: {status} {body[:200].decode(errors='replace')}")
        self.status = status


class Material:
    """A few sources. No two that are sent are equal, since a box that players skip makes each its own."""

    def __init__(self, directory: Path):
        self.clip = self.make(directory / "clip.mp4", "-f", "lavfi", "-i", "sine=440:duration=2", "-shortest")
        self.talk = self.make(directory / "talk.mp4", "-f", "lavfi", "-i", "sine=330:duration=20", "-shortest")
        self.silent = self.make(directory / "silent.mp4", "-t", "1")

    def make(self, path: Path, *words: str) -> bytes:
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=10:duration=20",
                        *words, "-c:v", "mpeg4", "-c:a", "aac", str(path)], check=True)
        return path.read_bytes()

    @staticmethod
    def own(source: bytes) -> bytes:
        return source + (24).to_bytes(4) + b"free" + os.urandom(16)

    @staticmethod
    def spoiled(source: bytes) -> bytes:
        return os.urandom(64) + source[64:len(source) // 2]


class Person:
    """Somebody with a login, who comes again `every` so many seconds."""

    every = 1.0

    def __init__(self, house: House, ledger: Ledger, material: Material, seed: str, email: str = PERSON):
        self.house, self.ledger, self.material, self.email = house, ledger, material, email
        self.chance = random.Random(f"{seed} {type(self).__name__}")
        self.number, self.token, self.done = 0, None, []

    def run(self, enough: threading.Event) -> None:
        due = time.monotonic()
        while not enough.wait(max(0, due - time.monotonic())):
            due += self.every / self.house.haste
            self.come()

    def come(self) -> None:
        self.number += 1
        try:
            self.act()
        except (OSError, http.client.HTTPException, Refused) as error:
            if not self.house.is_disturbed:
                self.ledger.blame(f"{type(self).__name__}: {error or type(error).__name__}")
        except Exception as error:  # whatever it is, nobody stays away without a word
            self.ledger.blame(f"{type(self).__name__}: {type(error).__name__}: {error}")

    def act(self) -> None:
        raise NotImplementedError

    def name(self, ending: str) -> str:
        return f"{type(self).__name__.lower()}-{self.number:06}{ending}"

    # Requests

    def ask(self, method: str, path: str, body: bytes | None = None, *, wanted=(200,), port: int | None = None, **headers: str):
        """A request by a connection of its own; (status, headers, body), where the status is one that is wanted."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.house.gateway_port, timeout=90)
        try:
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, self.authorization() | headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status not in wanted:
            raise Refused(f"{method} /{path.split('/')[1]}", answer.status, content)
        return answer.status, answer.headers, content

    def authorization(self) -> dict[str, str]:
        self.token = self.token or self.log_in()
        return {"Authorization": f"Bearer {self.token}"}

    def log_in(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.house.gateway_port, timeout=90)
        try:
            login = base64.b64encode(f"{self.email}:{PASSWORD}".encode()).decode()
            connection.request("POST", "/login", headers={"Authorization": f"Basic {login}"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused("POST /login", answer.status, content)
        return content.decode()

    def hand_in(self, name: str, body: bytes, *ends: str, options: str = "") -> str | None:
        """Uploads it, again and again with one key until there is an answer, as a good client does."""
        self.ledger.expect(name, *ends, hook=True)
        key = f'"{name}-{os.urandom(8).hex()}"'
        while True:
            try:
                _, _, answer = self.ask("PUT", f"/upload/{name}{options}", body, Idempotency_Key=key)
                break
            except (OSError, http.client.HTTPException, Refused):
                if not self.house.is_disturbed:
                    raise
                time.sleep(0.5)
        accepted = json.loads(answer)
        if accepted.get("duplicate"):
            self.ledger.withdraw(name)
            self.ledger.count("duplicates recognized")
        else:
            self.ledger.acknowledge(name)
            self.ledger.count("uploads")
        return accepted["fid"]


class Uploader(Person):
    """Sends videos: good ones, spoiled ones, one without sound, the last one again."""

    every = 1.2
    last = None

    def act(self) -> None:
        kind = self.chance.choices(["good", "talk", "spoiled", "silent", "again"], [60, 10, 12, 8, 10])[0]
        if kind == "spoiled":
            self.hand_in(self.name(".mp4"), self.material.spoiled(self.material.clip), "failed")
        elif kind == "silent":
            self.hand_in(self.name(".mp4"), self.material.own(self.material.silent), "failed")
        elif kind == "again" and self.last:
            self.hand_in(self.name(".mp4"), self.last, "done")
        else:
            source = self.material.own(self.material.talk if kind == "talk" else self.material.clip)
            self.hand_in(self.name(".mp4"), source, "done")
            self.last = source


class Quitter(Person):
    """Breaks uploads off, and cancels jobs."""

    every = 4.0

    def act(self) -> None:
        if self.number % 2:
            self.break_off()
        else:
            name = self.name(".mp4")
            fid = self.hand_in(name, self.material.own(self.material.talk), "done", "failed", "removed")
            self.ledger.delete(name, fid)  # before it is: nobody may wonder in between
            self.ask("DELETE", f"/jobs/{fid}", wanted=(200, 202, 204, 404, 409))
            self.ledger.count("jobs cancelled")

    def break_off(self) -> None:
        name, body = self.name(".mp4"), self.material.own(self.material.talk)
        self.ledger.expect(name)
        head = (f"PUT /upload/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
                f"Authorization: {self.authorization()['Authorization']}\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.house.gateway_port), timeout=30) as connection:
            connection.sendall(head.encode() + body[:self.chance.randrange(len(body))])
        self.ledger.count("uploads broken off")


class Resumer(Person):
    """Sends videos by tus, in pieces, some of which break off."""

    every = 5.0

    def act(self) -> None:
        name, body = self.name(".mp4"), self.material.own(self.material.talk)
        self.ledger.expect(name, "done", hook=True)
        metadata = "filename " + base64.b64encode(name.encode()).decode()
        _, headers, _ = self.ask("POST", "/files", wanted=(201,), Upload_Length=str(len(body)), Upload_Metadata=metadata, **TUS)
        place = urllib.parse.urlsplit(headers["Location"]).path
        offset = 0
        while offset < len(body):
            try:
                if self.chance.random() < 0.3:
                    self.break_off(place, body[offset:], offset)
                    offset = self.offset(place)
                _, headers, _ = self.ask(
                    "PATCH", place, body[offset:offset + len(body) // 3], wanted=(204,), Upload_Offset=str(offset),
                    Content_Type="application/offset+octet-stream", **TUS)
                offset = int(headers["Upload-Offset"])
            except (OSError, http.client.HTTPException, Refused) as error:
                # The bytes before a break may still be on their way, or the connection not be known to be gone.
                if not self.house.is_disturbed and getattr(error, "status", 0) not in (409, 423):
                    raise
                time.sleep(0.5)
                offset = self.offset(place)
        self.ledger.acknowledge(name)
        self.ledger.count("resumable uploads")

    def break_off(self, place: str, rest: bytes, offset: int) -> None:
        head = (f"PATCH {place} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(rest)}\r\nUpload-Offset: {offset}\r\n"
                "Content-Type: application/offset+octet-stream\r\nTus-Resumable: 1.0.0\r\n"
                f"Authorization: {self.authorization()['Authorization']}\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.house.gateway_port), timeout=30) as connection:
            connection.sendall(head.encode() + rest[:self.chance.randrange(len(rest))])

    def offset(self, place: str) -> int:
        """What the service has. It may still hold the upload for the connection that has broken off."""
        limit = time.monotonic() + 90
        while True:
            try:
                _, headers, _ = self.ask("HEAD", place, **TUS)
                return int(headers["Upload-Offset"])
            except (OSError, http.client.HTTPException, Refused):
                if time.monotonic() > limit:
                    raise
                time.sleep(0.2)


class Dropper(Person):
    """Puts files into the folder, as a copy that takes a moment or by one rename."""

    every = 2.5

    def act(self) -> None:
        name = self.name(".mp4")
        is_good = self.chance.random() < 0.85
        body = self.material.own(self.material.clip) if is_good else self.material.spoiled(self.material.clip)
        self.ledger.expect(name, "done" if is_good else "failed")
        place = self.house.spool / "incoming" / name
        if self.number % 2:
            with open(place, "wb") as file:
                for start in range(0, len(body), 1 << 14):
                    file.write(body[start:start + (1 << 14)])
                    file.flush()
                    time.sleep(0.01)
        else:
            hidden = place.with_name(f".{name}.part")
            hidden.write_bytes(body)
            hidden.rename(place)
        self.ledger.acknowledge(name)
        self.ledger.count("files dropped")


class Listener(Person):
    """Follows all events, and resumes where it was when the connection ends: what ends is known by this."""

    every = 0.2

    def __init__(self, *words):
        super().__init__(*words, email=ADMIN)
        self.ends: list[tuple[str, float]] = []  # of jobs that are done, for whoever downloads
        # From now on nothing is missed, whenever the first connection is made.
        self.last = str(json.loads(self.ask("GET", "/jobs")[2])["event"])

    def act(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.house.gateway_port, timeout=40)
        try:
            connection.request("GET", "/events", headers=self.authorization() | {"Last-Event-ID": self.last})
            answer = connection.getresponse()
            if answer.status != 200:
                raise Refused("GET /events", answer.status, answer.read())
            self.listen(answer)
        finally:
            connection.close()

    def listen(self, answer) -> None:
        kind = data = number = None
        while line := answer.readline():
            word, _, value = line.decode().rstrip("\n").partition(": ")
            if word == "id":
                number = value
            elif word == "event":
                kind = value
            elif word == "data":
                data = json.loads(value)
            elif not word and kind:
                self.note(kind, data)
                self.last, kind, number = number or self.last, None, None
        if not self.house.is_disturbed:
            self.ledger.count("event streams that ended")

    def note(self, kind: str, job: dict) -> None:
        if kind == "reset":
            self.ledger.blame("events were forgotten before they were told")
        elif kind == "removed":
            self.ledger.remove(job["fid"])
        elif kind == "job" and job["state"] in ENDS:
            self.ledger.end(job["name"], job["fid"], job["state"])
            if job["state"] == "done":
                self.ends.append((job["fid"], time.monotonic()))


class Downloader(Person):
    """Fetches MP3s, whole and in part, with their waveform; each twentieth must be one that ffmpeg decodes whole."""

    every = 1.0

    def __init__(self, *words, listener: Listener):
        super().__init__(*words, email=ADMIN)
        self.listener = listener

    def act(self) -> None:
        fresh = [fid for fid, moment in self.listener.ends[-50:] if time.monotonic() - moment < KEPT / 3]
        if not fresh:
            return
        fid = self.chance.choice(fresh)
        status, _, body = self.ask("GET", f"/download?fid={fid}", wanted=(200, 404, 410))
        if status != 200:
            if fid not in self.ledger.deleted:  # who cancelled it late deleted it
                self.ledger.blame(f"{fid} is done, and cannot be downloaded")
            return
        self.ledger.count("downloads")
        if self.number % 20 == 0:
            self.ledger.count("downloads decoded")
            done = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-f", "mp3", "-i", "-", "-f", "null", "-"],
                                  input=body, capture_output=True)
            if done.returncode or done.stderr:
                self.ledger.blame(f"an MP3 is not whole: {done.stderr[:200].decode()}")
        elif self.number % 3 == 0:
            self.ask("GET", f"/download?fid={fid}", wanted=(206, 404, 410), Range="bytes=100-999")
            self.ask("GET", f"/jobs/{fid}/waveform", wanted=(200, 404, 410))


class Browser(Person):
    """Looks at all that the page asks for."""

    every = 2.0
    paths = ("/", "/jobs?limit=50", "/quota", "/hosts", "/users", "/retention", "/tokens", "/webhooks", "/notices", "/metrics",
             "/webhooks/deliveries", "/healthz", "/openapi.yaml", "/jobs?state=failed&text=mp4")

    def __init__(self, *words):
        super().__init__(*words, email=ADMIN)

    def act(self) -> None:
        self.ask("GET", self.paths[self.number % len(self.paths)])
        self.ledger.count("pages and lists")


class Crowd(Person):
    """Many who ask at the same time: what a part opens for them and keeps, such as SQLite's readers, is open then."""

    people, visits = 32, 1600

    def act(self) -> None:
        self.authorization()
        with ThreadPoolExecutor(self.people) as pool:
            list(pool.map(self.visit, range(self.visits)))

    def visit(self, _: int) -> None:
        self.ask("GET", "/jobs?limit=1")
        self.ask("POST", "/validate", port=self.house.auth_port)


class Visitor(Person):
    """Logs in, makes an API token, uses it, takes it back; and mistypes the password."""

    every = 15.0

    def act(self) -> None:
        self.token = self.log_in()
        _, _, answer = self.ask("POST", "/tokens", json.dumps({"name": f"soak {self.number}", "scopes": ["download"]}).encode(),
                                wanted=(200, 201), Content_Type="application/json")
        made = json.loads(answer)
        mine, self.token = self.token, made["token"]
        self.ask("GET", "/jobs?limit=1")
        self.token = mine
        self.ask("DELETE", f"/tokens/{made['id']}", wanted=(200, 204))
        self.ledger.count("logins and tokens")


class Operator(Person):
    """What cron does: cleans, makes backups and looks whether all is well."""

    every = 20.0

    def act(self) -> None:
        self.house.command("clean", "--older-than", f"{KEPT}s")
        self.ledger.count("cleanings")
        if self.number % 3 == 0:
            backup = self.house.directory / "backup.sqlite"
            backup.unlink(missing_ok=True)
            self.house.command("backup", str(backup))
            self.ledger.count("backups")


class Receiver:
    """Takes webhooks, and refuses some of them once."""

    def __init__(self, port: int, ledger: Ledger):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.take(json.loads(body)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.ledger, self.refused = ledger, set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, event: dict) -> int:
        fid = event.get("fid")
        if fid and hashlib.sha256(fid.encode()).digest()[0] < 10 and fid not in self.refused:
            self.refused.add(fid)
            self.ledger.count("webhooks refused once")
            return 500
        if fid:
            self.ledger.tell(fid)
        return 204

    def stop(self) -> None:
        self.server.shutdown()
