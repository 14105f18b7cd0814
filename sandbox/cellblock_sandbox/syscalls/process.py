"""The process: identity, its end, signals, diagnostics. There are no other processes and no timers."""

from __future__ import annotations

from typing import NoReturn

from cellblock_sandbox.abi.tables import ENOSYS
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.syscalls.errors import GuestAbort, GuestExit
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import syscall, wasi

LOG_LIMIT = 4096


def text(host: Host, ptr: int) -> str:
    """Return a C string for a message: never fails on its bytes, "?" for a null pointer. EFAULT."""
    return host.memory.cstring(ptr, LOG_LIMIT).decode("utf-8", "replace") if ptr else "?"


@wasi("proc_exit", "i->", params=("status",))
def proc_exit(host: Host, status: int) -> NoReturn:
    """End the guest: raises GuestExit."""
    raise GuestExit(status)


@syscall("exit", "i->", params=("status",))
def exit_process(host: Host, status: int) -> NoReturn:
    """End the guest: raises GuestExit. Emscripten's exit, which Pyodide imports besides WASI's."""
    raise GuestExit(status)


@syscall("_abort_js", "->")
def abort(host: Host) -> NoReturn:
    """End the guest: raises GuestAbort. See abort(3)."""
    raise GuestAbort("the guest called abort()")


@syscall("__assert_fail", "iiii->", params=("condition", "filename", "line", "function"))
def assert_fail(host: Host, condition: int, filename: int, line: int, function: int) -> NoReturn:
    """End the guest over a C assertion: raises GuestAbort with its text."""
    where = f"{text(host, filename)}:{line}, in {text(host, function)}"
    raise GuestAbort(f"assertion failed in the guest: {text(host, condition)} ({where})")


@syscall("__syscall_getuid32_js", "->i")
def getuid32(host: Host) -> int:
    """Return 0, as libc does for the effective user and the groups. CPython's Python/emscripten_syscalls.c."""
    return 0


@syscall("__syscall_umask_js", "i->i", params=("mask",))
def umask(host: Host, mask: int) -> int:
    """Set the bits that new files don't get; return those before. See umask(2)."""
    before, host.files.umask = host.files.umask, mask & 0o777
    return before


@syscall("_emscripten_system", "i->i", params=("command",))
def system(host: Host, command: int) -> int:
    """Answer 0 to a null command, there is no shell; ENOSYS to any other. See system(3)."""
    if command:
        raise FileSystemError(ENOSYS)
    return 0


@syscall("_setitimer_js", "id->i", params=("which", "milliseconds"))
def setitimer(host: Host, which: int, milliseconds: float) -> None:
    """Accept stopping a timer; ENOSYS to starting one, which could never fire. See setitimer(2)."""
    if milliseconds:
        raise FileSystemError(ENOSYS)


@syscall("__call_sighandler", "ii->", params=("handler", "signal"))
def call_sighandler(host: Host, handler: int, signal: int) -> None:
    """Call a signal handler of the guest, a slot of its table, for raise(3)."""
    host.call_slot(handler, signal)


@syscall("emscripten_runtime_keepalive_push", "->")
def runtime_keepalive_push(host: Host) -> None:
    """Do nothing: whether the guest lives on after main isn't the guest's to say. Likewise the next two."""


@syscall("emscripten_runtime_keepalive_pop", "->")
def runtime_keepalive_pop(host: Host) -> None:
    """Do nothing."""


@syscall("_emscripten_runtime_keepalive_clear", "->")
def runtime_keepalive_clear(host: Host) -> None:
    """Do nothing."""


@syscall("_emscripten_log_formatted", "ii->", params=("flags", "message"))
def log_formatted(host: Host, flags: int, message: int) -> None:
    """Pass on a diagnostic of the guest's C code. EFAULT."""
    host.log(text(host, message))


@syscall("emscripten_log_impl_js", "i->", params=("message",))
def log_impl(host: Host, message: int) -> None:
    """Pass on a diagnostic of the guest's C code. EFAULT."""
    host.log(text(host, message))


@syscall("emscripten_debugger", "->")
def debugger(host: Host) -> None:
    """Do nothing: there is no debugger to stop in."""
