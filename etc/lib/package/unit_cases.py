"""The units, in that system: a systemd runs in it now."""

import base64
import contextlib
import json
import re
import subprocess

from client import Client
from deb_cases import EMAIL, PASSWORD, SETTINGS, STARTED, STATE
from runner import case, eventually, expect


@case
def boot(world):
    """systemd starts the service and the nightly cleaning, and nothing else of it."""
    system = world.system
    system.boot()
    for unit in STARTED:
        state = system.property(unit, "ActiveState")
        expect(state == "active", f"{unit} is {state}: {system.journal(unit)}")
    for unit in world.units:
        if unit in STARTED or "@" in unit:
            continue
        expect(system.property(unit, "ActiveState") == "inactive", f"{unit} was started")
    failed = system.systemctl("list-units", "--failed", "--plain", "--no-legend").stdout
    expect("mp3spool" not in failed, failed)


@case
def confined(world):
    """In all that the unit takes from it, the service has its whole jail and converts."""
    system = world.system
    world.client = Client(EMAIL, PASSWORD, network=system.init)
    world.fid = world.client.login().convert(world.video, world.mp3)
    log = system.journal("mp3spool.service")
    for layer in (
        "no new privileges: active",
        "resource limits: active",
        "empty network namespace: active",
        "Landlock: active",
        "system call filter: active",
    ):
        expect(layer in log, f"no '{layer}' in the log:\n{log}")
    show = system.property("mp3spool.service", "NRestarts")
    expect(show == "0", f"it was started again {show} times: {log}")


@case
def cleaning(world):
    """mp3spool-clean.service does its work in its own confinement, and removes nothing that no setting says."""
    system, unit = world.system, "mp3spool-clean.service"
    system.systemctl("start", unit, check=False)
    expect(system.property(unit, "Result") == "success", system.journal(unit))
    world.client.fetch(world.fid, world.mp3)
    with settings(world, "keep-done: 0s"):
        eventually(lambda: system.journal(unit), lambda: cleaned(world, unit))
    world.fid = world.client.convert(world.video, world.mp3)


def cleaned(world, unit):
    world.system.systemctl("start", unit, check=False)
    expect(world.system.property(unit, "Result") == "success", world.system.journal(unit))
    return (
        world.client.curl(
            f"/jobs/{world.fid}", *world.client.authorization, "--output", "/dev/null", "--write-out", "%{http_code}"
        ).stdout
        == "404"
    )


@contextlib.contextmanager
def settings(world, added):
    """The settings with one more line, as long as the block."""
    file = world.system.path(SETTINGS)
    before = file.read_text()
    file.write_text(f"{before}\n{added}\n")
    try:
        yield
    finally:
        file.write_text(before)


def restart(world):
    # Nobody but a test starts it so often.
    world.system.systemctl("reset-failed", "mp3spool.service", check=False)
    world.system.systemctl("restart", "mp3spool.service", check=False)
    await_service(world)


def await_service(world):
    eventually(lambda: world.system.journal("mp3spool.service"), lambda: world.client.status("/readyz") == 200)


@case
def reload(world):
    """`systemctl reload` puts settings in force without a new process."""
    system, unit = world.system, "mp3spool.service"
    process = system.property(unit, "MainPID")
    upload = ["/upload", *world.client.authorization, "--form", f"file=@{world.video}", "--write-out", "%{http_code}"]
    with settings(world, "maximum-upload: 1K"):
        system.systemctl("reload", unit)
        eventually(lambda: system.journal(unit), lambda: "settings were read again" in system.journal(unit))
        refused = world.client.curl(*upload, "--output", "/dev/null", check=False).stdout
    system.systemctl("reload", unit)
    expect(refused == "413", f"an upload that is too large by now got {refused}: {system.journal(unit)}")
    expect(system.property(unit, "MainPID") == process, "it is another process")


@case
def credentials(world):
    """A secret in systemd's credential store reaches the service, whose user cannot read the store."""
    store = world.system.path("/etc/credstore")
    store.mkdir(mode=0o700, exist_ok=True)
    secret = store / "mp3spool.jwt-secret"
    expect(algorithm(world) == "EdDSA", "keys of its own sign with Ed25519")
    try:
        secret.write_text("0123456789abcdef0123456789abcdef-secret")
        secret.chmod(0o600)
        with settings(world, "jwt-secret: credential:mp3spool.jwt-secret"):
            restart(world)
            used = algorithm(world)
    finally:
        secret.unlink()
        restart(world)
    expect(used == "HS256", f"with the secret it signs with {used}")


