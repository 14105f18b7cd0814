"""Building an image: boot a bundle's interpreter, import what should be ready, and keep its memory.

The captured memory becomes a module of its own (linking/memory.py), mapped copy-on-write by every sandbox.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.guest import guest_files
from cellblock_sandbox.guest.process import Guest, GuestLimits, GuestState
from cellblock_sandbox.image import bundle as bundles
from cellblock_sandbox.image.boot import boot
from cellblock_sandbox.image.bundle import Bundle
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.linking.memory import MAX_PAGES, captured_module
from cellblock_sandbox.machine.engine import compile_module, load_module
from cellblock_sandbox.machine.thread import guest_thread

MEMORY, GUEST = "memory.cwasm", "guest.zip"
_BOOT_LIMITS = GuestLimits(memory_bytes=2 << 30, file_bytes=64 << 20, files=1000)


def build(name: str, preload: Sequence[str], *, bundle: str, home: Home, progress: Progress) -> Stored:
    """Build the image of `bundle` that has `preload` imported, and call it `name`; reuse it if it is there already.

    Raises ImageMissing for the bundle, BuildError if the guest doesn't start or an import fails.
    """
    store = Store(home)
    inputs = {"bundle": store.open("bundle", bundle).id, "preload": " ".join(preload)}
    ident = store.id_for("image", inputs)
    with store.building("image", ident, progress):
        found = store.find("image", ident)
        if found is None:
            found = guest_thread.run(_build, store, name, inputs, preload, progress)
        store.bind("image", name, ident)
        return found


def _build(store: Store, name: str, inputs: dict[str, str], preload: Sequence[str], progress: Progress) -> Stored:
    stored = store.open("bundle", inputs["bundle"], verify=False)
    with store.create("image", name, inputs) as draft:
        guest_packages = draft.folder / GUEST
        _write_guest_packages(guest_packages)
        with progress.step(f"boot and import {', '.join(preload) or 'nothing more'}"):
            guest = _booted(Bundle(stored), guest_packages, preload)
        with progress.step("capture"):
            memory = captured_module(guest.instance.memory.view(0, guest.instance.memory.size), maximum=MAX_PAGES)
            (draft.folder / MEMORY).write_bytes(compile_module(memory))
        draft.packages |= stored.manifest.packages
        draft.details |= {"preload": list(preload), "state": asdict(_settled(guest))}
        guest.close()
    return store.open("image", draft.id, verify=False)


def _booted(bundle: Bundle, guest_packages: Path, preload: Sequence[str]) -> Guest:
    said = bytearray()
    memory = load_module(bundle.stored.file(bundles.MEMORY))
    runtime = bundle.runtime(guest_packages)
    guest = Guest(runtime, memory, _BOOT_LIMITS, GuestState(), lambda _stream, chunk: said.extend(chunk))
    boot(guest, preload, said)
    return guest


def _settled(guest: Guest) -> GuestState:
    """The guest's state beside its memory. BuildError if the imports left anything open that no image can hold."""
    descriptors = guest.host.files.descriptors.open_count() - 3
    if descriptors or guest.instance.own_functions():
        raise BuildError(
            f"the preload imports left {descriptors} files open and {guest.instance.own_functions()} ctypes callbacks "
            "alive, which an image can't hold"
        )
    return guest.state()


def _write_guest_packages(path: Path) -> None:
    """All guest files as one archive, with the fixed dates that make equal inputs equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(guest_files().items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
