"""Write the software bill of materials of the container (CycloneDX): what the service and what its blocks run on.

Three kinds of packages: Debian's, as its package manager lists them; the service's Python packages; and the wheels of
Pyodide that are baked in, which only blocks import. The manifests of bundles and images name the last, with hashes.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOM = "cellblock:room"
"""The property that tells who uses a package: the `system`, the `service`, or the `blocks` inside WebAssembly."""


def main() -> None:
    """Collect the components and write them."""
    options = _options()
    packages = {each.name: each for each in metadata.distributions(path=[str(options.python)])}
    bom = Bom()
    bom.metadata.component = itself = Component(
        name="cellblock-container", version=packages["cellblock"].version, type=ComponentType.CONTAINER
    )
    purl = PackageURL("npm", None, "pyodide", options.pyodide)
    interpreter = _component("pyodide", options.pyodide, purl, room="blocks")
    for each in chain(_debian(options.dpkg), map(_python, packages.values()), [interpreter], _wheels(options.home)):
        bom.components.add(each)
    bom.register_dependency(itself, bom.components)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    options.output.write_text(text, "utf-8")


def _debian(dpkg: Path) -> Iterator[Component]:
    """The packages that the package manager with the data `dpkg` has installed."""
    release = platform.freedesktop_os_release()
    fields = r"${Package}\t${Version}\t${Architecture}\t${db:Status-Status}\n"
    asked = subprocess.run(
        ["dpkg-query", f"--admindir={dpkg}", "--show", f"--showformat={fields}"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    for name, version, architecture, status in (line.split("\t") for line in asked.stdout.splitlines()):
        if status == "installed":
            qualifiers = {"arch": architecture, "distro": f"{release['ID']}-{release.get('VERSION_ID', 'testing')}"}
            purl = PackageURL("deb", release["ID"], name, version, qualifiers)
            yield _component(name, version, purl, room="system")


def _python(package: metadata.Distribution) -> Component:
    purl = PackageURL("pypi", None, package.name, package.version)
    component = _component(package.name, package.version, purl, room="service")
    # Older metadata holds a name, or the whole text of the licence.
    told = package.metadata["License-Expression"] or (package.metadata["License"] or "").strip().partition("\n")[0]
    if told:
        component.licenses.add(LicenseFactory().make_from_string(told))
    return component


def _wheels(home: Path) -> Iterator[Component]:
    """The wheels of all bundles and images, each once."""
    found = {}
    for manifest in (*home.glob("bundles/*/manifest.json"), *home.glob("images/*/manifest.json")):
        for file in json.loads(manifest.read_text("utf-8"))["files"]:
            if file["name"].endswith(".whl"):
                found[Path(file["name"]).name] = file["sha256"]
    for file, sha256 in sorted(found.items()):
        name, version = file.split("-")[:2]
        purl = PackageURL("pypi", None, name, version, {"file_name": file})
        yield _component(name, version, purl, room="blocks", sha256=sha256)


def _component(name: str, version: str, purl: PackageURL, *, room: str, sha256: str = "") -> Component:
    return Component(
        name=name,
        version=version,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else [],
        properties=[Property(name=ROOM, value=room)],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dpkg", type=Path, required=True, help="the package manager's data, such as /var/lib/dpkg")
    parser.add_argument("--python", type=Path, required=True, help="the site-packages of the service")
    parser.add_argument("--pyodide", required=True, help="the version of Pyodide that bundles are linked from")
    parser.add_argument("--home", type=Path, required=True, help="the folder of bundles and images")
    parser.add_argument("--output", type=Path, required=True, help="the file to write")
    return parser.parse_args()


if __name__ == "__main__":
    main()
