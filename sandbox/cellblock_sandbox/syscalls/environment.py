"""Environment variables and the program's name."""

from __future__ import annotations

from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import syscall, wasi


def strings(host: Host) -> list[bytes]:
    """Return the environment as `NAME=value` with a NUL each."""
    return [f"{name}={value}".encode() + b"\0" for name, value in host.environ.items()]


@wasi("environ_sizes_get", "ii->i", params=("count", "size"))
def environ_sizes_get(host: Host, count: int, size: int) -> None:
    """Write how many variables there are and how many bytes they take. EFAULT."""
    variables = strings(host)
    host.memory.set_u32(count, len(variables))
    host.memory.set_u32(size, sum(map(len, variables)))


@wasi("environ_get", "ii->i", params=("environ", "buf"))
def environ_get(host: Host, environ: int, buf: int) -> None:
    """Write the variables at `buf` and a pointer to each at `environ`. EFAULT."""
    address = buf & MASK32
    for index, variable in enumerate(strings(host)):
        host.memory.write(address, variable)
        host.memory.set_u32(environ + 4 * index, address)
        address += len(variable)


@syscall("_emscripten_get_progname", "ii->", params=("buf", "size"))
def get_progname(host: Host, buf: int, size: int) -> None:
    """Write the program's name, cut to `size` with its NUL. EFAULT. Emscripten's src/lib/libcore.js."""
    if size > 0:
        host.memory.write(buf, host.program.encode()[: size - 1] + b"\0")
