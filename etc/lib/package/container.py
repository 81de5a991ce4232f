"""Performs a Dockerfile without a container engine, as far as ours needs it.

The last stage is performed: FROM by a debootstrap'ed Debian of that release, RUN by chroot, COPY from the repository. What
it copies from the build stage is the program of the release build that is here already: that stage's own steps are compared
with it (packages, files, command), not run. An instruction that is not known is an error.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from roots import RELEASE
from runner import expect, run

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
DOCKERFILE = REPOSITORY / "etc/container/Dockerfile"


def instructions(text):
    """Name and words of each instruction (https://docs.docker.com/reference/dockerfile/)."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        name, _, words = line.strip().partition(" ")
        yield name.upper(), re.sub(r"\s+", " ", words.strip())


def stages(text):
    """The instructions of each stage, that begin with its FROM."""
    found = []
    for name, words in instructions(text):
        if name == "FROM":
            found.append([])
        found[-1].append((name, words))
    return found


def installed(stage):
    """The packages that a stage installs."""
    text = "\n".join(words for name, words in stage if name == "RUN")
    words = re.search(r"apt-get install ([^&\n]*)", text)[1].split()
    return {word for word in words if not word.startswith("-")}


class Image:
    """What the last stage makes, in a root."""

    def __init__(self, root, program, text=None):
        self.root, self.program, self.input = root, Path(program), subprocess.DEVNULL
        self.environment, self.volumes = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, []
        self.user, self.directory, self.entry, self.command, self.ports = "0:0", "/", [], [], set()
        for name, words in stages(text or DOCKERFILE.read_text())[-1]:
            getattr(self, f"_{name.lower()}")(words)

    def _from(self, words):
        expect(words == f"debian:{RELEASE}-slim", f"{words} is no image that debootstrap makes here")

    def _run(self, words):
        self.root.run("/bin/sh", "-c", words, environment=self.environment, seconds=1200)

    def _copy(self, words):
        *sources, target = [word for word in words.split() if not word.startswith("--")]
        place = self.root.path(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        if "--from=build" in words:
            expect(sources == ["/mp3spool"], f"the build stage gives /mp3spool, not {sources}")
            shutil.copy(self.program, place)
        else:
            for source in sources:
                shutil.copy(REPOSITORY / source, place)

    def _user(self, words):
        expect(re.fullmatch(r"\d+:\d+", words), f"USER {words}: Kubernetes sees by numbers alone that it is not root")
        self.user = words

    def _env(self, words):
        self.environment |= dict(word.split("=", 1) for word in shlex.split(words))

    def _workdir(self, words):
        self.directory = words

    def _volume(self, words):
        self.volumes += words.split()

    def _expose(self, words):
        self.ports |= set(map(int, words.split()))

    def _stopsignal(self, words):
        expect(words == "SIGTERM", f"STOPSIGNAL {words}")

    def _entrypoint(self, words):
        self.entry = json.loads(words)

    def _cmd(self, words):
        self.command = json.loads(words)

    def start(
        self,
        *words,
        volumes,
        environment=None,
        log=None,
        seccomp="runtime-default",
        network=True,
        user=None,
        program=None,
    ):
        """Starts ENTRYPOINT with these words, or CMD's, in a root that is read-only but for `volumes`: folder by target."""
        # The engine makes the folders that volumes are mounted on; a volume's first content and owner are the image's.
        for target in volumes:
            self.root.path(target).mkdir(parents=True, exist_ok=True)
        options = ["--root", self.root.folder, "--user", user or self.user, "--seccomp", seccomp]
        options += ["--directory", self.directory] + ([] if network else ["--no-network"])
        for target, folder in volumes.items():
            options += ["--mount", f"{folder}:{target}"]
        argv = [
            sys.executable,
            "-B",
            HERE / "confine.py",
            *options,
            "--",
            *(program or self.entry),
            *(words or ([] if program else self.command)),
        ]
        return subprocess.Popen(
            list(map(str, argv)),
            env={**self.environment, **(environment or {})},
            stdin=self.input,
            stdout=log or subprocess.PIPE,
            stderr=log or subprocess.STDOUT,
        )

    def run(self, *words, **options):
        """The status and all that it said."""
        process = self.start(*words, **options)
        said = process.communicate(timeout=120)[0]
        return process.returncode, said.decode(errors="replace")


def volume(folder, owner, mode=0o755):
    """An empty volume that belongs to UID:GID, as a user of the image."""
    folder.mkdir(parents=True)
    os.chown(folder, *map(int, owner.split(":")))
    folder.chmod(mode)
    return folder


def check_build_stage(packages):
    """The build stage's steps are those of the release build here."""
    stage = stages(DOCKERFILE.read_text())[0]
    expect(installed(stage) == set(packages), f"it installs {installed(stage)}, the build here needs {set(packages)}")
    build = " ".join(words for name, words in stage if name == "RUN")
    expect("swift build -c release --product mp3spool --static-swift-stdlib" in build, f"it builds by {build}")


def copied_sources():
    """What the build stage copies of the repository."""
    copies = [words.split() for name, words in stages(DOCKERFILE.read_text())[0] if name == "COPY"]
    return [(source, words[-1]) for words in copies for source in words[:-1]]


def check_sources(folder):
    """What the build stage copies is a whole package: each target that is built finds its folder."""
    for source, target in copied_sources():
        place = folder / target / (Path(source).name if target == "./" else "")
        if (REPOSITORY / source).is_dir():
            shutil.copytree(REPOSITORY / source, place, dirs_exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / source, place)
    manifest = json.loads(run("swift", "package", "--package-path", folder, "dump-package").stdout)
    for target in manifest["targets"]:
        path = (
            target.get("path")
            or {"test": "Tests/", "plugin": "Plugins/"}.get(target["type"], "Sources/") + target["name"]
        )
        expect((folder / path).is_dir(), f"the target {target['name']} has no folder {path} in the build stage")


def ignored():
    """What the engine does not send along: `Dockerfile.dockerignore` beside the Dockerfile is what it looks for."""
    return DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().split()
