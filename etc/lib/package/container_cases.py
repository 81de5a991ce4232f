"""The container image, without an engine: what its Dockerfile makes, run as Kubernetes runs the manifests' pods."""

import contextlib
import ctypes
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess

import container
from client import Client, sample
from cluster import allowed, of, pods, variables
from cluster_cases import rendered
from roots import Root
from runner import case, eventually, expect, run

EMAIL, PASSWORD = "admin@example.com", "correct horse battery staple"


@case
def build_stage(world):
    """The build stage installs and runs what the release build here does, and is given all that it builds."""
    shown = run("bash", "-c", 'source etc/lib/setup.sh; echo "${build_packages[@]}"', cwd=world.repository).stdout
    container.check_build_stage(shlex.split(shown))
    container.check_sources(world.folder / "context")
    # What is ignored is not copied.
    first = {source.split("/")[0] for source, _ in container.copied_sources()}
    expect(not first & set(container.ignored()), "the context lacks what is copied")
    expect({".build", ".git", "spool"} <= set(container.ignored()), "the context has what is large")


@case
def last_stage(world):
    """The last stage's steps run, and what they make has all that the program loads, but no compiler."""
    root = Root(world.folder / "image", world.cache)
    world.image = container.Image(root, world.program)
    image = world.image
    expect(
        image.user != "0:0" and set(image.volumes) == {"/spool", "/data"} and image.ports == {8080, 5000}, vars(image)
    )
    status, said = image.run("--version", volumes={})
    expect((status, said.strip()) == (0, world.version), said)
    loaded = root.run("ldd", "/usr/bin/mp3spool").stdout
    expect("not found" not in loaded, loaded)
    expect(root.run("sh", "-c", "command -v cc gcc swift", check=False).returncode != 0, "there is a compiler")


@case
def missing_library(world):
    """A library that the last stage lacks is noticed."""
    folder = world.image.root.path("/usr/lib/x86_64-linux-gnu")
    folder = folder if folder.exists() else world.image.root.path("/usr/lib/aarch64-linux-gnu")
    name = folder / "libebur128.so.1"
    name.rename(name.with_suffix(".away"))
    try:
        status, said = world.image.run("--version", volumes={})
        expect(status == 127 and "libebur128.so.1" in said, said)
    finally:
        name.with_suffix(".away").rename(name)


