"""Debian systems of the suite's own: folders that debootstrap fills, for chroot or with a systemd that runs in them.

The suite runs in a mount and a process namespace of its own (etc/test), so what is mounted here is gone when it ends, and so
is what was started.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from runner import Failure, eventually, run

RELEASE = "bookworm"
MIRROR = "http://deb.debian.org"
SOURCES = f"""deb {MIRROR}/debian {RELEASE} main
deb {MIRROR}/debian {RELEASE}-updates main
deb {MIRROR}/debian-security {RELEASE}-security main
"""
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]


def base(cache):
    """A minimal Debian as a tar file, made once. It is what the image debian:bookworm-slim is, but for its documentation."""
    architecture = run("dpkg", "--print-architecture").stdout.strip()
    tar = Path(cache) / f"debian-{RELEASE}-{architecture}.tar"
    if not tar.exists():
        folder = tar.with_suffix(f".{os.getpid()}")
        run("debootstrap", "--variant=minbase", RELEASE, folder, f"{MIRROR}/debian")
        run("tar", "-C", folder, "--one-file-system", "-cf", tar.with_suffix(".new"), ".")
        tar.with_suffix(".new").rename(tar)
        shutil.rmtree(folder)
    return tar


class Root:
    """A Debian in a folder."""

    def __init__(self, folder, cache):
        self.folder, self.init, self.launcher = Path(folder), None, None
        self.folder.mkdir(parents=True)
        run("tar", "-C", self.folder, "-xf", base(cache))
        (self.folder / "etc/apt/sources.list").write_text(SOURCES)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        self._mount_devices()
        run("mount", "-t", "proc", "proc", self.folder / "proc")
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.folder / "run")
        # What was downloaded once is not downloaded again.
        archives = Path(cache) / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", archives, self.folder / "var/cache/apt/archives")
        (self.folder / "etc/apt/apt.conf.d/suite").write_text(
            'APT::Sandbox::User "root"; APT::Install-Recommends "false"; Acquire::Retries "3";\n'
            'Binary::apt-get::APT::Keep-Downloaded-Packages "true"; APT::Keep-Downloaded-Packages "true";\n'
        )

    def _mount_devices(self):
        devices = self.folder / "dev"
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", devices)
        for name in DEVICES:
            (devices / name).touch()
            run("mount", "--bind", f"/dev/{name}", devices / name)
        (devices / "pts").mkdir()
        run("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "devpts", devices / "pts")
        (devices / "ptmx").symlink_to("pts/ptmx")
        (devices / "fd").symlink_to("/proc/self/fd")
        (devices / "shm").mkdir(mode=0o1777)

    def run(self, *words, user=None, environment=None, **options):
        """Runs a program in it: by systemd's side where that runs, else by chroot."""
        become = ["runuser", "--user", user, "--"] if user else []
        known = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": "/root",
            "DEBIAN_FRONTEND": "noninteractive",
            **(environment or {}),
        }
        return run(*self.entry(), *become, *words, env=known, **options)

    def entry(self):
        """What runs the program behind it in the system."""
        if self.init:
            return ["nsenter", "--target", self.init, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        return ["chroot", str(self.folder)]

    def path(self, name):
        return self.folder / name.lstrip("/")

    def apt(self, *words):
        return self.run("apt-get", "--quiet=2", "--yes", "-o", "Dpkg::Use-Pty=0", *words, seconds=1200)

    def boot(self):
        """Starts systemd in it, with a network of its own that has nothing but a loopback, and waits until it is up."""
        self.log = self.folder.with_suffix(".log")
        self.group = cgroup() / f"mp3spool-test-{os.getpid()}"
        self.group.mkdir(exist_ok=True)
        with open(self.log, "wb") as log:
            self.launcher = subprocess.Popen(
                ["bash", "-c", BOOT, "boot", self.folder, self.group], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

        def init():
            children = Path(f"/proc/{self.launcher.pid}/task/{self.launcher.pid}/children").read_text().split()
            return children and Path(f"/proc/{children[0]}/comm").read_text() == "systemd\n" and children[0]

        self.init = eventually(lambda: f"systemd: {self.log.read_text()}", init)
        eventually(
            lambda: f"systemd's answer: {self.log.read_text()}",
            lambda: (
                self.systemctl("is-system-running", "--wait", check=False, seconds=120).stdout.strip()
                in ("running", "degraded")
            ),
        )

    def systemctl(self, *words, **options):
        return self.run("systemctl", "--no-pager", "--full", *words, **options)

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit).stdout

    def property(self, unit, name):
        return self.systemctl("show", "--property", name, "--value", unit).stdout.strip()

    def halt(self):
        """Ends systemd and all that it started, as a power cut does."""
        if not self.init:
            return
        os.kill(int(self.init), signal.SIGKILL)
        self.launcher.wait(30)
        self.init = None
        for group in sorted(self.group.glob("**/"), key=lambda path: -len(path.parts)):
            eventually(f"{group} is empty", lambda: remove_group(group))


BOOT = """
set -eu
echo $$ >"$2/cgroup.procs"
exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc --net bash -c '
  set -eu
  ip link set lo up
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc proc
  mount -t sysfs -o ro sys sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=1777 tmpfs tmp
  hostname suite
  mkdir -p before
  pivot_root . before
  umount -l /before
  # As on a host: what systemd mounts for a service, such as its credentials, is made in another namespace.
  mount --make-rshared /
  exec env -i container=suite PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --system --log-target=console
' boot "$1"
"""


def cgroup():
    """Where version 2 of control groups is mounted."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[fields.index("-") + 1] == "cgroup2":
            return Path(fields[4])
    raise Failure("there is no cgroup2, without which systemd does not run")


def remove_group(group):
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
