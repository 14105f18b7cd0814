"""The network, which a sandbox doesn't have: no name is resolved and no descriptor is a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from cellblock_sandbox.abi.tables import EAI_FAIL
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.refusals import REFUSALS
from cellblock_sandbox.syscalls.registry import syscall


def answer(errno: int) -> Callable[..., NoReturn]:
    """Return a call that does nothing but fail."""

    def refuse(host: Host, *args: int) -> NoReturn:
        """Fail with the errno that refusals.py gives."""
        raise FileSystemError(errno)

    return refuse


# libc passes every socket call six arguments, whatever it takes.
for refusal in REFUSALS.values():
    if refusal.errno is not None:
        syscall(refusal.name, "iiiiii->i", params=("a", "b", "c", "d", "e", "f"))(answer(refusal.errno))


@syscall("getaddrinfo", "iiii->i", params=("node", "service", "hints", "result"))
def getaddrinfo(host: Host, node: int, service: int, hints: int, result: int) -> int:
    """Answer EAI_FAIL: there is no network to resolve names with. See getaddrinfo(3)."""
    return EAI_FAIL


@syscall("getnameinfo", "iiiiiii->i", params=("sa", "salen", "node", "nodelen", "serv", "servlen", "flags"))
def getnameinfo(host: Host, sa: int, salen: int, node: int, nodelen: int, serv: int, servlen: int, flags: int) -> int:
    """Answer EAI_FAIL: there is no network to resolve addresses with. See getnameinfo(3)."""
    return EAI_FAIL


@syscall("getprotobyname", "i->i", params=("name",))
def getprotobyname(host: Host, name: int) -> int:
    """Answer a null pointer: no protocol is known. See getprotobyname(3)."""
    return 0


@syscall("_emscripten_lookup_name", "i->i", params=("name",))
def lookup_name(host: Host, name: int) -> int:
    """Answer 0.0.0.0 for gethostbyname(3), which has no way to be told of a failure here. Nothing can connect to it."""
    return 0


@syscall("_try_shutdown", "iii->i", params=("fd", "how", "result"))
def try_shutdown(host: Host, fd: int, how: int, result: int) -> int:
    """Answer 0: `fd` isn't one of Pyodide's Node sockets, so shutdown(2) goes its usual way."""
    return 0
