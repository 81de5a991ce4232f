"""What must be right in a set of Kubernetes objects that no schema knows: `problems` says each that is not, as a sentence."""

import re

import yaml

from kustomize import containers, identity, pod

# What the operator makes by hand; the article Kubernetes tells how.
OPERATORS = {("Secret", "secrets"), ("Secret", "tls")}


class Program:
    """What the program knows: its commands, the settings' variables, the routes of its services."""

    def __init__(self, repository, ask):
        manual = ask("manual")[1]
        environment = manual.partition(".SH ENVIRONMENT")[2].partition(".SH FILES")[0]
        self.variables = set(re.findall(r"^\.B (MP3SPOOL_\w+)", environment, re.MULTILINE)) | {
            "JWT_SECRET",
            "AUTH_SVC_ADDRESS",
        }
        description = (repository / "Sources/Gateway/Assets/openapi.yaml").read_text()
        self.routes = {
            "http": set(re.findall(r"^  (/\S*):$", description, re.MULTILINE)),
            "auth": {"/healthz"},
            "metrics": {"/healthz", "/metrics"},
        }
        self.ask = ask

    def understands(self, words):
        """Whether it is a command, with flags that its help has."""
        command = [word for word in words if not word.startswith("-")]
        status, help = self.ask(*command, "--help")
        return status == 0 and all(word in help.split() for word in words if word.startswith("-"))


def problems(objects, program):
    found = []
    for check in (selectors, references, volumes, commands, probes, confinement, scraping, ingress, scaling):
        found += check(objects, program)
    return found


def of(objects, *kinds):
    return [one for one in objects if one["kind"] in kinds]


def pods(objects):
    return [(one, pod(one)) for one in objects if pod(one)]


def name(one):
    return "/".join(identity(one))


def matching(objects, labels):
    return [
        template for _, template in pods(objects) if labels.items() <= template["metadata"].get("labels", {}).items()
    ]


def selectors(objects, _):
    wanted = []
    for one in of(objects, "Service"):
        wanted.append((name(one), one["spec"]["selector"]))
    for one in of(objects, "Deployment", "PodDisruptionBudget"):
        wanted.append((name(one), one["spec"]["selector"]["matchLabels"]))
    for one in of(objects, "NetworkPolicy"):
        wanted.append((name(one), one["spec"]["podSelector"].get("matchLabels", {})))
        for rule in one["spec"].get("egress", []) + one["spec"].get("ingress", []):
            for peer in rule.get("to", []) + rule.get("from", []):
                wanted.append((name(one), peer.get("podSelector", {}).get("matchLabels", {})))
    for one, template in pods(objects):
        for found in find(template, "labelSelector"):
            wanted.append((name(one), found["matchLabels"]))
    for who, labels in wanted:
        if not matching(objects, labels):
            yield f"{who}: no pod has the labels {labels}"
    for one in of(objects, "Deployment"):
        if not one["spec"]["selector"]["matchLabels"].items() <= pod(one)["metadata"]["labels"].items():
            yield f"{name(one)}: it does not select its own pods"
        if len(matching(objects, one["spec"]["selector"]["matchLabels"])) != 1:
            yield f"{name(one)}: it selects the pods of another"


