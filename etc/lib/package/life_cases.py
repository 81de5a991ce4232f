"""What becomes of that system when the package is upgraded, removed, purged and installed again."""

import re
import subprocess
from pathlib import Path

from client import Client
from deb_cases import EMAIL, PASSWORD, SETTINGS, STATE
from runner import case, eventually, expect
from unit_cases import restart

BACKUPS = "/var/backups/mp3spool"


@case
def upgrade(world):
    """A newer package starts the service again, and keeps what the admin wrote, the accounts and the jobs."""
    system = world.system
    settings = system.path(SETTINGS)
    edited = settings.read_text() + "\nlisten: 127.0.0.1:8090\n"
    settings.write_text(edited)
    before = system.property("mp3spool.service", "MainPID")
    system.run("dpkg", "--install", f"/root/{world.newer.name}")
    expect(settings.read_text() == edited, "the settings were changed")
    after = system.property("mp3spool.service", "MainPID")
    expect(after not in ("0", before), f"the service was {before} and is {after}")
    installed = system.run("dpkg-query", "--show", "--showformat=${Version}", "mp3spool").stdout
    expect(installed == f"{world.version}-2", f"{installed} is installed")
    moved = Client(EMAIL, PASSWORD, "http://127.0.0.1:8090", system.init)
    eventually(lambda: system.journal("mp3spool.service"), lambda: moved.status("/readyz") == 200)
    moved.login().fetch(world.fid, world.mp3)
    settings.write_text(edited.replace("\nlisten: 127.0.0.1:8090\n", ""))


@case
def upgrade_with_socket(world):
    """An upgrade leaves a socket open: nobody is refused, not even on addresses where only the socket listens."""
    system, socket, unit = world.system, "mp3spool.socket", "mp3spool.service"
    # As RunningAsAService says it.
    system.systemctl("reset-failed", unit, check=False)
    system.systemctl("stop", unit)
    system.systemctl("enable", "--now", socket)
    system.systemctl("start", unit)
    process = system.property(unit, "MainPID")
    far = Client(EMAIL, PASSWORD, "http://[::1]:8080", system.init)
    try:
        eventually(lambda: system.journal(unit), lambda: far.status("/readyz") == 200)
        upgrade = subprocess.Popen(
            [*system.entry(), "dpkg", "--install", f"/root/{world.newer.name}"], stdout=subprocess.DEVNULL
        )
        # Not /readyz, by which a service says that it stops.
        answers = [far.status("/healthz")]
        while upgrade.poll() is None:
            answers.append(far.status("/healthz"))
        expect(upgrade.returncode == 0, "the upgrade failed")
        expect(set(answers) == {200}, f"the answers were {answers}: {system.journal(unit)}")
        expect(system.property(socket, "ActiveState") == "active", system.journal(socket))
        expect(system.property(unit, "MainPID") not in ("0", process), "the service was not started again")
        expect(far.status("/readyz") == 200, "it listens on the loopback of IPv4 alone")
    finally:
        system.systemctl("disable", "--now", socket)
        restart(world)


@case
def backup(world):
    """The service's user makes a backup where the package has a place for it, and the database comes back from there."""
    system, file = world.system, f"{BACKUPS}/mp3spool.sqlite"
    owner = system.run("stat", "--format=%U:%G %a", BACKUPS).stdout.strip()
    expect(owner == "mp3spool:mp3spool 700", f"{BACKUPS} is {owner}")
    system.run("mp3spool", "backup", file, user="mp3spool")
    system.run("mp3spool", "user", "disable", EMAIL, user="mp3spool")
    refused = ["--user", world.client.account, "--request", "POST", "--output", "/dev/null", "--write-out", "%{http_code}"]
    expect(world.client.curl("/login", *refused).stdout == "401", "who is disabled came in")
    system.systemctl("stop", "mp3spool.service")
    try:
        system.run("mp3spool", "restore", file, user="mp3spool")
    finally:
        restart(world)
    world.client.login().fetch(world.fid, world.mp3)


