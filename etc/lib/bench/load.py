"""etc/bench load: very many slow uploads at once, with downloads and event streams open.

Nothing may be lost, no answer be an error but 429 or 503 with Retry-After, and whoever asks for a job must not notice.
"""

import asyncio
import http.client
import json
import multiprocessing
import statistics
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from measure import CORES
from servers import curl, judge
from service import EMAIL, PASSWORD, Service, forget_peak, peak_bytes

STREAMS, DOWNLOADERS = 50, 16
LOOKS_PER_SECOND = 50
PATIENCE = 600  # seconds for the conversions
BUSY = (429, 503)


@dataclass
class Seen:
    """What the clients saw."""

    accepted: dict[str, str] = field(default_factory=dict)  # fid by name
    busy: int = 0
    errors: Counter = field(default_factory=Counter)
    downloads: int = 0
    told: Counter = field(default_factory=Counter)  # how many streams told of a job's end

    def note(self, what: str, status: int, headers) -> bool:
        """Is it a refusal for now, after which one may come again?"""
        if status in BUSY and "Retry-After" in headers:
            self.busy += 1
            return True
        self.errors[f"{what}: {status}"] += 1
        return False


def load(program: str, directory: Path, uploads: int, seconds: int) -> None:
    clip = directory / "clip.mp4"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=1", "-f", "lavfi",
         "-i", "testsrc=duration=1:size=320x240", "-c:v", "mpeg4", "-b:v", "1M", "-c:a", "aac", str(clip)], check=True)
    with Service(program, directory) as service:
        token = curl("-u", f"{EMAIL}:{PASSWORD}", "-X", "POST", f"{service.url}/login")
        forget_peak(service.process.pid)
        client = Client(service.url, token, clip.read_bytes(), seconds)
        first = json.loads(curl("-H", f"Authorization: Bearer {token}", "-T", str(clip), f"{service.url}/upload/first"))
        end, far_end = multiprocessing.Pipe()
        looker = multiprocessing.Process(target=look, args=(service.url, token, first["fid"], far_end))
        looker.start()
        began, cpu = time.monotonic(), service.cpu_seconds()
        seen = asyncio.run(client.run(uploads))
        wall, cpu = time.monotonic() - began, service.cpu_seconds() - cpu
        end.send("enough")
        latencies, failures = end.recv()
        looker.join()
        seen.errors.update(failures)
        peak = peak_bytes(service.process.pid) / (1 << 20)
    tell(seen, uploads, seconds, sorted(latencies), wall, cpu, peak)


