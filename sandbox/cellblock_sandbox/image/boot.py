"""Starting CPython in a new guest, from a bundle's first memory to an interpreter that waits for requests.

In a browser Emscripten's JavaScript does this. The order matters: the heap's start has to lie above the libraries'
data before anything allocates, and the call trampoline has to be in place before CPython calls its first C function.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgpack

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.guest import guest_files
from cellblock_sandbox.guest.process import (
    ENDS,
    PYTHON,
    Guest,
    GuestLimits,
    GuestState,
    Interrupted,
    Runtime,
    trap_reason,
)
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.machine.linear import MemoryImage

_ENTRY = "cellblock_guest.inside.entry"
_RUNTIME = "_PyRuntime"
_TRAMPOLINE_OFFSET = "_PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET"
_IMPORTING = Limits(timeout_s=120.0, grace_s=5.0, result_bytes=1 << 20)
"""The time for one import, as the guest's preload.py knows it too, and the grace after it."""
_LIMITS = GuestLimits(memory_bytes=3 << 30, file_bytes=64 << 20, files=1000)


def write_guest_packages(path: Path) -> None:
    """Write all guest files as one archive, with the fixed dates that make equal inputs equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(guest_files().items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def boot(
    runtime: Runtime, files: LayerStack, memory: MemoryImage, preload: Sequence[str] = ()
) -> tuple[Guest, dict[str, str]]:
    """Start CPython in a new guest and import `preload`; its runner is then ready.

    Also returns the modules that were left out, each with the reason: an import that failed, crashed, took too long,
    or left behind what an image can't hold. BuildError if the interpreter doesn't start, with what it printed.
    """
    given_up: dict[str, str] = {}
    while True:
        said: list[bytes] = []
        guest = Guest(runtime, files, memory, _LIMITS, GuestState(), _listener(said))
        try:
            _start(guest)
            failed = _import(guest, [name for name in preload if name not in given_up])
            guest.runner = _attribute(guest, _ENTRY, "run")
            _run_simple(guest, f"from {_ENTRY} import settle; settle()")
        except _Spoiled as problem:
            given_up[problem.module] = problem.reason
            guest.close()
        except (*ENDS, BuildError) as error:
            printed = b"".join(said).decode(errors="replace").strip()
            raise BuildError(f"the guest did not start: {error}\n{printed}".rstrip()) from error
        else:
            return guest, given_up | failed


def _listener(said: list[bytes]) -> Callable[[str, bytes], None]:
    return lambda _stream, chunk: said.append(chunk)


class _Spoiled(Exception):
    """The import of `module` has made the guest unfit to become an image."""

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(f"{module}: {reason}")
        self.module, self.reason = module, reason


def _import(guest: Guest, modules: Sequence[str]) -> dict[str, str]:
    """Import modules one after another; those that failed and did no harm, with the reasons. _Spoiled."""
    _run_simple(guest, f"from {_ENTRY} import begin; begin()")
    preload, failed = _attribute(guest, _ENTRY, "preload"), {}
    for name in modules:
        try:
            answer = msgpack.unpackb(guest.ask(preload, name.encode(), _IMPORTING))
        except ENDS as end:
            raise _Spoiled(name, f"its import ends the interpreter: {_reason(end)}") from end
        if guest.instance.own_functions():
            answer = {"unholdable": "its import makes ctypes callbacks, and an image can't hold one"}
        if "unholdable" in answer:
            raise _Spoiled(name, answer["unholdable"])
        if "failed" in answer:
            failed[name] = answer["failed"]
    return failed


def _reason(end: BaseException) -> str:
    if isinstance(end, Interrupted):
        return f"it takes more than {_IMPORTING.timeout_s:g} s and doesn't stop when asked to"
    return trap_reason(end) or type(end).__name__


def _run_simple(guest: Guest, code: str) -> None:
    if guest.call("PyRun_SimpleString", _text(guest, code)):
        raise BuildError("the guest's boot raised an exception")


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