@case
def parts(world):
    """Gateway, auth service and converters run as services of their own in the place of the one, and survive an upgrade."""
    system = world.system
    names = ["mp3spool-gateway.service", "mp3spool-auth.service", "mp3spool-work@1.service"]
    system.systemctl("disable", "--now", "mp3spool.service")
    system.systemctl("enable", "--now", *names)
    world.client.login().convert(world.video, world.mp3)
    log = system.journal(names[2])
    expect("empty network namespace: active" in log and "system call filter: active" in log, log)
    before = [system.property(name, "MainPID") for name in names]
    system.run("dpkg", "--install", f"/root/{world.newer.name}")
    for name, process in zip(names, before):
        expect(system.property(name, "ActiveState") == "active", f"{name}: {system.journal(name)}")
        expect(system.property(name, "MainPID") != process, f"{name} was not started again")
    expect(system.property("mp3spool.service", "ActiveState") == "inactive", "what the admin disabled was started")
    eventually(lambda: system.journal(names[0]), lambda: world.client.status("/readyz") == 200)
    world.client.login().convert(world.video, world.mp3)


@case
def removed(world):
    """Removing stops all of it, and keeps settings, accounts and files."""
    system = world.system
    system.run("dpkg", "--remove", "mp3spool")
    # The suite has a process namespace of its own.
    running = [path for path in Path("/proc").glob("[0-9]*/comm") if path.read_text() == "mp3spool\n"]
    expect(not running, f"still there: {running}")
    expect(system.path(SETTINGS).exists() and system.path("/etc/cron.d/mp3spool").exists(), "the settings are gone")
    expect(not system.path("/usr/bin/mp3spool").exists(), "the program is there")
    expect(system.path(f"{STATE}/mp3spool.sqlite").exists(), "the accounts are gone")
    # What cron does with the file that is left.
    line = re.search(r"^\d.*?mp3spool\s+(.*)$", system.path("/etc/cron.d/mp3spool").read_text(), re.MULTILINE)[1]
    system.run("runuser", "-u", "mp3spool", "--", "sh", "-c", line.replace("/run/systemd/system", "/nowhere"))


@case
def installed_again(world):
    """What is installed again has the accounts and jobs of before."""
    system = world.system
    system.run("dpkg", "--install", f"/root/{world.newer.name}")
    system.systemctl("enable", "--now", "mp3spool.service")
    eventually(lambda: system.journal("mp3spool.service"), lambda: world.client.status("/readyz") == 200)
    world.client.login().fetch(world.fid, world.mp3)


@case
def purged(world):
    """Purging removes the settings and keeps people's accounts and files, and says so."""
    system = world.system
    said = system.run("dpkg", "--purge", "mp3spool")
    for folder in (STATE, BACKUPS):
        expect(f"rm -r {folder}" in said.stdout + said.stderr, said)
    expect(system.path(f"{BACKUPS}/mp3spool.sqlite").exists(), "the backup is gone")
    expect(
        not system.path("/etc/mp3spool").exists() and not system.path("/etc/cron.d/mp3spool").exists(),
        "settings are left",
    )
    left = system.run(
        "find",
        "/etc",
        "/lib/systemd",
        "/usr",
        "/var/lib/systemd",
        "-name",
        "*mp3spool*",
        "-not",
        "-path",
        "/usr/share/doc/*",
    ).stdout.split()
    expect(not left, f"left is {left}")
    expect(
        system.run("dpkg-query", "--show", "--showformat=${db:Status-Abbrev}", "mp3spool", check=False).returncode == 1,
        "dpkg knows it still",
    )
    expect(system.path(f"{STATE}/mp3spool.sqlite").exists(), "the accounts are gone")
    system.run("dpkg", "--install", f"/root/{world.package.name}")
    eventually(lambda: system.journal("mp3spool.service"), lambda: world.client.status("/readyz") == 200)
    world.client.login().fetch(world.fid, world.mp3)
    system.systemctl("stop", "mp3spool.service")
    system.halt()
