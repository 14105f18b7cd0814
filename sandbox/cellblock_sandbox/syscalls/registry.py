"""Syscalls as data: each is a small function and a line that gives its name, type and parameter names.

    @syscall("__syscall_openat", "iiii->i", params=("dirfd", "path", "flags", "varargs"))
    def openat(host, dirfd, path, flags, varargs): ...

A type is written as WebAssembly's letters: i = i32, j = i64, d = f64, e = externref. Arguments arrive as signed Python
integers. A function of type `->i` that returns None has succeeded with 0. `bind` is the one place where errors become
errno: `-errno` for functions of module `env`, as musl's syscalls want it, `+errno` for WASI's.

What they cost in a loop of the guest's Python (2 cores, CPython 3.11; in brackets Pyodide in Node, in the same run of
`cellblock bench --only syscalls`): stat 2.3 us (2.2), pread of 4 KB 1.8 us (0.3). 0.2 of each is the guest's own loop
and object, about 0.5 the border (machine/calls.py), 0.1 `bind`, the rest the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final, TypeVar

from cellblock_sandbox.abi.tables import EFAULT
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.machine.memory import GuestFault
from cellblock_sandbox.syscalls.host import Host

WASI: Final = "wasi_snapshot_preview1"

FAMILIES: Final = (
    "clocks",
    "descriptors",
    "directories",
    "dynload",
    "environment",
    "ffi",
    "files",
    "memory",
    "process",
    "random",
    "sockets",
)

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Syscall:
    """One import of the guest: its name, its type, the names of its parameters, and what it does."""

    name: str
    module: str
    signature: str
    params: tuple[str, ...]
    function: Callable[..., Any]

    @property
    def result(self) -> str:
        """The letter of the result's type, or ""."""
        return self.signature.partition("->")[2]

    @property
    def arguments(self) -> str:
        """The letters of the arguments' types."""
        return self.signature.partition("->")[0]


_calls: dict[str, Syscall] = {}


def syscall(
    name: str, signature: str, params: Iterable[str] = (), module: str = "env"
) -> Callable[[Function], Function]:
    """Register the decorated function as the import `name` of `module`. ValueError if the parts don't fit."""

    def register(function: Function) -> Function:
        call = Syscall(name, module, signature, tuple(params), function)
        if name in _calls or len(call.arguments) != len(call.params):
            raise ValueError(f"{name}: registered twice, or {signature} doesn't fit {call.params}")
        _calls[name] = call
        return function

    return register


def wasi(name: str, signature: str, params: Iterable[str] = ()) -> Callable[[Function], Function]:
    """Register the decorated function as an import of WASI preview 1."""
    return syscall(name, signature, params, WASI)


def all_calls() -> list[Syscall]:
    """Return every call of FAMILIES, sorted by name."""
    for family in FAMILIES:
        import_module(f"{__package__}.{family}")
    return [_calls[name] for name in sorted(_calls)]


def bind(call: Syscall, current: Callable[[], Host]) -> Callable[..., Any]:
    """Return a plain function of the call's arguments that runs it for the sandbox `current()` names.

    FileSystemError and GuestFault become errno if the call has an i32 result; without one there is nowhere to put it,
    and they pass, as do GuestExit, GuestAbort, CallRefused and any mistake of ours.
    """
    sign = 1 if call.module == WASI else -1

    def refused(error: FileSystemError | GuestFault) -> int:
        if call.result != "i":
            raise error
        return sign * (error.errno if isinstance(error, FileSystemError) else EFAULT)

    return _binder(len(call.params))(call, current, refused, 0 if call.result == "i" else None)


@cache
def _binder(count: int) -> Callable[..., Callable[..., Any]]:
    """Return what makes the function of a call with `count` arguments.

    Written out for each number, since passing arguments on as `*args` costs 0.3 us a call: Python calls a function
    whose arguments are spelled out without leaving its own loop.
    """
    names = "".join(f"a{number}, " for number in range(count))
    scope: dict[str, Any] = {"FileSystemError": FileSystemError, "GuestFault": GuestFault}
    exec(_BINDER.format(names=names), scope)  # noqa: S102  # nothing but the number of arguments goes in
    binder: Callable[..., Callable[..., Any]] = scope["bind"]
    return binder


_BINDER: Final = """
def bind(call, current, refused, success):
    function, name, params = call.function, call.name, call.params

    def run({names}):
        host = current()
        try:
            result = function(host, {names})
        except (FileSystemError, GuestFault) as error:
            result = refused(error)
        if result is None:
            result = success
        if host.trace is not None:
            host.trace(name, params, ({names}), result)
        return result

    return run
"""