def algorithm(world):
    """What a login's token is signed with (RFC 7515, section 4.1.1)."""
    head = world.client.login().authorization[1].split()[-1].split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"]


@case
def sockets(world):
    """A socket's first client starts the service, and nobody is refused while it starts again."""
    system, unit = world.system, "mp3spool.service"
    system.systemctl("stop", unit)
    system.systemctl("start", "mp3spool.socket")
    expect(system.property(unit, "ActiveState") == "inactive", "it was started before anybody asked")
    expect(world.client.status("/readyz") == 200, system.journal(unit))
    process = system.property(unit, "MainPID")
    restarting = subprocess.Popen([*system.entry(), "systemctl", "restart", unit])
    # Not /readyz, by which a service says that it stops.
    answers = [world.client.status("/healthz")]
    while restarting.poll() is None:
        answers.append(world.client.status("/healthz"))
    expect(set(answers) == {200}, f"the answers were {answers}: {system.journal(unit)}")
    expect(system.property(unit, "MainPID") not in ("0", process), "it was not started again")
    system.systemctl("stop", "mp3spool.socket", unit)
    restart(world)


def documented(world, page, begin, form="ini"):
    """The first block of that form behind some words of a page that the package has."""
    text = world.system.path(f"/usr/share/doc/mp3spool/{page}.md").read_text()
    block = re.search(rf"\n```{form}\n(.*?)```\n", text.partition(begin)[2], re.DOTALL)
    expect(block, f"{page} has no {form} behind '{begin}'")
    return block[1]


@contextlib.contextmanager
def drop_ins(world, text, *units):
    """A drop-in for each of the units, as long as the block."""
    files = [world.system.path(f"/etc/systemd/system/{unit}.d/suite.conf") for unit in units]
    try:
        for file in files:
            file.parent.mkdir()
            file.write_text(text)
        world.system.systemctl("daemon-reload")
        yield
    finally:
        for file in files:
            file.unlink(missing_ok=True)
            file.parent.rmdir()
        world.system.systemctl("daemon-reload")


@case
def other_disk(world):
    """A spool elsewhere takes one setting and one drop-in, as documented, for the service, the cleaning and the parts."""
    system, file, unit = world.system, world.system.path(SETTINGS), "mp3spool-clean.service"
    place = documented(world, "RunningAsAService", "another place", "yaml").removeprefix("spool: ").strip()
    before = file.read_text()
    expect(f"spool: {STATE}/spool\n" in before, "the settings do not say where the spool is")
    text = documented(world, "RunningAsAService", "another place")
    page = system.path("/usr/share/doc/mp3spool/RunningAsAService.md").read_text()
    for line in re.findall(r"^    (.*)$", page.partition("another place")[2].partition("```ini")[0], re.MULTILINE):
        system.run("sh", "-c", line)
    try:
        with drop_ins(world, text, "mp3spool.service", "mp3spool-.service"):
            file.write_text(before.replace(f"spool: {STATE}/spool", f"spool: {place}"))
            restart(world)
            world.client.login().fetch(world.fid, world.mp3)
            fid, world.fid = world.fid, world.client.convert(world.video, world.mp3)
            expect(world.fid in system.run("find", place, "-path", "*/done/*").stdout, "the MP3 is elsewhere")
            with settings(world, "keep-done: 0s"):
                eventually(lambda: system.journal(unit), lambda: cleaned(world, unit))
            expect(not system.run("find", place, "-name", "*.mp3").stdout, "the MP3 was not cleaned away")
            for name in ("mp3spool.service", unit, "mp3spool-gateway.service", "mp3spool-work@1.service"):
                for key in ("ReadWritePaths", "RequiresMountsFor"):
                    said = system.property(name, key)
                    expect(place in said.split(), f"{name} has {key}={said}")
    finally:
        file.write_text(before)
        restart(world)
    world.fid = fid
    world.client.login().fetch(fid, world.mp3)


