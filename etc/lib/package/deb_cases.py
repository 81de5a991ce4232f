"""The Debian package in a system without a service manager: what is in it, and whether that works."""

import gzip
import hashlib
import json
import os
import re

from client import Client, sample
from roots import Root
from runner import case, eventually, expect, run

STATE, SETTINGS = "/var/lib/mp3spool", "/etc/mp3spool/mp3spool.yaml"
EMAIL, PASSWORD = "admin@example.com", "correct horse battery staple"
STARTED = ["mp3spool.service", "mp3spool-clean.timer"]


@case
def lintian(world):
    """lintian has no error and no warning."""
    done = run(
        "lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", world.package, check=False
    )
    expect(done.returncode == 0, done.stdout + done.stderr)


@case
def same_bytes(world):
    """The same build gives the same package."""
    first = hashlib.sha256(world.package.read_bytes()).hexdigest()
    again = world.folder / "again"
    run("bash", "etc/package", "deb", again, env={**os.environ, **world.build})
    expect(hashlib.sha256((again / world.package.name).read_bytes()).hexdigest() == first, "it is another one")


@case
def install(world):
    """apt installs it into a minimal system that runs no systemd."""
    world.system = Root(world.folder / "system", world.cache)
    system = world.system
    system.apt("update")
    for package in (world.package, world.newer):
        system.path("/root").joinpath(package.name).write_bytes(package.read_bytes())
    # acl is for the recipe of the folder, which runs when there is no network to fetch it by.
    said = system.apt("install", f"/root/{world.package.name}", "acl")
    # A container or a chroot has no policy of its own; nothing may be started, and nothing may complain.
    expect(not re.search(r"(?i)\b(error|failed|cannot)\b", said.stderr), said.stderr)
    account = system.run("getent", "passwd", "mp3spool").stdout.strip().split(":")
    expect(account[5:] == [STATE, "/usr/sbin/nologin"], f"the user is {account}")
    owner = system.run("stat", "--format=%U:%G %a", STATE).stdout.strip()
    expect(owner == "mp3spool:mp3spool 750", f"{STATE} is {owner}")
    files = system.run("dpkg", "--listfiles", "mp3spool").stdout.split()
    for name in (
        "/usr/bin/mp3spool",
        SETTINGS,
        "/etc/cron.d/mp3spool",
        "/lib/systemd/system/mp3spool.service",
        "/usr/lib/sysusers.d/mp3spool.conf",
        "/usr/lib/tmpfiles.d/mp3spool.conf",
        "/usr/share/man/man1/mp3spool.1.gz",
        "/usr/share/bash-completion/completions/mp3spool",
        "/usr/share/zsh/vendor-completions/_mp3spool",
        "/usr/share/fish/vendor_completions.d/mp3spool.fish",
        "/usr/share/doc/mp3spool/sbom.cdx.json",
        "/usr/share/doc/mp3spool/notices.gz",
    ):
        expect(name in files, f"{name} is not in the package")
    for unit in world.units:
        expect(f"/lib/systemd/system/{unit}" in files, f"{unit} is not in the package")


@case
def program(world):
    """The program, its manual and its bill of materials are those of this version."""
    system = world.system
    expect(system.run("mp3spool", "--version").stdout.strip() == world.version, "another version")
    manual = gzip.decompress(system.path("/usr/share/man/man1/mp3spool.1.gz").read_bytes()).decode()
    expect(f"mp3spool {world.version}" in manual and ".SH COMMANDS" in manual, "no manual page")
    bom = json.loads(system.path("/usr/share/doc/mp3spool/sbom.cdx.json").read_text())
    digest = hashlib.sha256(system.path("/usr/bin/mp3spool").read_bytes()).hexdigest()
    expect(bom["metadata"]["component"]["hashes"][0]["content"] == digest, "the bill is of another program")


@case
def commands(world):
    """Root makes the first admin, and what that makes is the service's, not root's."""
    system = world.system
    system.run("mp3spool", "user", "add", EMAIL, "--admin", "--password-stdin", given=PASSWORD + "\n")
    owners = system.run("find", STATE, "-printf", "%u %p\n").stdout.split("\n")
    wrong = [line for line in owners if line and not line.startswith("mp3spool ")]
    expect(not wrong, f"not the service's: {wrong}")


@case
def without_systemd(world):
    """The service runs as its user where no systemd runs, and converts what is uploaded."""
    system = world.system
    world.video, world.mp3 = sample(world.folder / "talk.mp4"), world.folder / "talk.mp3"
    log = world.folder / "service.log"
    # A network of its own: the default ports may be taken in this one.
    words = [
        "unshare",
        "--net",
        "bash",
        "-c",
        'ip link set lo up; exec "$@"',
        "net",
        "chroot",
        "--userspec=mp3spool:mp3spool",
        str(system.folder),
        "/usr/bin/mp3spool",
        "serve",
    ]
    with world.process(words, log) as service:
        client = Client(EMAIL, PASSWORD, network=service.pid)
        eventually(lambda: f"a service: {log.read_text()}", lambda: client.status("/readyz") == 200)
        world.fid = client.login().convert(world.video, world.mp3)
        client.login("http://127.0.0.1:5000")
        health = system.run("mp3spool", "health", user="mp3spool").stdout
        expect(f"{STATE}/spool" in health and "system call filter: active" in health, health)


@case
def cron(world):
    """The cron file cleans where no systemd runs, and does nothing where one does or the program was removed."""
    system = world.system
    line = re.search(
        r"^\d+ \d+ \* \* \*\s+(\S+)\s+(.*)$", system.path("/etc/cron.d/mp3spool").read_text(), re.MULTILINE
    )
    user, command = line[1], line[2]

    def jobs():
        return system.run("mp3spool", "jobs", "--json", user=user).stdout.count('"fid"')

    expect(jobs() == 1, f"there are {jobs()} jobs")
    # dash, as cron's own shell.
    environment = {"MP3SPOOL_KEEP_DONE": "0s"}
    system.path("/run/systemd/system").mkdir(parents=True)
    system.run("sh", "-c", command, user=user, environment=environment)
    expect(jobs() == 1, "cleaned although systemd does it")
    system.path("/run/systemd/system").rmdir()
    # An inode's time is that of the kernel's tick: what ended just now is not older than 0 s at once.
    eventually(
        "the job is cleaned away",
        lambda: system.run("sh", "-c", command, user=user, environment=environment) and jobs() == 0,
    )
