"""What a syscall sees of the world: everything it may use is an attribute of Host, and nothing else is within reach."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cellblock_sandbox.filesystem.descriptors import OpenFile
from cellblock_sandbox.filesystem.filesystem import FileSystem
from cellblock_sandbox.machine.memory import GuestMemory


class Clock(Protocol):
    """The time the guest is told. Tests give a fake one."""

    def realtime_ns(self) -> int:
        """Return nanoseconds since 1970, UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds since some fixed moment; never goes back."""
        ...

    def cpu_ns(self) -> int:
        """Return nanoseconds of processor time that this sandbox has used. libc's clock() ends after 2147 seconds."""
        ...

    def sleep(self, seconds: float, until: threading.Event | None = None) -> None:
        """Let the thread sleep, but no longer than until `until` is set."""
        ...


class SystemClock:
    """The host's own clock; processor time is that of the calling thread since the clock was made."""

    def __init__(self) -> None:
        self._cpu_start = time.thread_time_ns()

    def realtime_ns(self) -> int:
        """Return nanoseconds since 1970, UTC."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Return nanoseconds of the host's monotonic clock."""
        return time.monotonic_ns()

    def cpu_ns(self) -> int:
        """Return nanoseconds of processor time, 0 at least: another thread's count may be behind."""
        return max(0, time.thread_time_ns() - self._cpu_start)

    def sleep(self, seconds: float, until: threading.Event | None = None) -> None:
        """Let the thread sleep; other threads of the process run on."""
        if until is None:
            time.sleep(seconds)
        else:
            until.wait(min(seconds, threading.TIMEOUT_MAX))


class GuestCall(Protocol):
    """Calls a function that the guest exports."""

    def __call__(self, name: str, *args: int) -> int:
        """Call the export `name`; return its result."""
        ...


class IndirectCall(Protocol):
    """Calls a function of the guest's table."""

    def __call__(self, slot: int, *args: int | float) -> Any:
        """Call table slot `slot`; return its result, None if it has none. CallRefused if nothing is there."""
        ...


class FunctionTable(Protocol):
    """Makes functions that the guest can call through its table."""

    def add(self) -> int:
        """Reserve a slot. MemoryError if the table is full."""
        ...

    def set(self, slot: int, signature: str, function: Callable[..., Any]) -> None:
        """Put `function`, of a type like "id->i", in a reserved slot."""
        ...


@dataclass(frozen=True)
class LinkedLibrary:
    """A side module of the link: slots to call when it is first opened, and what `dlsym` answers."""

    path: str
    needed: tuple[str, ...]
    starters: tuple[int, ...]
    symbols: Mapping[str, int]


@dataclass(frozen=True)
class LinkTables:
    """What the linker left for the dynamic loader's calls: side modules by guest path, the main module's symbols."""

    libraries: Mapping[str, LinkedLibrary]
    main_symbols: Mapping[str, int]
    missing: tuple[str, ...]
    heap_start: int = 0
    trampoline_slot: int = 0


@dataclass
class FileMapping:
    """A file mapped into memory, and what its pages held when they last agreed with the file (memory.py)."""

    file: OpenFile
    pages: list[int]


class Trace(Protocol):
    """Is told of every call, for debugging and as an oracle in tests."""

    def __call__(self, name: str, params: tuple[str, ...], args: tuple[int, ...], result: float | None) -> None:
        """Take note of one finished call."""
        ...


@dataclass
class Host:
    """One sandbox, as its syscalls see it.

    `grow_memory(size)` makes linear memory at least `size` bytes large, refreshes `memory` and returns True, or returns
    False when the limit forbids it. `guest_call` and `call_slot` run guest code, which may grow memory: views taken
    before are stale after. `log` takes diagnostics of the guest's runtime (they are not part of its output).
    `mappings` holds the file behind every live mmap, by address. `links` and `opened` are the linked libraries and
    those that have been started, in order; `table` makes functions for ctypes callbacks. Nothing waits
    once `stopping` is set: the guest has been asked to stop. `deadline` is the moment, by `time.monotonic()`, at which
    it will be at the latest.
    """

    memory: GuestMemory
    files: FileSystem
    clock: Clock
    environ: Mapping[str, str]
    grow_memory: Callable[[int], bool]
    guest_call: GuestCall
    call_slot: IndirectCall
    max_memory: int = 4_294_901_760
    program: str = "python"
    log: Callable[[str], None] = lambda _: None
    trace: Trace | None = None
    mappings: dict[int, FileMapping] = field(default_factory=dict)
    links: LinkTables | None = None
    opened: list[str] = field(default_factory=list)
    table: FunctionTable | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    deadline: float | None = None