class Client:
    def __init__(self, url: str, token: str, clip: bytes, seconds: int):
        self.url, self.clip, self.seconds = url, clip, seconds
        self.headers = {"Authorization": f"Bearer {token}"}
        self.seen = Seen()
        self.converted: list[str] = []

    async def run(self, uploads: int) -> Seen:
        limits = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
                headers=self.headers, connector=limits, timeout=aiohttp.ClientTimeout(total=None)) as self.session:
            around = [asyncio.create_task(self.listen()) for _ in range(STREAMS)]
            around += [asyncio.create_task(self.download()) for _ in range(DOWNLOADERS)]
            await asyncio.gather(*(self.upload(f"{number}.mp4") for number in range(uploads)))
            await self.wait_for_all()
            await self.wait_for_streams()
            for task in around:
                task.cancel()
            await asyncio.gather(*around, return_exceptions=True)
        return self.seen

    async def upload(self, name: str) -> None:
        while True:
            address = f"{self.url}/upload/{name}?duplicate=convert"
            length = {"Content-Length": str(len(self.clip))}
            async with self.session.put(address, data=self.slowly(), headers=length) as answer:
                if answer.status == 200:
                    self.seen.accepted[name] = (await answer.json())["fid"]
                    return
                if not self.seen.note("upload", answer.status, answer.headers):
                    return
            await asyncio.sleep(int(answer.headers["Retry-After"]))

    async def slowly(self):
        size = -(-len(self.clip) // self.seconds)
        for start in range(0, len(self.clip), size):
            yield self.clip[start:start + size]
            await asyncio.sleep(1)

    async def listen(self) -> None:
        async with self.session.get(f"{self.url}/events") as answer:
            if answer.status != 200:
                self.seen.note("events", answer.status, answer.headers)
                return
            async for line in answer.content:
                if line.startswith(b"data:") and (job := json.loads(line[5:])).get("state") == "done":
                    if not self.seen.told[job["fid"]]:
                        self.converted.append(job["fid"])
                    self.seen.told[job["fid"]] += 1

    async def download(self) -> None:
        number = 0
        while True:
            if not self.converted:
                await asyncio.sleep(0.1)
                continue
            number += 1
            fid = self.converted[number % len(self.converted)]
            async with self.session.get(f"{self.url}/download", params={"fid": fid}) as answer:
                await answer.read()
                if answer.status == 200:
                    self.seen.downloads += 1
                else:
                    self.seen.note("download", answer.status, answer.headers)
            await asyncio.sleep(0.1)

    async def wait_for_all(self) -> None:
        """Until each accepted job is done, as GET /jobs/{fid} says, whatever the streams tell."""
        limit = time.monotonic() + PATIENCE
        for name, fid in self.seen.accepted.items():
            state = None
            while state != "done" and time.monotonic() < limit:
                async with self.session.get(f"{self.url}/jobs/{fid}", params={"wait": 30}) as answer:
                    if answer.status != 200:
                        self.seen.note("wait", answer.status, answer.headers)
                        await asyncio.sleep(1)
                        continue
                    state = (await answer.json())["state"]
                    if state == "failed":
                        break
            if state != "done":
                self.seen.errors[f"lost: {name} is {state}"] += 1


    async def wait_for_streams(self) -> None:
        """An event may come a moment after the answer that says the same."""
        limit = time.monotonic() + 10
        while time.monotonic() < limit and not all(self.seen.told[fid] for fid in self.seen.accepted.values()):
            await asyncio.sleep(0.1)


def look(url: str, token: str, fid: str, end) -> None:
    """Asks for a job again and again, from a process of its own: the others' work must not count as waiting."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    latencies, failures = [], Counter()
    while not end.poll():
        began = time.monotonic()
        connection.request("GET", f"/jobs/{fid}", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        latencies.append((time.monotonic() - began) * 1000)
        if answer.status != 200:
            failures[f"look: {answer.status}"] += 1
        time.sleep(max(0, 1 / LOOKS_PER_SECOND - (time.monotonic() - began)))
    end.send((latencies, failures))


def tell(seen: Seen, uploads: int, seconds: int, latencies: list[float], wall: float, cpu: float, peak: float) -> None:
    accepted = len(seen.accepted)
    # A stream that was begun a moment late, or ended early, may miss a job; all of them together may not.
    untold = sum(1 for fid in seen.accepted.values() if not seen.told[fid])
    print(f"{uploads} uploads at once over {seconds} s, {STREAMS} event streams, {DOWNLOADERS} downloaders, {CORES} cores: "
          f"{accepted} accepted and done after {wall:.0f} s, {seen.busy} times 429 or 503 with Retry-After, "
          f"{seen.downloads} downloads, {cpu:.1f} s of processor time, peak {peak:.0f} MiB")
    print(f"  GET /jobs/{{fid}}, {len(latencies)} times, in ms: median {statistics.median(latencies):.1f}, "
          f"p99 {latencies[int(len(latencies) * 0.99) - 1]:.1f}, most {latencies[-1]:.1f}")
    judge("p99 in ms", latencies[int(len(latencies) * 0.99) - 1], at_most=100)
    judge("uploads neither accepted nor refused for now", uploads - accepted, at_most=0)
    judge("jobs that no stream told of", untold, at_most=0)
    judge("errors", seen.errors.total(), at_most=0)
    for what, count in seen.errors.most_common(10):
        print(f"    {count} × {what}")
