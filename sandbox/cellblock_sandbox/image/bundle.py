"""Building a bundle: fetch, link, compile. Minutes, once; every image then takes seconds.

A bundle holds the compiled code and its first memory, the linker's tables, and the archives that guests import from:
the standard library and the wheels.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.guest import GUEST_ROOT
from cellblock_sandbox.guest.process import EXPORTS, SITE_PACKAGES, STDLIB, Runtime
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.distribution import Package
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.image.toolchain import Toolchain
from cellblock_sandbox.linking.linker import Linked, link
from cellblock_sandbox.linking.merge import Merger
from cellblock_sandbox.machine.engine import compile_module
from cellblock_sandbox.syscalls.registry import all_calls

CODE, MEMORY, LINKS, WHEELS = "code.cwasm", "memory.cwasm", "links.json", "wheels"


@dataclass(frozen=True)
class Bundle:
    """A stored bundle, opened."""

    stored: Stored

    def links(self) -> Mapping[str, Any]:
        """The linker's tables."""
        tables: dict[str, Any] = json.loads(self.stored.file(LINKS).read_bytes())
        return tables

    def layers(self, guest: Path) -> LayerStack:
        """The read-only files of its guests; `guest` is the archive with our own guest packages."""
        layers = LayerStack.standard()
        layers.mount_file(self.stored.file(pins.STDLIB), STDLIB)
        for wheel in sorted(self.stored.file(WHEELS).iterdir()):
            layers.mount_archive(wheel, SITE_PACKAGES, libraries_linked=True)
        layers.mount_archive(guest, GUEST_ROOT)
        return layers

    def runtime(self, guest: Path) -> Runtime:
        """The code, ready for guests."""
        return Runtime(self.stored.file(CODE), self.links(), self.layers(guest))


def build(packages: Iterable[str], *, name: str, home: Home, progress: Progress) -> Stored:
    """Build the bundle of `packages` and all they depend on, and call it `name`; reuse it if it is there already.

    Raises what fetching raises (SourceUnavailable, HashMismatch, PackageUnknown), ToolMissing and LinkError.
    """
    store, fetcher = Store(home), Fetcher(home, progress)
    wanted = fetcher.distribution().closure(packages)
    inputs = {package.file.name: package.file.sha256 for package in wanted}
    inputs |= {each.name: each.sha256 for each in map(pins.core_file, (pins.MAIN_MODULE, pins.STDLIB))}
    inputs["binaryen"] = pins.binaryen().sha256
    inputs["interface"] = sha256_bytes(canonical_json([_provided(), sorted(EXPORTS)]))
    ident = store.id_for("bundle", inputs)
    with store.building("bundle", ident, progress):
        found = store.find("bundle", ident)
        if found is None:
            found = _build(store, name, inputs, wanted, fetcher, Toolchain(home, progress), progress)
        store.bind("bundle", name, ident)
        return found


def _build(
    store: Store,
    name: str,
    inputs: Mapping[str, str],
    wanted: tuple[Package, ...],
    fetcher: Fetcher,
    toolchain: Toolchain,
    progress: Progress,
) -> Stored:
    core = fetcher.get(map(pins.core_file, (pins.MAIN_MODULE, pins.STDLIB)))
    wheels = fetcher.get(package.file for package in wanted)
    with store.create("bundle", name, inputs) as draft:
        workdir = draft.folder / "work"
        merger = Merger(toolchain.run, workdir)
        linked = link(
            core[pins.MAIN_MODULE].read_bytes(),
            _libraries(wheels.values()),
            provided=_provided(),
            exports=EXPORTS,
            merger=merger,
            workdir=workdir,
            note=progress.note,
        )
        shutil.rmtree(workdir)
        _write(draft.folder, linked, progress)
        shutil.copyfile(core[pins.STDLIB], draft.folder / pins.STDLIB)
        (draft.folder / WHEELS).mkdir()
        for file, path in wheels.items():
            shutil.copyfile(path, draft.folder / WHEELS / file)
        draft.packages |= {package.name: package.version for package in wanted}
        draft.details |= {"libraries": len(linked.libraries), "undefined": linked.undefined}
    return store.open("bundle", draft.id, verify=False)


def _provided() -> list[str]:
    """The host functions there are: a link fixes which imports become stubs."""
    return sorted(each.name for each in all_calls())


def _libraries(wheels: Iterable[Path]) -> dict[str, bytes]:
    """Every side module of the wheels, by the path it has in the guest."""
    found = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if member.endswith(".so") or ".so." in member.rpartition("/")[2]:
                    found[f"{SITE_PACKAGES}/{member}"] = archive.read(member)
    return found


def _write(folder: Path, linked: Linked, progress: Progress) -> None:
    with progress.step(f"compile {len(linked.code) / 1e6:.1f} MB of code"):
        (folder / CODE).write_bytes(compile_module(linked.code))
    (folder / MEMORY).write_bytes(compile_module(linked.memory))
    (folder / LINKS).write_text(json.dumps(linked.tables(), sort_keys=True, separators=(",", ":")))
