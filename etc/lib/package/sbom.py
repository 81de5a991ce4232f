"""Writes what a release build of mp3spool is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).

    sbom.py --program FILE --built FOLDER --version VERSION --time SECONDS [--notices FILE]

FILE is the program as people get it, FOLDER the one of SwiftPM's release build. Listed are the Swift packages whose object
files were linked, with what they have copied from elsewhere; the parts of Swift's runtime; and the shared libraries that
the program loads, with the Debian packages that they are from. The same build gives the same bytes. With --notices the
licences of what was linked are written there, as they want to be told whoever gets a copy.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

# The parts of Swift's runtime, each with a symbol that a program has which was linked with it.
RUNTIME = {
    "swift": "swift_retain",
    "swift-corelibs-libdispatch": "dispatch_async_f",
    "swift-corelibs-foundation": "CFStringGetLength",
    "swift-foundation": "$s20FoundationEssentials4DataVMn",
    "swift-foundation-icu": "uloc_getDefault",
}


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def reference(kind, name, version):
    return f"{kind}:{name}@{version}"


class Build:
    """What SwiftPM wrote down of a build."""

    def __init__(self, folder):
        self.folder = Path(folder)
        # .build/TRIPLE/release
        self.root = self.folder.resolve().parents[1]
        self.program = self.folder / "mp3spool"
        resolved = json.loads((self.root.parent / "Package.resolved").read_text())
        self.pins = {pin["identity"]: pin for pin in resolved["pins"]}

    def modules(self):
        """The modules whose object files were linked, by the checkout that they are from."""
        linked = (self.folder / "mp3spool.product/Objects.LinkFileList").read_text()
        wanted = set(re.findall(r"/release/([^/\s]+)\.build/", linked))
        modules, inputs = {}, ""
        for line in (self.root / "release.yaml").read_text().splitlines():
            line = line.strip()
            if line.startswith("inputs:"):
                inputs = line
            elif line.startswith("outputs:"):
                checkout = re.search(r"/checkouts/([^/\"]+)/", inputs)
                for module in set(re.findall(r"/release/([^/\"]+)\.build/[^\"]*\.o\"", line)) & wanted:
                    if checkout:
                        modules.setdefault(checkout[1], set()).add(module)
        return modules

    def symbols(self):
        return set(re.findall(r" [A-Za-z] (\S+)$", output("nm", str(self.program)), re.MULTILINE))


def licence(folder):
    """The licence of a checkout, by its text: an expression of https://spdx.org/licenses."""
    text = " ".join(path.read_text(errors="replace") for path in sorted(folder.glob("LICENSE*")))
    text = re.sub(r"\s+", " ", text)
    if "Apache License" in text:
        return "Apache-2.0 WITH Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"
    if "Permission is hereby granted, free of charge" in text:
        return "MIT"
    raise SystemExit(f"etc/package: the licence of {folder} is not known.")


def copied(folder, modules):
    """What a Swift package has copied from others, and knows no version manager of: name, version, licence, address."""
    sources = folder / "Sources"
    for module in sorted(modules):
        if (sources / module / "hash.txt").exists():
            revision = (sources / module / "hash.txt").read_text().split()[-1]
            yield "boringssl", revision, "OpenSSL AND ISC", "https://boringssl.googlesource.com/boringssl"
        if module == "CNIOLLHTTP":
            text = (sources / module / "include/c_nio_llhttp.h").read_text()
            numbers = [re.search(rf"LLHTTP_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")]
            yield "llhttp", ".".join(numbers), "MIT", "https://github.com/nodejs/llhttp"
        if module == "CNIOExtrasZlib":
            version = (sources / module / "vendored-zlib.version").read_text().strip()
            yield "zlib", version, "Zlib", "https://github.com/madler/zlib"
        if module == "CYaml":
            # Nothing in it says which version was copied.
            yield "libyaml", None, "MIT", "https://github.com/yaml/libyaml"


def component(name, version, expression, address, kind="library", purl=None):
    made = {
        "type": kind,
        "bom-ref": reference("swift" if purl else "source", name, version),
        "name": name,
        "licenses": [{"expression": expression}],
        "externalReferences": [{"type": "vcs", "url": address}],
    }
    if version:
        made["version"] = version
    if purl:
        made["purl"] = purl
    return made


def swift_packages(build):
    for checkout, modules in sorted(build.modules().items(), key=lambda item: item[0].lower()):
        pin = build.pins[checkout.lower()]
        version, address = pin["state"]["version"], pin["location"].removesuffix(".git")
        folder = build.root / "checkouts" / checkout
        purl = f"pkg:swift/{address.removeprefix('https://')}@{version}"
        made = component(checkout, version, licence(folder), address, purl=purl)
        inner = [component(*found) for found in copied(folder, modules)]
        for one in inner:
            one["bom-ref"] = f"{made['bom-ref']}/{one['name']}"
        if inner:
            made["components"] = inner
        yield made


