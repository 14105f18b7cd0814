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
from functools import lru_cache
from itertools import chain
from pathlib import Path

from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.guest import GUEST_ROOT
from cellblock_sandbox.guest.process import ADDED_PACKAGES, EXPORTS, SITE_PACKAGES, STDLIB, Runtime
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.boot import boot, write_guest_packages
from cellblock_sandbox.image.bytecode import compile_sources, sources_of
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Draft, Store, Stored
from cellblock_sandbox.image.toolchain import Toolchain
from cellblock_sandbox.image.wheel import Wheel
from cellblock_sandbox.linking.linker import Linked, link
from cellblock_sandbox.linking.merge import Merger
from cellblock_sandbox.machine.engine import compile_module
from cellblock_sandbox.machine.linear import MemoryImage
from cellblock_sandbox.machine.thread import guest_thread
from cellblock_sandbox.syscalls.registry import all_calls

CODE, MEMORY, LINKS, WHEELS, BYTECODE = "code.cwasm", "memory.bin", "links.json", "wheels", "bytecode.zip"


@dataclass(frozen=True)
class Bundle:
    """A bundle opened: the code, ready for guests, and the files that all of them have."""

    runtime: Runtime
    layers: LayerStack

    @classmethod
    def open(cls, folder: Path) -> Bundle:
        """Open the bundle in `folder`. On the guest's thread."""
        layers = LayerStack.standard()
        layers.mkdir(ADDED_PACKAGES)
        layers.mount_archive(folder / pins.STDLIB, STDLIB)
        for wheel in sorted(folder.joinpath(WHEELS).iterdir()):
            layers.mount_archive(wheel, SITE_PACKAGES, libraries_linked=True)
        if folder.joinpath(BYTECODE).exists():  # not yet while it is made
            layers.mount_archive(folder / BYTECODE, "/")
        return cls(Runtime(folder / CODE, json.loads((folder / LINKS).read_bytes())), layers)

    def files(self, guest: Path, added: Iterable[Path] = ()) -> LayerStack:
        """The read-only files of one image: the bundle's, our guest packages (the archive `guest`), `added` wheels."""
        files = LayerStack.over(self.layers)
        for wheel in added:
            files.mount_archive(wheel, ADDED_PACKAGES)
        files.mount_archive(guest, GUEST_ROOT)
        return files


# A process that serves several images of a bundle opens it once: 60 ms, against 10 for an image of an open one.
open_bundle = lru_cache(maxsize=2)(Bundle.open)


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
    guest_thread.run(_compile_sources, draft.folder, progress)
    draft.packages |= {wheel.name: wheel.version for wheel in wheels}
    draft.details |= {"libraries": len(linked.libraries), "undefined": linked.undefined}


def _compile_sources(folder: Path, progress: Progress) -> None:
    """Make the bytecode of the standard library and all wheels, in a guest of the bundle itself."""
    archives = [(folder / pins.STDLIB, STDLIB)]
    archives += [(wheel, SITE_PACKAGES) for wheel in sorted(folder.joinpath(WHEELS).iterdir())]
    packages, unfinished = folder / "guest.zip", folder / f"{BYTECODE}.part"
    write_guest_packages(packages)
    bundle = Bundle.open(folder)
    guest, _ = boot(bundle.runtime, bundle.files(packages), MemoryImage(folder / MEMORY))
    total = sum(len(source) for archive in archives for _, source in sources_of(*archive))
    compile_sources(guest, chain.from_iterable(sources_of(*each) for each in archives), total, unfinished, progress)
    guest.close()
    packages.unlink()
    unfinished.rename(folder / BYTECODE)


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
    MemoryImage.write(folder / MEMORY, linked.memory)
    (folder / LINKS).write_text(json.dumps(linked.tables(), sort_keys=True, separators=(",", ":")))
