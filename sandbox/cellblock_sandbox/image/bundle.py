"""Building a bundle: link, compile. Minutes, once; every image then takes seconds.

A bundle holds the compiled code and its first memory, the linker's tables, and what guests import: the standard
library, the wheels, and the bytecode of both.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.guest import GUEST_ROOT
from cellblock_sandbox.guest.process import ADDED_PACKAGES, EXPORTS, SITE_PACKAGES, STDLIB, Runtime
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.boot import boot, write_guest_packages
from cellblock_sandbox.image.bytecode import compile_sources, sources_of
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.wheels import Wheel
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Draft, Store, Stored
from cellblock_sandbox.image.toolchain import Toolchain
from cellblock_sandbox.linking.linker import Linked, link
from cellblock_sandbox.linking.merge import Merger
from cellblock_sandbox.machine.engine import compile_module, load_module
from cellblock_sandbox.machine.thread import guest_thread
from cellblock_sandbox.syscalls.registry import all_calls

CODE, MEMORY, LINKS, WHEELS, BYTECODE = "code.cwasm", "memory.cwasm", "links.json", "wheels", "bytecode.zip"


@dataclass(frozen=True)
class Bundle:
    """The folder of a bundle, opened."""

    folder: Path

    def links(self) -> Mapping[str, Any]:
        """The linker's tables."""
        tables: dict[str, Any] = json.loads((self.folder / LINKS).read_bytes())
        return tables

    def layers(self, guest: Path, added: Iterable[Path] = ()) -> LayerStack:
        """The read-only files of its guests: its own, our guest packages in the archive `guest`, and `added` wheels."""
        layers = LayerStack.standard()
        layers.mount_archive(self.folder / pins.STDLIB, STDLIB)
        for wheel in sorted(self.folder.joinpath(WHEELS).iterdir()):
            layers.mount_archive(wheel, SITE_PACKAGES, libraries_linked=True)
        if self.folder.joinpath(BYTECODE).exists():  # not yet while it is made
            layers.mount_archive(self.folder / BYTECODE, "/")
        for wheel in added:
            layers.mount_archive(wheel, ADDED_PACKAGES)
        layers.mount_archive(guest, GUEST_ROOT)
        return layers

    def runtime(self, guest: Path, added: Iterable[Path] = ()) -> Runtime:
        """The code, ready for guests."""
        return Runtime(self.folder / CODE, self.links(), self.layers(guest, added))


def build(
    wheels: Sequence[Wheel],
    fetch: Callable[[Sequence[Wheel]], Mapping[Wheel, Path]],
    *,
    name: str,
    home: Home,
    progress: Progress,
) -> Stored:
    """Build the bundle of `wheels` and call it `name`; reuse it, without calling `fetch`, if it is there already.

    Raises what `fetch` raises, SourceUnavailable and HashMismatch for the interpreter, ToolMissing and LinkError.
    """
    store = Store(home)
    inputs = {wheel.file.name: wheel.file.sha256 for wheel in wheels}
    inputs |= {each.name: each.sha256 for each in map(pins.core_file, (pins.MAIN_MODULE, pins.STDLIB))}
    inputs["binaryen"] = pins.binaryen().sha256
    inputs["interface"] = sha256_bytes(canonical_json([_provided(), sorted(EXPORTS)]))
    ident = store.id_for("bundle", inputs)
    with store.building("bundle", ident, progress):
        found = store.find("bundle", ident)
        if found is None:
            with store.create("bundle", name, inputs) as draft:
                _fill(draft, fetch(wheels), home, progress)
            found = store.open("bundle", ident, verify=False)
        store.bind("bundle", name, ident)
        return found


def _fill(draft: Draft, wheels: Mapping[Wheel, Path], home: Home, progress: Progress) -> None:
    core = Fetcher(home, progress).get(map(pins.core_file, (pins.MAIN_MODULE, pins.STDLIB, pins.LOCK)))
    workdir = draft.folder / "work"
    linked = link(
        core[pins.MAIN_MODULE].read_bytes(),
        _libraries(wheels.values()),
        provided=_provided(),
        exports=EXPORTS,
        merger=Merger(Toolchain(home, progress).run, workdir),
        workdir=workdir,
        note=progress.note,
    )
    shutil.rmtree(workdir)
    _write(draft.folder, linked, progress)
    for name in (pins.STDLIB, pins.LOCK):
        shutil.copyfile(core[name], draft.folder / name)
    (draft.folder / WHEELS).mkdir()
    for wheel, path in wheels.items():
        shutil.copyfile(path, draft.folder / WHEELS / wheel.file.name)
    guest_thread.run(_compile_sources, Bundle(draft.folder), progress)
    draft.packages |= {wheel.name: wheel.version for wheel in wheels}
    draft.details |= {"libraries": len(linked.libraries), "undefined": linked.undefined}


def _compile_sources(bundle: Bundle, progress: Progress) -> None:
    """Make the bytecode of the standard library and all wheels, in a guest of the bundle itself."""
    archives = [(bundle.folder / pins.STDLIB, STDLIB)]
    archives += [(wheel, SITE_PACKAGES) for wheel in sorted(bundle.folder.joinpath(WHEELS).iterdir())]
    packages, unfinished = bundle.folder / "guest.zip", bundle.folder / f"{BYTECODE}.part"
    write_guest_packages(packages)
    guest, _ = boot(bundle.runtime(packages), load_module(bundle.folder / MEMORY))
    total = sum(len(source) for archive in archives for _, source in sources_of(*archive))
    compile_sources(guest, chain.from_iterable(sources_of(*each) for each in archives), total, unfinished, progress)
    guest.close()
    packages.unlink()
    unfinished.rename(bundle.folder / BYTECODE)


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