def runtime(build):
    version = re.search(r"Swift version ([\w.]+)", output("swift", "--version"))[1]
    symbols = build.symbols()
    for name, symbol in RUNTIME.items():
        if symbol not in symbols:
            continue
        expression = "Apache-2.0 WITH Swift-exception"
        if name == "swift-foundation-icu":
            expression += " AND Unicode-3.0"
        address = f"https://github.com/swiftlang/{name}"
        yield component(name, version, expression, address, purl=f"pkg:swift/github.com/swiftlang/{name}@{version}")


def debian_package(path):
    """The package that a file is from. dpkg may know it by its name before /lib became /usr/lib."""
    real = str(Path(path).resolve())
    for name in (real, real.removeprefix("/usr"), path):
        found = subprocess.run(["dpkg-query", "--search", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.splitlines()[0].split(": ")[0]
    raise SystemExit(f"etc/package: {path} is of no Debian package.")


def shared_libraries(program):
    """The Debian packages of all that the loader loads, and which of them the program itself names."""
    named = set(re.findall(r"NEEDED\s+(\S+)", output("objdump", "-p", str(program))))
    packages = {}
    for line in output("ldd", str(program)).splitlines():
        # "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)"; the loader itself has its path first.
        found = re.match(r"\s*(\S+)(?: => (\S+))? \(0x", line)
        path = found and (found[2] or found[1])
        if not path or not path.startswith("/"):
            if "not found" in line:
                raise SystemExit(f"etc/package: {line.strip()}")
            continue
        entry = packages.setdefault(debian_package(path), {"libraries": set(), "direct": False})
        entry["libraries"].add(Path(found[1]).name)
        entry["direct"] |= found[1] in named
    return packages


def debian_components(packages):
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Homepage}"
    for package, entry in sorted(packages.items()):
        name, version, architecture, source, source_version, homepage = output(
            "dpkg-query", "--show", f"--showformat={fields}", package
        ).split("\t")
        quoted = version.replace("+", "%2B").replace(":", "%3A").replace("~", "~")
        made = {
            "type": "library",
            "bom-ref": reference("debian", name, version),
            "name": name,
            "version": version,
            "purl": f"pkg:deb/debian/{name}@{quoted}?arch={architecture}",
            "properties": [
                {"name": "mp3spool:libraries", "value": " ".join(sorted(entry["libraries"]))},
                {"name": "mp3spool:linked", "value": "directly" if entry["direct"] else "by another library"},
                {"name": "mp3spool:debian-source", "value": f"{source} {source_version}"},
            ],
        }
        if homepage.startswith("http"):
            made["externalReferences"] = [{"type": "website", "url": homepage}]
        yield made, entry["direct"]


def document(words):
    build = Build(words.built)
    linked = list(runtime(build)) + list(swift_packages(build))
    shared = list(debian_components(shared_libraries(words.program)))
    program = {
        "type": "application",
        "bom-ref": reference("program", "mp3spool", words.version),
        "name": "mp3spool",
        "version": words.version,
        "licenses": [{"license": {"id": "MIT"}}],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(Path(words.program).read_bytes()).hexdigest()}],
    }
    needed = [one["bom-ref"] for one in linked] + [one["bom-ref"] for one, direct in shared if direct]
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": output("date", "--utc", f"--date=@{words.time}", "+%Y-%m-%dT%H:%M:%SZ").strip(),
            "tools": {"components": [{"type": "application", "name": "etc/package", "version": words.version}]},
            "component": program,
        },
        "components": linked + [one for one, _ in shared],
        "dependencies": [{"ref": program["bom-ref"], "dependsOn": needed}],
    }
    # A name that is the content's own: the same bytes each time.
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom, sort_keys=True)).urn
    return build, bom


def notices(build):
    """The licences and notices of all Swift packages that were linked, each once."""
    texts = {}
    for checkout in sorted(build.modules(), key=str.lower):
        folder = build.root / "checkouts" / checkout
        for path in sorted(folder.glob("LICENSE*")) + sorted(folder.glob("NOTICE*")):
            texts.setdefault(path.read_text(errors="replace").strip(), []).append(checkout)
    parts = [
        "mp3spool has been linked with what follows, and with Swift's runtime, which has the licence of swift-system."
    ]
    parts += [f"{'=' * 80}\n{', '.join(dict.fromkeys(names))}\n{'=' * 80}\n\n{text}" for text, names in texts.items()]
    return "\n\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--built", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--time", required=True, type=int)
    parser.add_argument("--notices")
    words = parser.parse_args()
    build, bom = document(words)
    if words.notices:
        Path(words.notices).write_text(notices(build))
    json.dump(bom, sys.stdout, indent=2, ensure_ascii=False)
    print()


main()
