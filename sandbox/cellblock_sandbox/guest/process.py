"""A guest from the host's side: an instance, the world its syscalls see, and the one call that runs Python in it.

`Runtime` is what a process has once for each bundle: the compiled code with its host functions. A `Guest` is one
isolated interpreter on top of it, with the read-only files of its image.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellblock_sandbox.filesystem.filesystem import FileSystem
from cellblock_sandbox.filesystem.layers import LayerStack
from cellblock_sandbox.filesystem.quota import Quota
from cellblock_sandbox.guest import GUEST_ROOT
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.machine.calls import GuestTrap, Interrupted, is_stack_overflow, trap_reason
from cellblock_sandbox.machine.engine import load_module
from cellblock_sandbox.machine.instance import Definition, Program
from cellblock_sandbox.machine.interruption import Reason, watchdog
from cellblock_sandbox.machine.linear import MemoryImage
from cellblock_sandbox.machine.memory import Arriving, Buffer, GuestFault
from cellblock_sandbox.syscalls.errors import CallRefused, GuestAbort, GuestExit
from cellblock_sandbox.syscalls.host import Host, LinkedLibrary, LinkTables, SystemClock
from cellblock_sandbox.syscalls.registry import all_calls, bind

HOME = "/home/pyodide"
PYTHON = "python3.14"
STDLIB = f"/lib/{PYTHON}"
SITE_PACKAGES = f"{STDLIB}/site-packages"
# Wheels that an image or a run adds to its bundle's: ahead on the path, so that they hide another version there.
ADDED_PACKAGES = "/lib/packages"
INTERRUPT_FLAG = "Py_EMSCRIPTEN_SIGNAL_HANDLING"
# Where the guest's handler of SIGINT asks why it was interrupted.
INTERRUPTION = "interruption"

# The guest's whole environment. Nothing of the host's gets in; the user is called as in Emscripten.
ENVIRONMENT = {
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "LOGNAME": "web_user",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp",  # noqa: S108  (the guest's own)
    "PATH": "/",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHOME": "/",
    "PYTHONPATH": f"{ADDED_PACKAGES}:{SITE_PACKAGES}:{GUEST_ROOT}",
    "TZ": "UTC",
    "USER": "web_user",
}

# What the host calls in the linked module: the exports that a link keeps.
EXPORTS = frozenset(
    {
        "PyBytes_FromStringAndSize",
        "PyErr_Print",
        "PyImport_ImportModule",
        "PyObject_CallOneArg",
        "PyObject_GetAttrString",
        "PyRun_SimpleString",
        "Py_DecRef",
        "__dl_seterr",
        "__main_argc_argv",
        "__wasm_call_ctors",
        "_emscripten_stack_restore",
        "emscripten_builtin_free",
        "emscripten_builtin_memalign",
        "emscripten_get_sbrk_ptr",
        "emscripten_stack_get_current",
        "free",
        "malloc",
    }
)


# What running a block calls.
_CALLED = ("PyBytes_FromStringAndSize", "PyObject_CallOneArg", "Py_DecRef")

# Where a bytes object has its type and its size, and where its content begins. Read here instead of asked for: each
# function of a new guest that is called takes 0.1 ms. Source: CPython 3.14 Include/cpython/bytesobject.h, for 32-bit
# platforms.
_BYTES = "PyBytes_Type"
_TYPE, _SIZE, _CONTENT = 4, 8, 16

# The lowest bytes of the guest's stack as they are before it was ever full.
_UNTOUCHED = bytes(1024)


class NoAnswer(Exception):
    """The guest's runner gave nothing that could be an answer."""


class StackExhausted(Exception):
    """The guest went deeper than one of its stacks; what it computed is not to be trusted."""


class AnswerTooLarge(Exception):
    """The answer has `size` bytes, more than allowed."""

    def __init__(self, size: int) -> None:
        super().__init__(f"an answer of {size} bytes")
        self.size = size


ENDS = (Interrupted, GuestExit, GuestAbort, GuestTrap, GuestFault, StackExhausted, CallRefused, NoAnswer)
"""What a run raises when it has ended the guest."""


@dataclass(frozen=True)
class GuestLimits:
    """What one guest may use: linear memory, file bytes and inodes of its own."""

    memory_bytes: int
    file_bytes: int
    files: int