class Cluster:
    """The pods of an overlay as processes: their arguments, variables, volumes and user, on a read-only root, under
    RuntimeDefault's filter. Pods that answer share one network, so that names of services are its loopback; a pod that no
    NetworkPolicy lets be asked has none."""

    def __init__(self, world, overlay):
        self.world, self.objects, self.image = world, rendered(world, overlay), world.image
        self.folder = world.folder / f"cluster-{overlay}"
        self.folder.mkdir()
        self.network = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && exec sleep infinity"])
        eventually(
            "a network",
            lambda: "lo" in run("nsenter", "--target", self.network.pid, "--net", "ip", "link", "show", "up").stdout,
        )
        names = " ".join(one["metadata"]["name"] for one in of(self.objects, "Service"))
        self.image.root.path("/etc/hosts").write_text(f"127.0.0.1 localhost {names}\n")
        self.running = []

    def volumes(self, template, mounts):
        found = {}
        for mount in mounts:
            volume = next(volume for volume in template["spec"]["volumes"] if volume["name"] == mount["name"])
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            folder = self.folder / (
                claim or f"{template['metadata']['labels']['app.kubernetes.io/component']}-{volume['name']}"
            )
            if not folder.exists():
                # A cluster's volumes are root's, and open to the group fsGroup; a file server's are as they are there.
                group = template["spec"]["securityContext"]["fsGroup"]
                owner, mode = (self.image.user, 0o750) if claim == "spool" else (f"0:{group}", 0o2775)
                container.volume(folder, owner, mode)
                for one in of(self.objects, "ConfigMap"):
                    if one["metadata"]["name"] == volume.get("configMap", {}).get("name"):
                        for name, text in one["data"].items():
                            (folder / name).write_text(text)
            found[mount["mountPath"]] = folder
        return found

    def start(self, template, one, words=None, program=None, log=None):
        security = template["spec"]["securityContext"]
        isolated = allowed(self.objects, template) is None
        log = open(log or self.folder / f"{one['name']}.log", "ab")
        with log:
            with self._in_network(isolated):
                return self.image.start(
                    *(words if words is not None else one["args"]),
                    program=program,
                    log=log,
                    volumes=self.volumes(template, one["volumeMounts"]),
                    environment=variables(one),
                    network=not isolated,
                    user=f"{security['runAsUser']}:{security['runAsGroup']}",
                )

    @contextlib.contextmanager
    def _in_network(self, isolated):
        """What is started in it is in the pods' network; whoever has none of its own is."""
        if isolated:
            yield
            return
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        theirs = os.open(f"/proc/{self.network.pid}/ns/net", os.O_RDONLY)
        libc = ctypes.CDLL(None)
        try:
            expect(libc.setns(theirs, 0) == 0, "no way into the pods' network")
            yield
        finally:
            expect(libc.setns(own, 0) == 0, "no way back from the pods' network")
            os.close(own)
            os.close(theirs)

    def pod(self, kind, name):
        return next(
            template for one, template in pods(self.objects) if (one["kind"], one["metadata"]["name"]) == (kind, name)
        )

    def once(self, template, one, words, program=None):
        """The status and the words of a command that ends."""
        log = self.folder / "once.log"
        log.unlink(missing_ok=True)
        process = self.start(template, one, words, program, log)
        return process.wait(120), log.read_text(errors="replace")

    def job(self, name):
        """What `kubectl create job --from=cronjob/NAME` does."""
        template = self.pod("CronJob", name)
        one = template["spec"]["containers"][0]
        return self.once(template, one, one["args"])

    def begin(self):
        for one, template in pods(self.objects):
            if one["kind"] == "Deployment":
                for inner in template["spec"]["containers"]:
                    self.running.append((inner, self.start(template, inner)))

    def probe(self, probe, template, one):
        if "exec" in probe:
            path, *words = probe["exec"]["command"]
            return self.once(template, one, words, [path])[0] == 0
        port = next(port["containerPort"] for port in one["ports"] if port["name"] == probe["httpGet"]["port"])
        client = Client(EMAIL, PASSWORD, f"http://127.0.0.1:{port}", self.network.pid)
        return client.status(probe["httpGet"]["path"]) == 200

    def ready(self):
        for one, template in pods(self.objects):
            for inner in template["spec"]["containers"] if one["kind"] == "Deployment" else []:
                for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                    if kind in inner:
                        eventually(
                            lambda: f"{kind} of {inner['name']}: {self.log(inner['name'])}",
                            lambda: self.probe(inner[kind], template, inner),
                        )

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def end(self):
        """SIGTERM to all: whether each ended well."""
        statuses = {}
        for one, process in self.running:
            process.terminate()
        for one, process in self.running:
            statuses[one["name"]] = process.wait(60)
        self.network.kill()
        self.network.wait()
        return statuses


def whole_way(world, overlay, accounts):
    """Probes, an upload with its conversion, metrics, cleaning, a backup, the end, and the backup's return."""
    cluster = Cluster(world, overlay)
    deployment, index = accounts
    template = cluster.pod("Deployment", deployment)
    one = template["spec"]["containers"][index]
    try:
        cluster.begin()
        cluster.ready()
        add_account(cluster, template, one)
        client = Client(EMAIL, PASSWORD, network=cluster.network.pid).login()
        fid = client.convert(sample(world.folder / "pod.mp4"), world.folder / "pod.mp3")
        log = cluster.log("converter")
        for layer in (
            "no new privileges: active",
            "resource limits: active",
            "Landlock: active",
            "system call filter: active",
            "empty network namespace: missing",
        ):
            expect(layer in log, f"no '{layer}' in the converter's log:\n{log}")
        measured = client.curl("/metrics").stdout
        expect(
            re.search(r'^mp3spool_jobs\{[^}]*state="waiting"[^}]*\} 0$', measured, re.MULTILINE),
            "the autoscaler's metric is not there",
        )
        of_converter = client.curl("http://127.0.0.1:9180/metrics").stdout
        expect("mp3spool_decoder_deaths_total{" in of_converter, "the converter does not tell of decoders")
        status, said = cluster.job("clean")
        expect(status == 0, said)
        client.fetch(fid, world.folder / "pod.mp3")
        for name in [one["metadata"]["name"] for one in of(cluster.objects, "CronJob")]:
            status, said = cluster.job(name)
            expect((status == 0) == (name != "restore"), f"{name}, beside the gateway: {said}")
        if overlay == "example":
            health = cluster.once(template, one, ["health"], ["/usr/bin/mp3spool"])
            expect(health[0] == 0 and "empty network namespace: missing" in health[1], health)
    finally:
        statuses = cluster.end()
    expect(not any(statuses.values()), f"they ended with {statuses}")
    clean_many(cluster)
    restored(cluster)
    # A cluster whose disk was lost has a new volume.
    shutil.rmtree(cluster.folder / "database")
    restored(cluster)


