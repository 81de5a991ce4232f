"""etc/bench upload: what uploads cost, against nginx's dav module and against a form that Flask takes.

Each contender gets the same bytes on the same disk; what it has not made durable itself is made so by one sync at the end
of its time, since an upload that a power cut takes is none.
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from measure import CORES, cpu_of_tree, children
from service import EMAIL, PASSWORD, Service, peak_bytes, forget_peak

AT_ONCE = 16
MIB = 1 << 20

FLASK = """
import sys
from flask import Flask, request
from werkzeug.serving import run_simple

app = Flask(__name__)

@app.post("/upload/<name>")
def upload(name):
    request.files["file"].save(f"{sys.argv[2]}/{name}")
    return "success"

run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
"""

NGINX = """
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
worker_processes {cores};
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {directory}/body;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {directory}/files; dav_methods PUT; }}
  }}
}}
"""


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    peak: float  # MiB


class Contender(ABC):
    """A server in a directory of its own, until the block ends."""

    name: str
    words: list[str] = []  # of curl
    form = False

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir()

    @abstractmethod
    def start(self) -> str:
        """Returns the URL behind which files' names are put."""

    @abstractmethod
    def process(self) -> int: ...

    @abstractmethod
    def stop(self) -> None: ...

    def __enter__(self):
        self.url = self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory)


class Mp3spool(Contender):
    name = "mp3spool"

    def __init__(self, program: str, directory: Path):
        super().__init__(directory)
        self.program = program

    def start(self):
        # Without converters: what they do is measured by `etc/bench convert`.
        self.service = Service(self.program, self.directory, ["gateway"]).__enter__()
        token = curl("-u", f"{EMAIL}:{PASSWORD}", "-X", "POST", f"{self.service.url}/login")
        self.words = ["-H", f"Authorization: Bearer {token}"]
        return f"{self.service.url}/upload"

    def process(self):
        return self.service.process.pid

    def stop(self):
        self.service.__exit__()


class Other(Contender):
    def launch(self, command: list[str], port: int) -> None:
        with open(self.directory / "log", "wb") as log:
            self.running = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory)
        limit = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                if self.running.poll() is not None or time.monotonic() > limit:
                    sys.exit(f"{self.name} does not start: {(self.directory / 'log').read_text()}")
                time.sleep(0.02)

    def process(self):
        return self.running.pid

    def stop(self):
        self.running.send_signal(signal.SIGTERM)
        self.running.wait(timeout=60)


class Nginx(Other):
    name = "nginx dav"

    def start(self):
        port = free_port()
        (self.directory / "files").mkdir(mode=0o777)
        configuration = self.directory / "nginx.conf"
        configuration.write_text(NGINX.format(directory=self.directory, cores=CORES, port=port))
        for path in (self.directory, self.directory / "files", *self.directory.parents[:1]):
            path.chmod(0o777)  # nginx's workers are another user's where root starts it
        self.launch(["nginx", "-p", str(self.directory), "-c", str(configuration)], port)
        return f"http://127.0.0.1:{port}"


class Flask(Other):
    name = "Flask, werkzeug"
    form = True

    def start(self):
        port = free_port()
        script = self.directory / "server.py"
        script.write_text(FLASK)
        (self.directory / "files").mkdir()
        self.launch([sys.executable, str(script), str(port), str(self.directory / "files")], port)
        return f"http://127.0.0.1:{port}/upload"


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
                with maker(directory / "contender") as contender:
                    costs.setdefault(contender.name, []).append(cost_of(contender, files))
        tell(title, sum(file.stat().st_size for file in files), costs)


def noise(path: Path, size: int) -> Path:
    with open(path, "wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
    return path


def cost_of(contender: Contender, files: list[Path]) -> Cost:
    orders = contender.directory / "orders"
    orders.write_text("\nnext\n".join(order(contender, file) for file in files))
    os.sync()
    tree = {contender.process(), *children(contender.process())}
    for process in tree:
        forget_peak(process)
    began, cpu = time.monotonic(), cpu_of_tree(contender.process())
    curl("-Z", "--no-progress-meter", "--parallel-max", str(AT_ONCE), "-K", str(orders))
    os.sync()
    wall = time.monotonic() - began
    peak = sum(peak_bytes(process) for process in tree) / MIB
    return Cost(wall, cpu_of_tree(contender.process()) - cpu, peak)


def order(contender: Contender, file: Path) -> str:
    """How a configuration file of curl says: send this file."""
    lines = ["fail", "silent", "show-error", 'output = "/dev/null"', f'url = "{contender.url}/{file.name}"']
    lines += [f'header = "{word}"' for word in contender.words if word != "-H"]
    # A form goes by POST; curl would wait a second for a server that does not answer `Expect`.
    lines += [f'form = "file=@{file}"', 'header = "Expect:"'] if contender.form else [f'upload-file = "{file}"']
    return "\n".join(lines)


def tell(title: str, size: int, costs: dict[str, list[Cost]]) -> None:
    print(f"\n{title}\n  {'':18}{'wall s':>8}{'MB/s':>8}{'CPU s/GB':>10}{'peak MiB':>10}{'MB/s to ours':>14}")
    middle = {who: median(those) for who, those in costs.items()}
    ours = middle[Mp3spool.name]
    for who, cost in middle.items():
        ratio = cost.wall / ours.wall
        print(f"  {who:18}{cost.wall:8.2f}{size / cost.wall / 1e6:8.0f}{cost.cpu / size * 1e9:10.2f}{cost.peak:10.0f}"
              f"{'' if who == Mp3spool.name else f'{ratio:14.2f}'}", flush=True)
    nginx = middle[Nginx.name]
    for what, value, target in (
            ("throughput to nginx's", nginx.wall / ours.wall, 0.8), ("CPU to nginx's", ours.cpu / nginx.cpu, 2.0),
            ("peak memory in MiB", ours.peak, 120.0)):
        met = value >= target if what.startswith("throughput") else value <= target
        print(f"  {what}: {value:.2f}, wanted {target:g}: {'met' if met else 'not met'}", flush=True)


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, part) for cost in costs) for part in ("wall", "cpu", "peak")))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def curl(*words: str) -> str:
    return subprocess.run(
        ["curl", "-fsS", "-m", "900", *words], check=True, stdout=subprocess.PIPE, text=True).stdout