@dataclass(frozen=True)
class GuestState:
    """What an image keeps of a guest beside its memory: the libraries opened, and the runner's address."""

    opened: list[str] = field(default_factory=list)
    runner: int = 0


class Runtime:
    """The code of a bundle, ready for guests. One per process and bundle; not thread-safe, like the engine."""

    def __init__(self, code: Path, links: Mapping[str, Any]) -> None:
        self.links = read_links(links)
        calls = [Definition(each.module, each.name, each.signature, bind(each, self.host)) for each in all_calls()]
        self.program = Program(load_module(code), calls)

    def host(self) -> Host:
        """The world of the guest that runs now."""
        assert self.program.running is not None, "a guest calls the host only while it runs"
        host: Host = self.program.running.owner
        return host


class Guest:
    """One isolated interpreter. `on_output(stream, chunk)` gets what it writes to "stdout" and "stderr"."""

    def __init__(
        self,
        runtime: Runtime,
        files: LayerStack,
        memory: MemoryImage,
        limits: GuestLimits,
        state: GuestState,
        on_output: Callable[[str, bytes], None],
    ) -> None:
        self.runtime = runtime
        self.instance = runtime.program.instantiate(memory, limits.memory_bytes)
        self.instance.interrupt_flag = runtime.links.main_symbols[INTERRUPT_FLAG]
        self.instance.heap_start = runtime.links.heap_start
        self.instance.prepare(_CALLED if state.runner else ())
        self.runner = state.runner
        self.host = self.instance.owner = Host(
            memory=self.instance.memory,
            files=FileSystem(files, Quota(limits.file_bytes, limits.files), on_output),
            clock=SystemClock(),
            environ=ENVIRONMENT,
            grow_memory=self.instance.grow,
            guest_call=self.instance.call,
            call_slot=self._call_slot,
            max_memory=limits.memory_bytes,
            program=PYTHON,
            links=runtime.links,
            opened=list(state.opened),
            table=self.instance,
            stopping=self.instance.stopping,
        )
        self.interrupted: Reason | None = None
        """Why the latest run was asked to stop, if it was."""
        self.host.files.add_door(INTERRUPTION, self._why_interrupted)
        self.host.files.chdir(self.host.files.stat(HOME.encode()))

    def state(self) -> GuestState:
        """What an image needs of this guest beside its memory."""
        return GuestState(list(self.host.opened), self.runner)

    def call(self, name: str, *arguments: int) -> int:
        """Call an exported C function. Raises as `Instance.call`."""
        return self.instance.call(name, *arguments)

    def run(self, request: Buffer | Arriving, limits: Limits, cancelled: threading.Event | None = None) -> bytes:
        """Hand `request` to the guest's runner; see `ask`."""
        return self.ask(self.runner, request, limits, cancelled)

    def ask(
        self, function: int, request: Buffer | Arriving, limits: Limits, cancelled: threading.Event | None = None
    ) -> bytes:
        """Call a Python function of bytes by its address and return its answer, of at most `result_bytes`.

        A request that is still to arrive is received where the function finds it, before its time begins.

        Nothing runs for long if `cancelled` is set already: whoever sets it later calls `cancel` too.

        AnswerTooLarge leaves the guest as it is. After anything else it is unusable: Interrupted when it was asked to
        stop and the grace after that is over, GuestExit and GuestAbort when the guest ends itself, StackExhausted when
        C recursed too deeply, GuestTrap when it does what WebAssembly forbids, NoAnswer when it gives none, GuestFault
        for an answer outside its memory.
        """
        with self._watched(limits):
            argument = self._room_for(len(request))
        # Not under watch: at a hard stop the watchdog takes memory away, which host code must not be using then.
        self.instance.memory.write(argument + _CONTENT, request)
        cancelled_early = self.interrupted is Reason.CANCELLED
        with self._watched(limits):
            if cancelled_early or (cancelled is not None and cancelled.is_set()):
                self.cancel()
            return self._call_python(function, argument, limits.result_bytes)

    @contextmanager
    def _watched(self, limits: Limits) -> Iterator[None]:
        """Let guest code run, within the limits of time. Raises StackExhausted if it went too deep."""
        self.instance.clear_interrupt()
        self.host.deadline = watchdog.arm(self.instance, limits.timeout_s, limits.grace_s, limits.cpu_s)
        try:
            yield
        except GuestTrap as trap:
            if is_stack_overflow(trap) or self._stack_pointer_is_off() or self._stack_overran():
                raise StackExhausted from trap
            raise
        finally:
            self.interrupted = watchdog.disarm()
        if self._stack_overran():
            raise StackExhausted

    def lent(self, places: Iterable[Any], most_bytes: int) -> list[bytes | memoryview]:
        """The pieces of a result that the latest answer lends (guest/inside/lending.py), until anything else runs.

        The guest may have made them up. AnswerTooLarge, GuestFault for memory that it doesn't have, TypeError and
        IndexError for what is no piece.
        """
        pieces = list(places)
        size = sum(len(piece) if isinstance(piece, bytes) else piece[1] for piece in pieces)
        if size > most_bytes:
            raise AnswerTooLarge(size)
        view = self.instance.memory.view
        return [piece if isinstance(piece, bytes) else view(*piece).toreadonly() for piece in pieces]

    def cancel(self) -> bool:
        """Ask it to stop, from any thread, as at its deadline. False if it isn't running, or has been asked before."""
        return watchdog.cancel(self.instance)

    def _why_interrupted(self, _request: bytes) -> bytes:
        reason = self.instance.interrupted
        return b"" if reason is None else reason.value.encode()

    def _stack_overran(self) -> bool:
        """Whether the stack in linear memory has ever been full, and so may have grown into the static data below it.

        Nothing stops it there: CPython keeps a distance of 16 KiB, but the C code of libraries doesn't look. Its lowest
        bytes, zero at first, tell afterwards.
        """
        low = self.runtime.links.main_symbols["__stack_low"]
        return self.instance.memory.read(low, len(_UNTOUCHED)) != _UNTOUCHED

    def _stack_pointer_is_off(self) -> bool:
        """Whether a trap left the stack pointer outside its stack."""
        symbols, pointer = self.runtime.links.main_symbols, self.call("emscripten_stack_get_current") & 0xFFFFFFFF
        return not symbols["__stack_low"] < pointer <= symbols["__stack_high"]

    def _room_for(self, size: int) -> int:
        """Make a bytes object of `size` bytes."""
        room = self.call("PyBytes_FromStringAndSize", 0, size)
        if not room:
            raise NoAnswer(f"a request of {size} bytes has no room in the sandbox's memory")
        return room

    def _call_python(self, function: int, argument: int, max_answer: int) -> bytes:
        memory = self.instance.memory
        answer = self.call("PyObject_CallOneArg", function, argument)
        self.call("Py_DecRef", argument)
        # A block may have replaced the runner: what it returns need not be bytes, nor any object at all.
        if not answer or memory.u32(answer + _TYPE) != self.runtime.links.main_symbols[_BYTES]:
            raise NoAnswer("the runner gave no answer")
        size = memory.u32(answer + _SIZE)
        result = memory.read(answer + _CONTENT, size) if size <= max_answer else b""
        self.call("Py_DecRef", answer)
        if size > max_answer:
            raise AnswerTooLarge(size)
        return result

    def close(self) -> None:
        """Give everything back to the system."""
        self.instance.close()
        self.host.mappings.clear()
        self.host.files.end()

    def _call_slot(self, slot: int, *arguments: int | float) -> Any:
        try:
            return self.instance.call_slot(slot, *arguments)
        except (LookupError, TypeError) as error:
            raise CallRefused(f"call of table slot {slot}: {error}") from error


def read_links(tables: Mapping[str, Any]) -> LinkTables:
    """The link's tables as the linker wrote them (`Linked.tables`), for the dynamic loader's calls."""
    libraries = {
        path: LinkedLibrary(path, tuple(each["needed"]), tuple(each["starters"]), each["symbols"])
        for path, each in tables["libraries"].items()
    }
    return LinkTables(
        libraries,
        tables["main_symbols"],
        tuple(tables["missing"]),
        tables["heap_start"],
        tables["trampoline_slot"],
    )


__all__ = [
    "ENDS",
    "AnswerTooLarge",
    "Guest",
    "GuestAbort",
    "GuestExit",
    "GuestLimits",
    "GuestState",
    "GuestTrap",
    "Interrupted",
    "NoAnswer",
    "Runtime",
    "StackExhausted",
    "trap_reason",
]
