"""The wasmtime engine: one set of settings for compiling and for running.

A module compiled under other settings, by another wasmtime or for a processor with features that this one lacks does
not load. Raise `_BUNDLE_BUILD` in image/identity.py with every change of the settings here.
"""

from __future__ import annotations

import functools
import platform
from importlib import metadata
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

from cellblock_sandbox.errors import BuildError, ImageMismatch
from cellblock_sandbox.machine.creator import creator

VERSION = metadata.version("wasmtime")

# CPython checks its recursion against the guest's own 10 MiB stack, which every checking function uses
# (linking/stack.py). WebAssembly frames also live on the host's stack, at several times the size, so this limit has to
# be the farther one: then deep recursion ends as RecursionError, not as a trap. The thread that runs guests is made
# larger still (thread.py).
WASM_STACK_BYTES = 128 << 20
# wasmtime demands that this, which we never use, is not smaller.
_ASYNC_STACK_BYTES = WASM_STACK_BYTES + (1 << 20)


@functools.cache
def engine() -> wasmtime.Engine:
    """The process's engine."""
    config = wasmtime.Config()
    # exnref: Pyodide's C++ and longjmp. gc and function references: `ref.test` in the call trampoline.
    config.wasm_exceptions = True
    config.wasm_gc = True
    config.wasm_function_references = True
    config.wasm_tail_call = True
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), _ASYNC_STACK_BYTES)
    config.max_wasm_stack = WASM_STACK_BYTES
    creator.serve(config)
    return wasmtime.Engine(config)


def compile_module(wasm: bytes) -> bytes:
    """Compile a module ahead of time; the bytes are for `load_module`. BuildError if wasmtime refuses it."""
    try:
        return bytes(wasmtime.Module(engine(), wasm).serialize())
    except wasmtime.WasmtimeError as error:
        raise BuildError(f"wasmtime {VERSION} does not compile the linked module: {error}") from error


def load_module(path: Path) -> wasmtime.Module:
    """Map a compiled module from disk. The file has to be one that `compile_module` made: it holds machine code.

    ImageMismatch if it was compiled for another processor.
    """
    try:
        return wasmtime.Module.deserialize_file(engine(), str(path))
    except wasmtime.WasmtimeError as error:
        stored = str(error).rstrip().splitlines()[-1]
        raise ImageMismatch("image", path.parent.name, "processor", stored, platform.machine()) from error