@case
def folder(world):
    """Root, and with the documented rights the members of a group, drop files that become MP3s; others cannot."""
    system = world.system
    page = system.path("/usr/share/doc/mp3spool/Installing.md").read_text().partition("### The folder")[2]
    lines = re.findall(r"^    ((?:install|setfacl) .*)$", page, re.MULTILINE)
    expect(len(lines) == 3, f"the page says {lines}")
    system.path("/srv/talk.mp4").write_bytes(world.video.read_bytes())
    system.run("groupadd", "media")
    for name, groups in (("ann", "media"), ("bob", "")):
        system.run("useradd", "--no-create-home", "--groups", groups, name)
    system.run("sh", "-c", f"cd /srv && {lines[0]}")
    eventually("root's MP3", lambda: system.path(f"{STATE}/spool/done/talk.mp3").exists())
    for line in lines[1:]:
        system.run("sh", "-c", line)
    # StateDirectory= sets the folder's mode anew.
    restart(world)
    copy = ["runuser", "--user", "ann", "--", "cp", "/srv/talk.mp4", f"{STATE}/spool/incoming/ann.mp4"]
    system.run(*copy)
    eventually("Ann's MP3", lambda: system.path(f"{STATE}/spool/done/ann.mp3").exists())
    copy[2] = "bob"
    expect(system.run(*copy, check=False).returncode != 0, "who is not in the group could drop a file")


@case
def absent_mount(world):
    """Nothing that uses the spool starts while what is to be mounted there is not, also where the boot does not wait for it."""
    system, mount = world.system, f"{STATE[1:].replace('/', '-')}-spool.mount"
    file = system.path(f"/etc/systemd/system/{mount}")
    names = ["mp3spool.service", "mp3spool-gateway.service", "mp3spool-clean.service", "mp3spool-work@1.service"]
    system.systemctl("stop", "mp3spool.service")
    try:
        file.write_text(f"[Mount]\nWhat=server:/spool\nWhere={STATE}/spool\nType=absent\n")
        system.systemctl("daemon-reload")
        for name in names:
            done = system.systemctl("start", name, check=False)
            expect(done.returncode != 0, f"{name} was started")
            expect(system.property(name, "ActiveState") == "inactive", f"{name} ran: {system.journal(name)}")
    finally:
        system.systemctl("stop", mount, check=False)
        file.unlink()
        system.systemctl("daemon-reload")
        system.systemctl("reset-failed", check=False)
        restart(world)


@case
def converter_metrics(world):
    """A converter starts without a network although the common settings want metrics; with the documented drop-in it tells
    them."""
    system, unit = world.system, "mp3spool-work@1.service"
    names = ["mp3spool-auth.service", unit]
    text = documented(world, "Monitoring", "metrics.conf")
    system.systemctl("stop", "mp3spool.service")
    try:
        with settings(world, "metrics-listen: 127.0.0.1:9180\notlp-endpoint: http://127.0.0.1:4318"):
            for name in names:
                system.systemctl("start", name, check=False)
                expect(system.property(name, "ActiveState") == "active", f"{name}: {system.journal(name)}")
            expect("process_start_time_seconds" in measured(world, 9180), "the auth service tells nothing")
            expect(world.client.status("http://127.0.0.1:9181/metrics") == 0, "the converter has a network")
            with drop_ins(world, text, "mp3spool-work@.service"):
                system.systemctl("restart", unit, check=False)
                expect(system.property(unit, "ActiveState") == "active", system.journal(unit))
                said = measured(world, 9181)
                expect("mp3spool_decoder_deaths_total{" in said, f"it tells of no decoders: {said}")
                log = system.journal(unit)
                expect("empty network namespace: missing" not in log, log)
            # With the drop-in, too, it may do little.
            exposure = system.run("systemd-analyze", "security", "--no-pager", unit, check=False).stdout
            level = float(re.search(r"exposure level for \S+: ([0-9.]+)", exposure)[1])
            expect(level <= 1.5, f"its exposure is {level}")
    finally:
        system.systemctl("stop", *names)
        restart(world)


def measured(world, port):
    address = f"http://127.0.0.1:{port}/metrics"
    eventually(f"metrics at {port}", lambda: world.client.status(address) == 200)
    return world.client.curl(address).stdout