def find(value, key):
    """All values of a key, at any depth."""
    if isinstance(value, dict):
        for own, inner in value.items():
            if own == key:
                yield inner
            yield from find(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from find(inner, key)


def references(objects, _):
    known = {identity(one) for one in objects} | OPERATORS
    for one, template in pods(objects):
        for key, kind, field in (
            ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
            ("configMap", "ConfigMap", "name"),
            ("configMapRef", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("secretRef", "Secret", "name"),
            ("secretKeyRef", "Secret", "name"),
        ):
            for reference in find(template, key):
                if (kind, reference[field]) not in known:
                    yield f"{name(one)}: there is no {kind} {reference[field]}"
    for one in of(objects, "PersistentVolumeClaim"):
        volume = one["spec"].get("volumeName")
        if volume and ("PersistentVolume", volume) not in known:
            yield f"{name(one)}: there is no PersistentVolume {volume}"
    for one in of(objects, "PersistentVolume"):
        claim = one["spec"]["claimRef"]
        if ("PersistentVolumeClaim", claim["name"]) not in known:
            yield f"{name(one)}: there is no PersistentVolumeClaim {claim['name']}"
        if claim["namespace"] not in {
            other["metadata"].get("namespace") for other in of(objects, "PersistentVolumeClaim")
        }:
            yield f"{name(one)}: no claim is in the namespace {claim['namespace']}"
    for one in of(objects, "Service"):
        for port in one["spec"]["ports"]:
            for template in matching(objects, one["spec"]["selector"]):
                if port["targetPort"] not in ports(template["spec"]["containers"]):
                    yield f"{name(one)}: its pods have no port {port['targetPort']}"
    for one in of(objects, "HorizontalPodAutoscaler"):
        target = one["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) not in known:
            yield f"{name(one)}: there is no {target['kind']} {target['name']}"


def ports(several):
    return {port["name"]: port["containerPort"] for one in several for port in one.get("ports", [])}


def allowed(objects, template):
    """The ports at which a pod may be asked; None for one that no policy but the general one is about."""
    labels = template["metadata"].get("labels", {})
    found = [
        one["spec"]
        for one in of(objects, "NetworkPolicy")
        if one["spec"]["podSelector"] and one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    ]
    rules = [rule for spec in found for rule in spec.get("ingress", [])]
    return {port["port"] for rule in rules for port in rule["ports"]} if found else None


def volumes(objects, _):
    """Each path that the settings name, and /tmp, is a volume that the container has."""
    settings = {
        key: value
        for one in of(objects, "ConfigMap")
        for text in one["data"].values()
        for key, value in yaml.safe_load(text).items()
    }
    for one, template in pods(objects):
        there = {volume["name"] for volume in template["spec"]["volumes"]}
        for container in template["spec"]["containers"]:
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            for missing in set(mounts.values()) - there:
                yield f"{name(one)}: there is no volume {missing}"
            for path in paths(container, settings):
                if not any(path == mount or path.startswith(mount + "/") for mount in mounts):
                    yield f"{name(one)}: {path} is in no volume of {container['name']}"


def variables(container):
    return {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def paths(container, settings):
    own = variables(container)
    yield "/tmp"
    if "MP3SPOOL_CONFIG" in own:
        yield own["MP3SPOOL_CONFIG"]
        yield settings["spool"]
        if container["args"][0] != "work":
            yield settings["database"]
    for key in ("MP3SPOOL_SPOOL", "MP3SPOOL_DATABASE"):
        if key in own:
            yield own[key]


def commands(objects, program):
    for one, template in pods(objects):
        for container in template["spec"]["containers"]:
            if not program.understands(container["args"]):
                yield f"{name(one)}: {container['args']} is no command"
            for key in variables(container):
                if key not in program.variables | {"MP3SPOOL_CONFIG"}:
                    yield f"{name(one)}: {key} is no setting"
            for found in find(container, "exec"):
                path, *words = found["command"]
                if path != "/usr/bin/mp3spool" or not program.understands(words):
                    yield f"{name(one)}: {found['command']} is no command"


def probes(objects, program):
    for one in of(objects, "Deployment"):
        for container in pod(one)["spec"]["containers"]:
            who = f"{name(one)}: {container['name']}"
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = container.get(kind)
                # Nobody waits for a port that tells metrics alone.
                if not probe and (kind == "livenessProbe" or ports([container]).keys() - {"metrics"}):
                    yield f"{who} has no {kind}"
                ask = (probe or {}).get("httpGet")
                if ask and ask["port"] not in ports([container]):
                    yield f"{who}: the {kind} asks the port {ask['port']}"
                elif ask and ask["path"] not in program.routes[ask["port"]]:
                    yield f"{who}: the {kind} asks for {ask['path']}, which is no route"


def confinement(objects, _):
    for one, template in pods(objects):
        spec = template["spec"]
        whole = spec.get("securityContext", {})
        rules = {
            "a service account's token": spec.get("automountServiceAccountToken") is False,
            "root": whole.get("runAsNonRoot") is True and whole.get("runAsUser", 0) > 0,
            "system calls that RuntimeDefault refuses": whole.get("seccompProfile") == {"type": "RuntimeDefault"},
            "a host's namespace": not any(key.startswith("host") for key in spec),
        }
        for container in containers(one):
            own = container.get("securityContext", {})
            rules |= {
                f"more privileges in {container['name']}": own.get("allowPrivilegeEscalation") is False,
                f"a root to write to in {container['name']}": own.get("readOnlyRootFilesystem") is True,
                f"capabilities in {container['name']}": own.get("capabilities") == {"drop": ["ALL"]},
                f"memory without limit in {container['name']}": "memory" in container["resources"].get("limits", {}),
                f"secrets as plain values in {container['name']}": not variables(container).keys() & SECRETS,
            }
        for what, holds in rules.items():
            if not holds:
                yield f"{name(one)}: it has {what}"
    covered = [one["spec"] for one in of(objects, "NetworkPolicy") if one["spec"]["podSelector"] == {}]
    if not any(set(spec["policyTypes"]) == {"Ingress", "Egress"} and not spec.get("ingress") for spec in covered):
        yield "no NetworkPolicy forbids what the others do not allow"


SECRETS = {"JWT_SECRET", "MP3SPOOL_JWT_SECRET", "MP3SPOOL_SMTP_URL"}


def scraping(objects, _):
    """Prometheus is told where metrics are, and may ask there: of gateways, and of converters, which alone know decoders."""
    asked = set()
    for one, template in pods(objects):
        notes = template["metadata"].get("annotations", {})
        if notes.get("prometheus.io/scrape") != "true":
            continue
        port = int(notes["prometheus.io/port"])
        for container in template["spec"]["containers"]:
            if port in ports([container]).values():
                asked.add(container["args"][0])
                address = variables(container).get("MP3SPOOL_METRICS_LISTEN", "")
                if container["args"][0] != "gateway" and not address.endswith(f":{port}"):
                    yield f"{name(one)}: {container['name']} does not tell its metrics at {port}"
        if port not in (allowed(objects, template) or set()):
            yield f"{name(one)}: nobody may ask for its metrics"
    for missing in {"gateway", "work"} - asked:
        yield f"nobody is told where {missing} tells its metrics"


def ingress(objects, program):
    """Strangers reach all of the gateway but its metrics."""
    yield from openings(objects)
    for one in of(objects, "Ingress"):
        paths = [path for rule in one["spec"]["rules"] for path in rule["http"]["paths"]]
        for route in program.routes["http"]:
            if any(leads(path, route) for path in paths) != (route != "/metrics"):
                yield f"{name(one)}: {route} is {'' if route == '/metrics' else 'not '}for strangers"


def leads(rule, path):
    """Whether a rule is about a path (https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types)."""
    if rule["pathType"] == "Exact":
        return rule["path"] == path
    whole = rule["path"].rstrip("/")
    return path == whole or path.startswith(whole + "/")


def openings(objects):
    """Uploads are of any size and take long (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/)."""
    prefix = "nginx.ingress.kubernetes.io/"
    services = {
        one["metadata"]["name"]: {port["name"] for port in one["spec"]["ports"]} for one in of(objects, "Service")
    }
    if not of(objects, "Ingress"):
        yield "there is no Ingress"
    for one in of(objects, "Ingress"):
        notes = one["metadata"]["annotations"]
        if notes.get(prefix + "proxy-body-size") != "0" or notes.get(prefix + "proxy-request-buffering") != "off":
            yield f"{name(one)}: it limits or buffers uploads"
        if any(int(notes.get(prefix + key, 60)) < 600 for key in ("proxy-read-timeout", "proxy-send-timeout")):
            yield f"{name(one)}: it ends what is quiet for some minutes"
        hosts = {host for tls in one["spec"]["tls"] for host in tls["hosts"]}
        for rule in one["spec"]["rules"]:
            if rule["host"] not in hosts:
                yield f"{name(one)}: {rule['host']} has no certificate"
        for tls in one["spec"]["tls"]:
            if ("Secret", tls["secretName"]) not in OPERATORS:
                yield f"{name(one)}: there is no Secret {tls['secretName']}"
        for service in find(one["spec"], "service"):
            if service["port"]["name"] not in services.get(service["name"], set()):
                yield f"{name(one)}: there is no Service {service['name']} with the port {service['port']['name']}"


def scaling(objects, _):
    shared = [one for one in of(objects, "PersistentVolumeClaim") if one["spec"]["accessModes"] == ["ReadWriteMany"]]
    if not shared:
        yield "no volume can be shared by the converters"
    for one in of(objects, "Deployment"):
        alone = {"claimName": "database"}, {"claimName": "auth-database"}
        if any(claim in alone for claim in find(pod(one), "persistentVolumeClaim")):
            if one["spec"].get("replicas") != 1 or one["spec"].get("strategy") != {"type": "Recreate"}:
                yield f"{name(one)}: two of them would share a SQLite file"
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one for one in of(objects, "HorizontalPodAutoscaler")}
    if "converter" not in scaled:
        yield "nothing scales the converters"
    elif metric(scaled["converter"]) != ("mp3spool_jobs", {"state": "waiting"}):
        yield "the converters are not scaled by the jobs that wait"
    for one in of(objects, "Deployment"):
        if one["metadata"]["name"] in scaled and "replicas" in one["spec"]:
            yield f"{name(one)}: its number of pods is set, and scaled too"


def metric(scaler):
    """The name and labels of the metric that an autoscaler goes by."""
    found = scaler["spec"]["metrics"][0]["external"]["metric"]
    return found["name"], found["selector"]["matchLabels"]
