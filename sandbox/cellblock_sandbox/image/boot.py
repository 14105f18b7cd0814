"""Starting CPython in a new guest, from a bundle's first memory to an interpreter that waits for requests.

In a browser Emscripten's JavaScript does this. The order matters: the heap's start has to lie above the libraries'
data before anything allocates, and the call trampoline has to be in place before CPython calls its first C function.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.guest import guest_files
from cellblock_sandbox.guest.process import PYTHON, Guest, GuestLimits, GuestState, GuestTrap, Runtime
from cellblock_sandbox.machine.engine import MemoryModule
from cellblock_sandbox.syscalls.errors import CallRefused, GuestAbort, GuestExit

_BOOT = "from cellblock_guest.inside.entry import boot; boot({preload!r})"
_RUNTIME = "_PyRuntime"
_TRAMPOLINE_OFFSET = "_PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET"
_LIMITS = GuestLimits(memory_bytes=3 << 30, file_bytes=64 << 20, files=1000)


def write_guest_packages(path: Path) -> None:
    """Write all guest files as one archive, with the fixed dates that make equal inputs equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(guest_files().items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def boot(runtime: Runtime, files: LayerStack, memory: MemoryModule, preload: Sequence[str] = ()) -> Guest:
    """Start CPython in a new guest and import `preload`; its runner is then ready.

    BuildError if the interpreter doesn't start or an import fails, with what the guest printed.
    """
    said = bytearray()
    guest = Guest(runtime, files, memory, _LIMITS, GuestState(), lambda _stream, chunk: said.extend(chunk))
    try:
        _start(guest)
        if guest.call("PyRun_SimpleString", _text(guest, _BOOT.format(preload=list(preload)))):
            raise BuildError("the guest's boot raised an exception")
        guest.runner = _attribute(guest, "cellblock_guest.inside.entry", "run")
    except (GuestExit, GuestAbort, CallRefused, BuildError, GuestTrap) as error:
        printed = said.decode(errors="replace").strip()
        raise BuildError(f"the guest did not start: {error}\n{printed}".rstrip()) from error
    return guest


def _start(guest: Guest) -> None:
    links, memory = guest.runtime.links, guest.instance.memory
    symbols = links.main_symbols
    memory.set_u32(guest.call("emscripten_get_sbrk_ptr"), links.heap_start)
    memory.set_u32(symbols[_RUNTIME] + memory.u32(symbols[_TRAMPOLINE_OFFSET]), links.trampoline_slot)
    guest.call("__wasm_call_ctors")
    program = guest.call("malloc", 16)
    memory.write(program, PYTHON.encode() + b"\0")
    arguments = guest.call("malloc", 8)
    memory.set_u32(arguments, program)
    memory.set_u32(arguments + 4, 0)
    status = guest.call("__main_argc_argv", 1, arguments)
    if status:
        raise BuildError(f"CPython's start-up ended with status {status}")


def _attribute(guest: Guest, module: str, name: str) -> int:
    """The address of a module's attribute, with a reference of its own that keeps it alive."""
    loaded = guest.call("PyImport_ImportModule", _text(guest, module))
    found = guest.call("PyObject_GetAttrString", loaded, _text(guest, name)) if loaded else 0
    if not found:
        guest.call("PyErr_Print")
        raise BuildError(f"{module}.{name} can't be imported in the guest")
    return found


def _text(guest: Guest, text: str) -> int:
    """A C string in the guest. Boot happens once, so nobody frees it."""
    raw = text.encode() + b"\0"
    pointer = guest.call("malloc", len(raw))
    guest.instance.memory.write(pointer, raw)
    return pointer
