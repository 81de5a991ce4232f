"""etc/bench download: what downloads cost, whole and in ranges, against nginx, which has the same files."""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from measure import CORES
from servers import AT_ONCE, MIB, Cost, Mp3spool, Nginx, Server, cost_of_orders, curl, order, tell

SECOND = 40_000  # bytes of MP3 at 320 kbit/s
# Jobs of 1 MiB: as many as are fetched at once.
SMALL = 26 * SECOND


def download(program: str, directory: Path, large: int, count: int, rounds: int) -> None:
    """`large` is the size of the one large file in MiB, `count` how many files, and ranges, of 1 MiB are fetched."""
    seconds = large * MIB // SECOND
    videos = [copyable(directory / "large.mkv", seconds)]
    videos += [copyable(directory / f"{number}.mkv", SMALL // SECOND) for number in range(AT_ONCE)]
    ours = Mp3spool(program, directory / "mp3spool", "serve", "--auth-listen", "127.0.0.1:0")
    with ours, Nginx(directory / "nginx") as nginx:
        addresses: dict[Server, list[str]] = {ours: [convert(ours, video) for video in videos], nginx: []}
        for number, address in enumerate(addresses[ours]):
            copy = nginx.forgetful / f"{number}.mp3"
            curl("-H", ours.headers[0], "-o", str(copy), address)
            addresses[nginx].append(f"{nginx.url}/{copy.name}")
        sizes = [path.stat().st_size for path in sorted(nginx.forgetful.iterdir(), key=lambda path: int(path.stem))]
        print(f"{rounds} rounds on {CORES} cores; medians")

        def compare(title: str, size: int, orders: Callable[[Server], list[str]]) -> None:
            costs: dict[str, list[Cost]] = {}
            for number in range(rounds):
                for server in ((ours, nginx), (nginx, ours))[number % 2]:
                    costs.setdefault(server.name, []).append(cost_of_orders(server, orders(server)))
            tell(title, size, costs, throughput=0.7, cpu=None)

        compare(f"one file of {large} MiB", sizes[0], lambda server: [order(server, addresses[server][0])])
        compare(f"{count} files of 1 MiB, {AT_ONCE} at once", sum(sizes[1 + n % AT_ONCE] for n in range(count)),
                lambda server: [order(server, addresses[server][1 + n % AT_ONCE]) for n in range(count)])
        dice = random.Random(1)
        starts = [dice.randrange(sizes[0] - MIB) for _ in range(count)]
        compare(f"{count} ranges of 1 MiB of the large file, {AT_ONCE} at once", count * MIB,
                lambda server: [order(server, addresses[server][0], f'range = "{start}-{start + MIB - 1}"')
                                for start in starts])


def copyable(path: Path, seconds: int) -> Path:
    """A video whose sound is MP3 already: its job takes next to no time."""
    tone = path.parent / "tone.mp3"
    if not tone.exists():
        ffmpeg("-f", "lavfi", "-i", f"anoisesrc=d={SMALL // SECOND}:a=0.1:seed=1", "-ac", "2", "-ar", "44100",
               "-b:a", "320k", str(tone))
    ffmpeg("-stream_loop", "-1", "-i", str(tone), "-t", str(seconds), "-c", "copy", str(path))
    return path


def convert(server: Mp3spool, video: Path) -> str:
    """Where the MP3 can be fetched."""
    base = server.service.url
    authorization = ("-H", server.headers[0])
    answer = curl(*authorization, "-T", str(video), f"{base}/upload/{video.name}?duplicate=convert")
    fid = json.loads(answer)["fid"]
    while (job := json.loads(curl(*authorization, f"{base}/jobs/{fid}?wait=30")))["state"] != "done":
        if job["state"] == "failed":
            raise SystemExit(f"{video.name}: {job}")
    return f"{base}/download?fid={fid}"


def ffmpeg(*words: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *words], check=True)
