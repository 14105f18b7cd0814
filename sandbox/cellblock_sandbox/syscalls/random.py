"""Random numbers, from the host's own source."""

from __future__ import annotations

import os
from typing import Final

from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import wasi

# The guest names the length; no single allocation of ours follows it.
CHUNK: Final = 65536


@wasi("random_get", "ii->i", params=("buf", "size"))
def random_get(host: Host, buf: int, size: int) -> None:
    """Fill a buffer with random bytes. EFAULT."""
    window = host.memory.view(buf, size & MASK32)
    for start in range(0, len(window), CHUNK):
        part = window[start : start + CHUNK]
        part[:] = os.urandom(len(part))
