"""Renders a kustomization, as `kubectl kustomize` does, as far as etc/kubernetes uses its features.

Known are resources (files and folders), components, namespace, labels, images and patches in the operations of RFC 6902 with
a target.
All else is an error, so that nothing is checked otherwise than kubectl would apply it.
"""

import copy

import yaml

CLUSTER_WIDE = {"Namespace", "PersistentVolume"}
KNOWN = {"apiVersion", "kind", "resources", "components", "namespace", "labels", "images", "patches"}


def render(folder, components=()):
    """All objects, in their order; with these components as if the kustomization named them, too."""
    kustomization = read(folder, "Kustomization")
    return complete(folder, kustomization, [], [*kustomization.get("components", []), *components])


def read(folder, kind):
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(kustomization) - KNOWN
    if unknown:
        raise ValueError(f"{folder}: this renderer does not know {', '.join(sorted(unknown))}")
    if kustomization["kind"] != kind:
        raise ValueError(f"{folder}: it is a {kustomization['kind']}, and not a {kind}")
    return kustomization


def complete(folder, kustomization, objects, components):
    """What there is and what the kustomization adds to it, changed as it says."""
    for name in kustomization.get("resources", []):
        path = folder / name
        objects += render(path) if path.is_dir() else load(path)
    # A component sees what was there before it; its user changes what it made.
    for name in components:
        component = read(folder / name, "Component")
        objects = complete(folder / name, component, objects, component.get("components", []))
    # kustomize patches before it changes names, labels and images.
    for patch in kustomization.get("patches", []):
        apply(patch, objects)
    for one in objects:
        transform(one, kustomization)
    seen = [identity(one) for one in objects]
    doubled = {one for one in seen if seen.count(one) > 1}
    if doubled:
        raise ValueError(f"{folder}: twice there: {doubled}")
    return objects


def load(path):
    # Anchors become copies.
    return [copy.deepcopy(one) for one in yaml.safe_load_all(path.read_text()) if one]


def identity(one):
    return one["kind"], one["metadata"]["name"]


def transform(one, kustomization):
    metadata = one["metadata"]
    if "namespace" in kustomization:
        if one["kind"] == "Namespace":
            metadata["name"] = kustomization["namespace"]
        elif one["kind"] not in CLUSTER_WIDE:
            metadata["namespace"] = kustomization["namespace"]
    for labels in kustomization.get("labels", []):
        if set(labels) != {"pairs"}:
            raise ValueError(f"this renderer does not know labels with {set(labels) - {'pairs'}}")
        metadata.setdefault("labels", {}).update(labels["pairs"])
    for image in kustomization.get("images", []):
        for container in containers(one):
            rename(container, image)


def rename(container, image):
    name, _, tag = container["image"].partition(":")
    if name == image["name"]:
        name = image.get("newName", name)
        tag = image.get("newTag", tag)
        container["image"] = f"{name}:{tag}" if tag else name


def pod(one):
    """The pod that an object makes: its template; None where it makes none."""
    if one["kind"] == "CronJob":
        return one["spec"]["jobTemplate"]["spec"]["template"]
    return (
        one.get("spec", {}).get("template")
        if one["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job")
        else None
    )


def containers(one):
    template = pod(one)
    return template["spec"].get("initContainers", []) + template["spec"]["containers"] if template else []


def apply(patch, objects):
    if set(patch) != {"target", "patch"} or set(patch["target"]) != {"kind", "name"}:
        raise ValueError(f"this renderer knows patches with a target of kind and name alone, not {patch}")
    target = (patch["target"]["kind"], patch["target"]["name"])
    found = [one for one in objects if identity(one) == target]
    operations = yaml.safe_load(patch["patch"])
    if not found or not isinstance(operations, list):
        raise ValueError(f"a patch of {target}: no such object, or no list of operations")
    for one in found:
        for operation in operations:
            operate(one, operation)


def operate(one, operation):
    """RFC 6902, sections 4.1 to 4.3."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place = one
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    kind, value = operation["op"], copy.deepcopy(operation.get("value"))
    if isinstance(place, list):
        index = len(place) if last == "-" else int(last)
        if kind == "add":
            place.insert(index, value)
            return
        last = index
    elif kind != "add":
        place[last]  # It must be there.
    if kind == "remove":
        del place[last]
    elif kind in ("add", "replace"):
        place[last] = value
    else:
        raise ValueError(f"this renderer does not know the operation {kind}")
