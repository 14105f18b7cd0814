"""A program and its instances: code compiled once, a memory of its own for each guest.

The code module imports its memory, so an instance is two instantiations: a module that defines a memory, which starts
as an image (linear.py), and the code on top of it.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import wasmtime
from wasmtime import _ffi as ffi

from cellblock_sandbox.machine.calls import (
    NESTED_TOO_DEEPLY,
    Border,
    GuestFunction,
    GuestTrap,
    HostFunctions,
    new_function,
    self_test,
    signature_of,
)
from cellblock_sandbox.machine.creator import creator
from cellblock_sandbox.machine.engine import engine
from cellblock_sandbox.machine.interruption import Reason
from cellblock_sandbox.machine.linear import MAX_PAGES, PAGE, LinearMemory, MemoryImage
from cellblock_sandbox.machine.memory import GuestMemory

_HOST_PAGE = mmap.PAGESIZE
_TABLE = "__indirect_function_table"
# Room for the functions a guest makes at run time (ctypes callbacks), beyond what the link put in the table. Each takes
# 5 KB of the host's memory, which no other limit counts, and none is given back before the end.
_TABLE_GROWTH = 8192
# How many functions of the table stay prepared for the next call: the guest chooses which ones it calls.
_SLOTS_KEPT = 1024
# Each level takes Python frames on the host's side. Python's own recursion limit must not be met on the border, where
# an exception has nowhere to go.
_DEEPEST = 100


class Definition(NamedTuple):
    """One host function: its import name, its signature ("iij->i") and what runs."""

    module: str
    name: str
    signature: str
    function: Callable[..., Any]


class Program:
    """Compiled code with its host functions. One guest runs at a time in a process; `running` is it."""

    def __init__(self, code: wasmtime.Module, definitions: Iterable[Definition]) -> None:
        self_test()
        self.code = code
        self.running: Instance | None = None
        self.signatures: dict[str, str] = {}
        """Those of exports that have been called: all instances have the same."""
        self._linker = wasmtime.Linker(engine())
        self._linker.allow_shadowing = True
        self._functions = HostFunctions(self._linker, self._border)
        for each in definitions:
            self._functions.define(each.module, each.name, each.signature, each.function)

    def _border(self) -> Border:
        assert self.running is not None, "a guest calls the host only while it runs"
        return self.running.border

    def instantiate(self, image: MemoryImage, memory_limit: int) -> Instance:
        """A new guest whose memory starts as `image`, and may not grow beyond `memory_limit` bytes.

        wasmtime.WasmtimeError if it is larger than that from the start.
        """
        store = wasmtime.Store(engine())
        store.set_limits(memory_size=memory_limit, instances=2, memories=2)
        with creator.giving(image) as given:
            memory = wasmtime.Instance(store, _memory_module(image.size // PAGE), []).exports(store)["memory"]
            linear = given()
        assert isinstance(memory, wasmtime.Memory)
        self._linker.define(store, "image", "memory", memory)
        return Instance(self, store, memory, linear, self._linker.instantiate(store, self.code))


@functools.lru_cache
def _memory_module(pages: int) -> wasmtime.Module:
    """A module that defines a memory of so many pages to begin with."""
    return wasmtime.Module(engine(), f'(module (memory (export "memory") {pages} {MAX_PAGES}))')


class Instance:
    """One guest: its memory, its functions, its table."""

    def __init__(
        self,
        program: Program,
        store: wasmtime.Store,
        memory: wasmtime.Memory,
        linear: LinearMemory,
        code: wasmtime.Instance,
    ) -> None:
        self.border = Border()
        self.owner: Any = None
        """Whoever made this guest may leave here what its host functions need; the machine doesn't look at it."""
        self._program = program
        self._store = store
        self._wasm_memory = memory
        self._linear = linear
        self._code = code
        self._called: dict[str, GuestFunction] = {}
        self.interrupt_flag = 0
        self.interrupted: Reason | None = None
        """Why the guest has been asked to stop, if it has."""
        self.stopping = threading.Event()
        """Set while it has been."""
        self.heap_start = 0
        self.memory = GuestMemory(self._buffer)
        self._own_functions: dict[int, wasmtime.Func | None] = {}
        self._slots: dict[int, GuestFunction] = {}
        self._depth = 0

    # What the watchdog needs: see interruption.py.

    @property
    def revoked(self) -> bool:
        """Whether this guest's memory was taken by a hard stop."""
        return self.border.revoked

    @revoked.setter
    def revoked(self, value: bool) -> None:
        self.border.revoked = value

    @property
    def in_host(self) -> bool:
        """Whether host code runs on this guest's behalf."""
        return self.border.in_host

    def request_interrupt(self, reason: Reason) -> None:
        """Make CPython's next periodic check raise SIGINT, and end the guest's waits: it is there to see it then."""
        self.interrupted = reason
        self.memory.set_u32(self.interrupt_flag, 1)
        self.stopping.set()

    def clear_interrupt(self) -> None:
        """Withdraw a request that came too late for the run it was meant for."""
        self.interrupted = None
        self.stopping.clear()
        if self.memory.u32(self.interrupt_flag):
            self.memory.set_u32(self.interrupt_flag, 0)

    def address_range(self) -> tuple[int, int, int]:
        """Where linear memory lies in this process, how much of it lies below the heap, and all of its bytes."""
        size = self._linear.size
        return self._linear.address, min(self.heap_start & -_HOST_PAGE, size), size

    # Calls.

    def call(self, name: str, *arguments: int) -> int:
        """Call an exported guest function with integers; its integer result, or 0.

        Raises what a host function raised, Interrupted after a hard stop, or GuestTrap, which also ends guest and host
        that call each other too deeply.
        """
        function = self._called.get(name)
        if function is None:
            function = self._called[name] = self._exported(name)
        result: int | None = self._enter(function, arguments)
        return 0 if result is None else result

    def prepare(self, names: Iterable[str]) -> None:
        """Look up exported functions before they are called. KeyError if there is no such export."""
        for name in names:
            self._called[name] = self._exported(name)

    def _exported(self, name: str) -> GuestFunction:
        function, signatures = self.export(name), self._program.signatures
        if name not in signatures:
            signatures[name] = signature_of(function.type(self._store))
        return GuestFunction(self._store, function, signatures[name], self.border)

    def export(self, name: str) -> Any:
        """An export of the code module, by name; KeyError if there is none."""
        item = ffi.wasmtime_extern_t()
        raw = name.encode()
        found = ffi.wasmtime_instance_export_get(
            self._store._context(),
            ctypes.byref(self._code._instance),
            ctypes.create_string_buffer(raw),
            len(raw),
            ctypes.byref(item),
        )
        if not found:
            raise KeyError(f"the code module exports no {name}")
        return wasmtime._extern.wrap_extern(item)

    def call_slot(self, slot: int, *arguments: int | float) -> Any:
        """Call a function of the table; its result, or None. Raises as `call` does.

        Missing arguments are zeros, further ones are dropped, as in JavaScript's calls of WebAssembly: guests rely on
        it, such as when C's open() is called through ctypes without a mode. LookupError for a slot that is empty or
        beyond the table, TypeError for a function or arguments that don't fit otherwise.
        """
        slot &= 0xFFFFFFFF
        function = self._slots.get(slot)
        if function is None:
            if len(self._slots) >= _SLOTS_KEPT:
                self._slots.clear()
            found = self._function_at(slot)
            signature = signature_of(found.type(self._store))
            function = self._slots[slot] = GuestFunction(self._store, found, signature, self.border)
        if len(arguments) != function.arity:
            arguments = (*arguments, *[0] * function.arity)[: function.arity]
        return self._enter(function, arguments)

    def _enter(self, function: GuestFunction, arguments: tuple[int | float, ...]) -> Any:
        """Call `function` as this guest's: what host functions ask for, they get from it."""
        if self._depth >= _DEEPEST:
            raise GuestTrap(NESTED_TOO_DEEPLY)
        previous, self._program.running = self._program.running, self
        self._depth += 1
        try:
            return function(*arguments)
        finally:
            self._depth -= 1
            self._program.running = previous

    def _function_at(self, slot: int) -> wasmtime.Func:
        table: wasmtime.Table = self.export(_TABLE)
        function = table.get(self._store, slot) if slot < table.size(self._store) else None
        if not isinstance(function, wasmtime.Func):
            raise LookupError(f"table slot {slot} holds no function")
        return function

    def add(self) -> int:
        """Reserve a table slot for a function of this guest's own. MemoryError if there is no room."""
        if len(self._own_functions) >= _TABLE_GROWTH:
            raise MemoryError("no room for more functions in the table")
        table: wasmtime.Table = self.export(_TABLE)
        try:
            slot = table.grow(self._store, 1, None)
        except wasmtime.WasmtimeError as error:
            raise MemoryError(f"the table can't grow: {error}") from error
        self._own_functions[slot] = None
        return slot

    def set(self, slot: int, signature: str, function: Callable[..., Any]) -> None:
        """Put a host function, of a type like "id->i", in a slot that `add` reserved and nothing is in yet.

        ValueError for any other slot: what is there may be running, or be on its way to be called.
        """
        if slot not in self._own_functions or self._own_functions[slot] is not None:
            raise ValueError(f"slot {slot} is not an empty one of the guest's own")
        table: wasmtime.Table = self.export(_TABLE)
        self._own_functions[slot] = new_function(self._store, signature, function, self.border)
        table.set(self._store, slot, self._own_functions[slot])

    def own_functions(self) -> int:
        """How many functions of its own this guest holds in the table."""
        return sum(function is not None for function in self._own_functions.values())

    # Memory.

    def grow(self, size: int) -> bool:
        """Make linear memory at least `size` bytes long; False if the limit is in the way."""
        missing = size - self.memory.size
        if missing > 0:
            try:
                self._wasm_memory.grow(self._store, -(-missing // PAGE))
            except wasmtime.WasmtimeError:
                return False
            self.memory.refresh()
        return True

    def table_size(self) -> int:
        """The number of slots in the table."""
        table: wasmtime.Table = self.export(_TABLE)
        return table.size(self._store)

    def close(self) -> None:
        """Give everything back to the system. The instance can't be used afterwards."""
        self._called.clear()
        self._slots.clear()
        self._own_functions.clear()  # which hold all of the guest's world: 3 KB each until a collection, else
        self.memory.forget()
        if not self.revoked:
            self._linear.leave()
        self._store.close()

    def _buffer(self) -> memoryview:
        return memoryview((ctypes.c_ubyte * self._linear.size).from_address(self._linear.address)).cast("B")
