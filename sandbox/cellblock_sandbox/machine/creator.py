"""wasmtime's memory creator: whom the engine asks for linear memories.

It is asked for each memory that a module defines: that of a guest, and the heap of an instance's exceptions, which
starts empty. Source: wasmtime/config.h, wasmtime_memory_creator_t.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from cellblock_sandbox.machine.linear import LinearMemory, MemoryImage

_Finalizer = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_EMPTY = MemoryImage()


class Creator:
    """Makes linear memories, and ends them when the engine is done with them."""

    def __init__(self) -> None:
        self._image = _EMPTY
        self._made: LinearMemory | None = None
        self._alive: dict[int, LinearMemory] = {}
        self._numbers = itertools.count(1)
        # The engine calls these for as long as it lives.
        self._new = ffi.wasmtime_new_memory_callback_t(self._new_memory)
        self._get = ffi.wasmtime_memory_get_callback_t(self._get_memory)
        self._grow = ffi.wasmtime_memory_grow_callback_t(self._grow_memory)
        self._end = _Finalizer(self._end_memory)
        self._itself = ffi.wasmtime_memory_creator_t(None, self._new, _Finalizer())

    def serve(self, config: wasmtime.Config) -> None:
        """Have engines of this configuration ask here."""
        ffi.wasmtime_config_host_memory_creator_set(config.ptr(), ctypes.byref(self._itself))

    @contextmanager
    def giving(self, image: MemoryImage) -> Iterator[Callable[[], LinearMemory]]:
        """Let the next memory start as `image`; what this gives tells it, once it is made."""
        self._image, self._made = image, None
        try:
            yield self._latest
        finally:
            self._image, self._made = _EMPTY, None

    def _latest(self) -> LinearMemory:
        assert self._made is not None, "the engine asks for a memory when it makes one"
        return self._made

    # Called by the engine. What is raised here would be printed and forgotten.

    def _new_memory(self, _env: Any, _type: Any, least: int, _most: int, room: int, guard: int, result: Any) -> int:
        try:
            memory = LinearMemory(self._image, room, guard)
            if memory.size < least:
                memory.grow(least)
        except OSError as error:
            return _refusal(error)
        if self._image is _EMPTY:
            memory.leave()  # nobody but the engine knows of it
        self._image, self._made = _EMPTY, memory
        number = next(self._numbers)
        self._alive[number] = memory
        made = result[0]
        made.env, made.get_memory, made.grow_memory, made.finalizer = number, self._get, self._grow, self._end
        return 0

    def _get_memory(self, number: int, size: Any, capacity: Any) -> int:
        memory = self._alive[number]
        size[0], capacity[0] = memory.size, memory.capacity
        return memory.address

    def _grow_memory(self, number: int, size: int) -> int:
        try:
            self._alive[number].grow(size)
        except OSError as error:
            return _refusal(error)
        return 0

    def _end_memory(self, number: int) -> None:
        with suppress(OSError):  # then nobody gets it any more
            self._alive.pop(number).end()


def _refusal(error: OSError) -> int:
    """Make the engine's error of ours; the engine takes it over."""
    made = ffi.wasmtime_error_new(ctypes.create_string_buffer(str(error).encode()))
    return ctypes.cast(made, ctypes.c_void_p).value or 0


creator = Creator()
