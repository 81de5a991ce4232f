"""Servers that files are sent to and fetched from: mp3spool, and what people use besides. Each has the same disk."""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from measure import CORES, children, cpu_of_tree
from service import EMAIL, PASSWORD, Service, forget_peak, peak_bytes

AT_ONCE = 16
MIB = 1 << 20
ARRIVED = "arrived: "

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


class Server(ABC):
    """A server in a directory of its own, until the block ends."""

    name: str
    headers: list[str] = []
    form = False
    # Where it keeps what was sent to it, if that is not durable when the sender is told that it arrived.
    forgetful: Path | None = None

    def __init__(self, directory: Path):
        self.directory = directory
        directory.mkdir()

    @abstractmethod
    def start(self) -> str:
        """Returns the URL below which files are."""

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


class Mp3spool(Server):
    name = "mp3spool"

    def __init__(self, program: str, directory: Path, *part: str):
        """Runs `part` of the program, or the gateway: without converters, which `etc/bench convert` measures."""
        super().__init__(directory)
        self.program, self.part = program, list(part) or ["gateway"]

    def start(self):
        self.service = Service(self.program, self.directory, self.part).__enter__()
        token = curl("-u", f"{EMAIL}:{PASSWORD}", "-X", "POST", f"{self.service.url}/login")
        self.headers = [f"Authorization: Bearer {token}"]
        return f"{self.service.url}/upload"

    def process(self):
        return self.service.process.pid

    def stop(self):
        self.service.__exit__()


class Other(Server):
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
        self.forgetful = self.directory / "files"
        self.forgetful.mkdir(mode=0o777)
        configuration = self.directory / "nginx.conf"
        configuration.write_text(NGINX.format(directory=self.directory, cores=CORES, port=port))
        for path in (self.forgetful, *self.forgetful.parents[:2]):
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
        self.forgetful = self.directory / "files"
        self.forgetful.mkdir()
        self.launch([sys.executable, str(script), str(port), str(self.forgetful)], port)
        return f"http://127.0.0.1:{port}/upload"


def cost_of_orders(server: Server, orders: list[str]) -> Cost:
    """What it costs the server that curl carries out the orders, `AT_ONCE` at a time."""
    path = server.directory / "orders"
    path.write_text("\nnext\n".join(orders))
    os.sync()
    tree = {server.process(), *children(server.process())}
    for process in tree:
        forget_peak(process)
    began, cpu = time.monotonic(), cpu_of_tree(server.process())
    carry_out(path, server.forgetful)
    wall = time.monotonic() - began
    peak = sum(peak_bytes(process) for process in tree) / MIB
    return Cost(wall, cpu_of_tree(server.process()) - cpu, peak)


def carry_out(orders: Path, forgetful: Path | None) -> None:
    """An upload that a power cut takes is none: what a server that does not see to that has stored is made durable here,
    each file with its directory as soon as the sender is told that it arrived."""
    command = ["curl", "-Z", "--no-progress-meter", "-m", "900", "--parallel-max", str(AT_ONCE), "-K", str(orders)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as sender:
            done = []
            for line in sender.stderr:
                if not line.startswith(ARRIVED):
                    sys.exit(f"curl: {line}")
                if forgetful:
                    done.append(threads.submit(make_durable, forgetful / line.removeprefix(ARRIVED).strip()))
        for one in done:
            one.result()
    if sender.returncode:
        sys.exit(f"curl ended with {sender.returncode}")


def make_durable(path: Path) -> None:
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def order(server: Server, url: str, *more: str) -> str:
    """How a configuration file of curl says: fetch this, or with `more` send something there."""
    # It is told on the standard error, which curl does not buffer.
    told = f'write-out = "%{{stderr}}{ARRIVED}{url.rsplit("/", 1)[1]}\\n"'
    lines = ["fail", "silent", "show-error", 'output = "/dev/null"', f'url = "{url}"', told, *more]
    return "\n".join(lines + [f'header = "{word}"' for word in server.headers])


def tell(title: str, size: int, costs: dict[str, list[Cost]], throughput: float, cpu: float | None) -> None:
    """Prints the medians, and whether ours reach so much of nginx's throughput with so many times its processor time."""
    print(f"\n{title}\n  {'':18}{'wall s':>8}{'MB/s':>8}{'CPU s/GB':>10}{'peak MiB':>10}{'MB/s to ours':>14}")
    middle = {who: median(those) for who, those in costs.items()}
    ours = middle[Mp3spool.name]
    for who, cost in middle.items():
        ratio = cost.wall / ours.wall
        print(f"  {who:18}{cost.wall:8.2f}{size / cost.wall / 1e6:8.0f}{cost.cpu / size * 1e9:10.2f}{cost.peak:10.0f}"
              f"{'' if who == Mp3spool.name else f'{ratio:14.2f}'}", flush=True)
    nginx = middle[Nginx.name]
    judge("throughput to nginx's", nginx.wall / ours.wall, at_least=throughput)
    judge("CPU to nginx's", ours.cpu / nginx.cpu, at_most=cpu)
    judge("peak memory in MiB", ours.peak, at_most=120)


def judge(what: str, value: float, at_least: float | None = None, at_most: float | None = None) -> None:
    wanted = at_most if at_least is None else at_least
    if wanted is None:
        print(f"  {what}: {value:.2f}", flush=True)
        return
    met = value <= wanted if at_least is None else value >= wanted
    print(f"  {what}: {value:.2f}, wanted {wanted:g}: {'met' if met else 'not met'}", flush=True)


def median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, part) for cost in costs) for part in ("wall", "cpu", "peak")))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def curl(*words: str) -> str:
    return subprocess.run(
        ["curl", "-fsS", "-m", "900", *words], check=True, stdout=subprocess.PIPE, text=True).stdout
