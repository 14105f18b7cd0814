"""The network's calls whose refusal isn't an errno: names are never resolved, and no descriptor is a socket.

The socket calls proper are refused in refusals.py.
"""

from __future__ import annotations

from cellblock_sandbox.abi.tables import EAI_FAIL
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import syscall


@syscall("getaddrinfo", "iiii->i", params=("node", "service", "hints", "result"))
def getaddrinfo(host: Host, node: int, service: int, hints: int, result: int) -> int:
    """Answer EAI_FAIL: there is no network to resolve names with. See getaddrinfo(3)."""
    return EAI_FAIL


@syscall("getnameinfo", "iiiiiii->i", params=("sa", "salen", "node", "nodelen", "serv", "servlen", "flags"))
def getnameinfo(
    host: Host, sa: int, salen: int, node: int, nodelen: int, serv: int, servlen: int, flags: int
) -> int:
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