def restored(cluster):
    status, said = cluster.job("restore")
    expect(status == 0 and "restored a backup made at" in said, said)


def clean_many(cluster):
    """Cleaning needs nothing but its volumes, no /tmp either, where the index has many jobs with long results. Ten are old."""
    with contextlib.closing(sqlite3.connect(cluster.folder / "database/mp3spool.sqlite")) as database, database:
        database.execute(MANY_JOBS)
    template = cluster.pod("CronJob", "clean")
    one = template["spec"]["containers"][0]
    mounts = [mount for mount in one["volumeMounts"] if mount["mountPath"] != "/tmp"]
    status, said = cluster.once(template, {**one, "volumeMounts": mounts}, one["args"])
    expect(status == 0 and "removed 10 jobs" in said, said)


# Copies of the job that is done, which only the index has. Ids are ULIDs; times are milliseconds.
MANY_JOBS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5000)
INSERT INTO jobs (id, state, attempt, owner, name, size, options, origin, submitted_at, finished_at, directory, result)
SELECT printf('%026d', n), state, attempt, owner, name, size, options, origin, submitted_at,
  finished_at - iif(n <= 10, 60 * 86400000, 0), replace(directory, id, printf('%026d', n)),
  json_set(result, '$.padding', hex(zeroblob(1000)))
FROM (SELECT * FROM jobs WHERE state = 'done' LIMIT 1), numbers
"""


def add_account(cluster, template, one):
    """`kubectl exec -i … user add`, whose input is the password."""
    reader, writer = os.pipe()
    os.write(writer, (PASSWORD + "\n").encode())
    os.close(writer)
    cluster.image.input = reader
    try:
        status, said = cluster.once(template, one, ["user", "add", EMAIL, "--admin", "--password-stdin"])
    finally:
        cluster.image.input = subprocess.DEVNULL
        os.close(reader)
    expect(status == 0, said)


@case
def pods_run(world):
    """The example's pods start, pass their probes, convert, clean and end, with their roots read-only, no capability and
    RuntimeDefault's filter; the log and health tell which layer of the jail that costs."""
    whole_way(world, "example", ("gateway", 0))


@case
def pods_apart_run(world):
    """So do those of the overlay whose auth service has a pod and a database of its own."""
    whole_way(world, "auth-apart", ("auth", 0))


@case
def older_engine(world):
    """Where the engine refuses Landlock too, decoding goes on with what is left and says what is missing, unless sandbox is
    required."""
    image = world.image
    volumes = {
        "/spool": container.volume(world.folder / "older-spool", image.user),
        "/data": container.volume(world.folder / "older-data", image.user),
        "/in": container.volume(world.folder / "older-in", image.user),
    }
    sample(volumes["/in"] / "talk.mp4")
    run("chown", "-R", image.user, volumes["/in"])
    engine = "runtime-default-without-landlock"
    log = world.folder / "older.log"
    listen = {"MP3SPOOL_LISTEN": "127.0.0.1:0", "MP3SPOOL_AUTH_LISTEN": "127.0.0.1:0"}
    with open(log, "wb") as file:
        service = image.start("serve", volumes=volumes, seccomp=engine, environment=listen, log=file)
    try:
        eventually(lambda: log.read_text(), lambda: "gateway listens" in log.read_text())
        expect("Landlock: missing" in log.read_text(), log.read_text())
        status, said = image.run("health", "--json", volumes=volumes, seccomp=engine)
        jail = json.loads(said)["jail"] if status == 0 else said
        expect("Landlock: missing" in jail and "system call filter: active" in jail, jail)
    finally:
        service.terminate()
        service.wait(60)
    status, said = image.run("convert", "/in/talk.mp4", volumes=volumes, seccomp=engine)
    expect(status == 0 and (volumes["/in"] / "talk.mp3").exists(), said)
    status, said = image.run(
        "convert", "/in/talk.mp4", volumes=volumes, seccomp=engine, environment={"MP3SPOOL_SANDBOX": "required"}
    )
    expect(status != 0 and "Landlock" in said, (status, said))
