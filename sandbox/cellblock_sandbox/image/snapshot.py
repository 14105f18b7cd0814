"""Building an image: boot a bundle's interpreter, import what should be ready, and keep its memory.

The captured memory is a file, mapped privately by every sandbox (machine/linear.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.guest.process import Guest, GuestState
from cellblock_sandbox.image.boot import boot, write_guest_packages
from cellblock_sandbox.image.bundle import MEMORY, WHEELS, Bundle, open_bundle
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Store, Stored
from cellblock_sandbox.image.wheel import Wheel
from cellblock_sandbox.machine.linear import PAGE, MemoryImage
from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.machine.thread import guest_thread

GUEST = "guest.zip"
_ROOM = 1 << 20
_PIECES = tuple(1 << power for power in range(18, 3, -1))
"""Bytes of the pieces in which free memory is used up: 256 KiB to 16."""


@dataclass(frozen=True)
class Recipe:
    """What an image is made of.

    `bundle` is an id or a name, `preload` what is imported in advance, `wheels` are pure-Python ones to have beside the
    bundle's; `notes` go into the manifest's details and don't count for the image's id.
    """

    bundle: str
    preload: tuple[str, ...] = ()
    wheels: Mapping[Wheel, Path] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)


def build(name: str, recipe: Recipe, *, home: Home, progress: Progress) -> Stored:
    """Build an image and call it `name`; reuse it if it is there already.

    A module whose import fails is left out, and named in the manifest's details ("skipped") with the reason. Raises
    ImageMissing for the bundle, BuildError if the guest doesn't start.
    """
    store = Store(home)
    inputs = {"bundle": store.open("bundle", recipe.bundle).id, "preload": " ".join(recipe.preload)}
    inputs |= {wheel.file.name: wheel.file.sha256 for wheel in recipe.wheels}
    ident = store.id_for("image", inputs)
    with store.building("image", ident, progress):
        found = store.find("image", ident)
        if found is None:
            found = guest_thread.run(_build, store, name, inputs, recipe, progress)
        store.bind("image", name, ident)
        return found


def _build(store: Store, name: str, inputs: dict[str, str], recipe: Recipe, progress: Progress) -> Stored:
    bundle = store.open("bundle", inputs["bundle"], verify=False)
    with store.create("image", name, inputs) as draft:
        write_guest_packages(draft.folder / GUEST)
        draft.folder.joinpath(WHEELS).mkdir()
        for wheel, path in recipe.wheels.items():
            shutil.copyfile(path, draft.folder / WHEELS / wheel.file.name)
        with progress.step(f"boot and import {', '.join(recipe.preload) or 'nothing more'}"):
            opened, memory = open_bundle(bundle.folder), MemoryImage(bundle.file(MEMORY))
            guest, skipped = boot(opened.runtime, files_of(draft.folder, opened), memory, recipe.preload)
        for module, reason in skipped.items():
            progress.note(f"{module} is not imported in advance: {reason}")
        with progress.step("capture"):
            _use_up_free_heap(guest)
            MemoryImage.write(draft.folder / MEMORY, guest.instance.memory.view(0, _used(guest)))
        draft.packages |= {**bundle.manifest.packages, **{wheel.name: wheel.version for wheel in recipe.wheels}}
        draft.details |= {**recipe.notes, "preload": list(recipe.preload), "skipped": skipped}
        draft.details["state"] = asdict(_settled(guest))
        guest.close()
    return store.open("image", draft.id, verify=False)


def _use_up_free_heap(guest: Guest) -> None:
    """Take what booting and importing left free in the heap, so that what a sandbox adds lies together at its end.

    Small objects would go where others were freed, all over the heap, and each page written to there is a copy to make
    and to put back: with numpy and pandas a message that passes through wrote to 294, now to 160. A large value would
    first copy every page from the image: 8 MB take 4 ms, in memory that the sandbox adds under 1 ms.
    What is taken is cleared, so that empty pages need no room in the image: 16 MB of 77.
    """
    memory, end = guest.instance.memory, _heap_end(guest)
    for size in _PIECES:
        block = guest.call("malloc", size) & MASK32
        while block and block + size <= end:
            memory.view(block, size)[:] = bytes(size)
            block = guest.call("malloc", size) & MASK32
        guest.call("free", block)
        end = min(end, block)


def _heap_end(guest: Guest) -> int:
    return guest.instance.memory.u32(guest.call("emscripten_get_sbrk_ptr"))


def _used(guest: Guest) -> int:
    """How much of memory an image has to hold: up to the end of the heap, and some room for small runs.

    Memory grows a fifth ahead. What lies there would be mapped from the image in pages of 4 KiB, whereas memory that a
    sandbox adds comes in huge ones: filling 8 MB takes 4 ms in the one and under 1 ms in the other.
    """
    memory = guest.instance.memory
    return min(memory.size, -(-(_heap_end(guest) + _ROOM) // PAGE) * PAGE)


def files_of(image: Path, bundle: Bundle) -> LayerStack:
    """The read-only files of the image in the folder `image`."""
    return bundle.files(image / GUEST, sorted(image.joinpath(WHEELS).glob("*")))


def _settled(guest: Guest) -> GuestState:
    """The guest's state beside its memory. BuildError if anything is open that no image can hold."""
    descriptors = guest.host.files.descriptors.open_count() - 3
    if descriptors or guest.instance.own_functions():
        raise BuildError(
            f"the boot left {descriptors} files open and {guest.instance.own_functions()} ctypes callbacks alive, "
            "which an image can't hold"
        )
    return guest.state()
