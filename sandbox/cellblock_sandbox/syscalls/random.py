"""Random numbers, from the host's own source."""

from __future__ import annotations

import os
from typing import Final

from cellblock_sandbox.abi.tables import EINVAL
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import wasi

# The guest names the length: no allocation of ours follows it, and no call takes seconds. libc asks for 256 bytes.
CHUNK: Final = 65536
MAX_BYTES: Final = 16 * 1024 * 1024


@wasi("random_get", "ii->i", params=("buf", "size"))
def random_get(host: Host, buf: int, size: int) -> None:
    """Fill a buffer with random bytes. EINVAL for more than MAX_BYTES, EFAULT."""
    if size & MASK32 > MAX_BYTES:
        raise FileSystemError(EINVAL)
    window = host.memory.view(buf, size & MASK32)
    for start in range(0, len(window), CHUNK):
        part = window[start : start + CHUNK]
        part[:] = os.urandom(len(part))
