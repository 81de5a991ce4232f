"""The Kubernetes manifests: what the API server would say of them, and what it would not."""

import copy
import re
import subprocess
import warnings

import kubernetes_validate
import yaml

from cluster import OPERATORS, Program, problems
from kustomize import apply, identity, operate, render
from runner import case, expect, run

# The example, as it is and with each component.
OVERLAYS = {"example": [], "auth-apart": ["../../components/auth-apart"]}
VERSIONS = ["1.31", "1.34", "1.37"]


def rendered(world, overlay):
    return render(world.repository / "etc/kubernetes/overlays/example", OVERLAYS[overlay])


def program(world):
    def ask(*words):
        done = subprocess.run([world.program, *words], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    return Program(world.repository, ask)


@case
def accepted(world):
    """Every object is one that Kubernetes 1.31 to 1.37 knows, field by field."""
    for overlay in OVERLAYS:
        objects = rendered(world, overlay)
        expect(len(objects) >= 14, f"{overlay} has only {len(objects)} objects")
        for one in objects:
            for version in VERSIONS:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    kubernetes_validate.validate(one, version, strict=True)
        spoiled = copy.deepcopy(objects[-1])
        spoiled["spec"]["noSuchField"] = 1
        try:
            kubernetes_validate.validate(spoiled, VERSIONS[0], strict=True)
        except kubernetes_validate.ValidationError:
            continue
        raise AssertionError("a field that does not exist was accepted")


@case
def sound(world):
    """What the objects say of each other, of the program and of its settings is so."""
    known = program(world)
    for overlay in OVERLAYS:
        found = list(problems(rendered(world, overlay), known))
        expect(not found, f"{overlay}: {found}")


# Each is a mistake, of one object, that `sound` must see.
MISTAKES = [
    ("Service", "gateway", "replace", "/spec/selector", {"app.kubernetes.io/component": "gate"}),
    ("Service", "gateway", "replace", "/spec/ports/0/targetPort", "web"),
    ("Deployment", "converter", "replace", "/spec/template/metadata/labels", {"app.kubernetes.io/component": "worker"}),
    ("Deployment", "converter", "replace", "/spec/template/spec/volumes/0/persistentVolumeClaim/claimName", "spoil"),
    ("Deployment", "converter", "replace", "/spec/template/spec/containers/0/args/0", "works"),
    ("Deployment", "converter", "replace", "/spec/template/spec/containers/0/env/0/name", "MP3SPOOL_SPOOLS"),
    ("Deployment", "converter", "replace", "/spec/template/spec/containers/0/env/0/value", "/spools"),
    ("Deployment", "converter", "replace", "/spec/template/spec/containers/0/livenessProbe/exec/command/1", "host"),
    (
        "Deployment",
        "converter",
        "replace",
        "/spec/template/spec/containers/0/livenessProbe/exec/command/2",
        "--that-host",
    ),
    ("Deployment", "converter", "add", "/spec/replicas", 3),
    ("Deployment", "converter", "remove", "/spec/template/spec/securityContext/seccompProfile", None),
    (
        "Deployment",
        "converter",
        "remove",
        "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem",
        None,
    ),
    ("Deployment", "converter", "remove", "/spec/template/spec/containers/0/volumeMounts/1", None),
    ("Deployment", "converter", "remove", "/spec/template/metadata/annotations/prometheus.io~1scrape", None),
    ("Deployment", "converter", "replace", "/spec/template/spec/containers/0/env/1/value", "127.0.0.1:9181"),
    ("NetworkPolicy", "converter", "replace", "/spec/ingress/0/ports/0/port", 9181),
    ("Deployment", "gateway", "replace", "/spec/replicas", 2),
    ("Deployment", "gateway", "replace", "/spec/template/spec/containers/0/readinessProbe/httpGet/path", "/ready"),
    ("Deployment", "gateway", "replace", "/spec/template/spec/containers/0/livenessProbe/httpGet/port", "auth"),
    ("Deployment", "gateway", "remove", "/spec/template/spec/containers/0/startupProbe", None),
    ("Deployment", "gateway", "replace", "/spec/template/spec/containers/0/envFrom/0/secretRef/name", "secret"),
    ("Deployment", "gateway", "add", "/spec/template/spec/containers/0/env/-", {"name": "JWT_SECRET", "value": "x"}),
    ("HorizontalPodAutoscaler", "converter", "replace", "/spec/scaleTargetRef/name", "converters"),
    ("HorizontalPodAutoscaler", "converter", "replace", "/spec/metrics/0/external/metric/name", "mp3spool_job"),
    ("PodDisruptionBudget", "converter", "replace", "/spec/selector/matchLabels", {"app.kubernetes.io/component": "x"}),
    ("NetworkPolicy", "nothing", "replace", "/spec/policyTypes", ["Ingress"]),
    ("NetworkPolicy", "gateway", "replace", "/spec/podSelector/matchLabels", {"app.kubernetes.io/component": "x"}),
    ("PersistentVolumeClaim", "spool", "replace", "/spec/accessModes", ["ReadWriteOnce"]),
    ("PersistentVolumeClaim", "spool", "replace", "/spec/volumeName", "spool"),
    ("PersistentVolume", "mp3spool-spool", "replace", "/spec/claimRef/namespace", "default"),
    ("Ingress", "gateway", "remove", "/metadata/annotations/nginx.ingress.kubernetes.io~1proxy-body-size", None),
    ("Ingress", "gateway", "replace", "/spec/rules/0/http/paths/0/backend/service/name", "gate"),
    ("Ingress", "gateway", "replace", "/spec/rules/0/host", "other.example.org"),
    ("Ingress", "gateway", "replace", "/spec/rules/0/http/paths/0/pathType", "Prefix"),
    ("Ingress", "gateway", "remove", "/spec/rules/0/http/paths/3", None),
    ("CronJob", "backup", "replace", "/spec/jobTemplate/spec/template/spec/containers/0/args/0", "back-up"),
    ("CronJob", "clean", "replace", "/spec/jobTemplate/spec/template/spec/containers/0/args/0", "cleanse"),
    ("CronJob", "clean", "remove", "/spec/jobTemplate/spec/template/spec/containers/0/volumeMounts/3", None),
    ("ConfigMap", "settings", "replace", "/data/mp3spool.yaml", "{spool: /elsewhere, database: /data/mp3spool.sqlite}"),
]


@case
def mistakes(world):
    """Each mistake of the list that a schema does not see is seen."""
    known, whole = program(world), rendered(world, "example")
    overlooked = []
    for kind, name, operation, path, value in MISTAKES:
        objects = copy.deepcopy(whole)
        one = next(one for one in objects if identity(one) == (kind, name))
        operate(one, {"op": operation, "path": path, "value": value})
        if not list(problems(objects, known)):
            overlooked.append(f"{kind}/{name} {path}")
    expect(not overlooked, f"nothing was said of {overlooked}")


@case
def settings(world):
    """The program takes the settings of the ConfigMap; a name that it does not know stops it."""
    text = next(one for one in rendered(world, "example") if one["kind"] == "ConfigMap")["data"]["mp3spool.yaml"]
    folder = world.folder / "settings"
    folder.mkdir()
    for name, added, status in (("good", "", 0), ("bad", "\nspoool: /x\n", 64)):
        file = folder / f"{name}.yaml"
        file.write_text(text + added)
        words = ["user", "add", "ann@example.org", "--password-stdin", "--config", file, "--spool", folder / "spool"]
        done = subprocess.run(
            [world.program, *words, "--database", folder / f"{name}.sqlite"],
            input="correct horse battery staple\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
        expect(done.returncode == status, f"{name}: {done}")


@case
def documented(world):
    """The article tells of each Secret that the operator makes, with settings that go together; its patches fit the objects,
    and the overlays have this version's image."""
    article = (world.repository / "Sources/mp3spool/Documentation.docc/Kubernetes.md").read_text()
    for _, name in OPERATORS:
        expect(
            re.search(rf"create secret \w+ {name}\b", article),
            f"the article does not say how to make the Secret {name}",
        )
    literals = dict(re.findall(r"--from-literal=(\w+)=['\"]?([^'\"\s]+)", article))
    literals["JWT_SECRET"] = "0123456789abcdef0123456789abcdef"
    run(world.program, "config", env=literals, cwd=world.folder)
    patches = [
        patch
        for block in re.findall(r"\n```yaml\n(.*?)```\n", article, re.DOTALL)
        for patch in yaml.safe_load(block)["patches"]
    ]
    expect(patches, "the article has no patches")
    for overlay in OVERLAYS:
        expect(overlay in article, f"the article does not tell of the overlay {overlay}")
        objects = rendered(world, overlay)
        images = set(re.findall(r"image: (\S+)", yaml.safe_dump_all(objects)))
        expect(images == {f"registry.example.org/mp3spool:{world.version}"}, f"{overlay} has {images}")
        for patch in patches:
            apply(patch, objects)
        found = list(problems(objects, program(world)))
        expect(not found, f"{overlay}, patched as the article says: {found}")
