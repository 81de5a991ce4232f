"""The bill of materials: what CycloneDX allows, and whether it is what the program is made of."""

import json
import re

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from runner import case, expect, run


def bill(world):
    return json.loads((world.folder / "extracted/usr/share/doc/mp3spool/sbom.cdx.json").read_text())


@case
def schema(world):
    """It is CycloneDX 1.6, strictly."""
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill(world)))
    expect(wrong is None, f"{wrong!r}")
    spoiled = bill(world)
    spoiled["components"][0]["licenses"] = [{"license": {"id": "No-Such-Licence"}}]
    expect(JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(spoiled)), "anything is accepted")


@case
def packages(world):
    """Each package that Package.swift names is in it with that version and a licence."""
    known = {one["name"].lower(): one for one in bill(world)["components"]}
    manifest = (world.repository / "Package.swift").read_text()
    named = re.findall(r'url: "https://\S+/([^/"]+)", exact: "([^"]+)"', manifest)
    expect(len(named) > 10, f"{named}")
    for name, version in named:
        one = known.get(name.lower())
        expect(one and one["version"] == version and one["licenses"], f"{name} {version} is {one}")
    copied = {inner["name"] for one in known.values() for inner in one.get("components", [])}
    expect({"boringssl", "llhttp", "libyaml", "zlib"} <= copied, f"copied is only {copied}")
    expect("swift" in known and "swift-foundation" in known, "Swift's runtime is missing")


@case
def libraries(world):
    """Each shared library that the program names is in it, and the packages are those that the Debian package needs."""
    components = [one for one in bill(world)["components"] if one.get("purl", "").startswith("pkg:deb/")]
    values = [{entry["name"]: entry["value"] for entry in one["properties"]} for one in components]
    named = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", world.program).stdout)
    direct = {
        name
        for value in values
        if value["mp3spool:linked"] == "directly"
        for name in value["mp3spool:libraries"].split()
    }
    expect(set(named) <= direct, f"missing: {set(named) - direct}")
    depends = run("dpkg-deb", "--field", world.package, "Depends").stdout
    needed = {word.split()[0] for word in depends.split(",") if word.split()[0] not in ("systemd", "procps")}
    linked = {one["name"] for one, value in zip(components, values) if value["mp3spool:linked"] == "directly"}
    expect(needed == linked, f"dpkg-shlibdeps found {needed}, the bill has {linked}")


@case
def complete(world):
    """All that is listed is of what the program depends on, once."""
    bom = bill(world)
    references = [one["bom-ref"] for one in bom["components"]]
    expect(len(references) == len(set(references)), "a component is there twice")
    expect(set(bom["dependencies"][0]["dependsOn"]) <= set(references), "a dependency is no component")
    expect(bom["metadata"]["component"]["version"] == world.version, "it is of another version")
