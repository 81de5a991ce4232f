"""etc/bench upload: what uploads cost, against nginx's dav module and against a form that Flask takes.

Each server gets the same bytes on the same disk, where they are to survive a power cut.
"""

import os
from pathlib import Path

from measure import CORES
from servers import AT_ONCE, MIB, Cost, Flask, Mp3spool, Nginx, Server, cost_of_orders, order, tell


def upload(program: str, directory: Path, large: int, count: int, rounds: int) -> None:
    """`large` is the size of the one large file in MiB, `count` the number of those of 1 MiB."""
    material = directory / "material"
    material.mkdir()
    # No two alike, or mp3spool would answer the second from the first.
    cases = {
        f"one file of {large} MiB": [noise(material / "large.mp4", large)],
        f"{count} files of 1 MiB, {AT_ONCE} at once": [noise(material / f"{n}.mp4", 1) for n in range(count)],
    }
    print(f"{rounds} rounds on {CORES} cores; medians")
    for title, files in cases.items():
        costs: dict[str, list[Cost]] = {}
        for number in range(rounds):
            makers = [lambda at: Mp3spool(program, at), Nginx, Flask]
            for maker in makers[number % 3:] + makers[:number % 3]:
                with maker(directory / "server") as server:
                    orders = [order(server, f"{server.url}/{file.name}", *sending(server, file)) for file in files]
                    costs.setdefault(server.name, []).append(cost_of_orders(server, orders))
        tell(title, sum(file.stat().st_size for file in files), costs, throughput=0.8, cpu=2)


def noise(path: Path, size: int) -> Path:
    with open(path, "wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
    return path


def sending(server: Server, file: Path) -> list[str]:
    # A form goes by POST; curl would wait a second for a server that does not answer `Expect`.
    return [f'form = "file=@{file}"', 'header = "Expect:"'] if server.form else [f'upload-file = "{file}"']
