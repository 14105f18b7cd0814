"""fcntl's commands for locks.

Locks of the process (F_SETLK and the like) always succeed: there is one process, and its own locks are never in its
way. Those of open file descriptions (F_OFD_SETLK) can be. Waiting for one would be waiting for oneself: EDEADLK.
See fcntl_locking(2); struct flock is musl's.
"""

from __future__ import annotations

import struct
from typing import Final

from cellblock_sandbox.abi.tables import (
    EAGAIN,
    EDEADLK,
    EINVAL,
    F_GETLK,
    F_OFD_GETLK,
    F_OFD_SETLK,
    F_OFD_SETLKW,
    F_RDLCK,
    F_SETLK,
    F_SETLKW,
    F_UNLCK,
    F_WRLCK,
    SEEK_CUR,
    SEEK_END,
    SEEK_SET,
)
from cellblock_sandbox.filesystem.descriptors import MAX_OFFSET, OpenFile
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.locks import Lock
from cellblock_sandbox.syscalls.host import Host

LOCKING: Final = (F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW)

# l_type, l_whence, l_start, l_len, l_pid
FLOCK: Final = struct.Struct("<hh4xqqi4x")


def fcntl_lock(host: Host, file: OpenFile, cmd: int, pointer: int) -> None:
    """Set a lock, or write to the struct flock at `pointer` which one is in the way.

    EBADF (not open for that), EINVAL, EAGAIN, EDEADLK, ENOLCK, EFAULT.
    """
    kind, whence, offset, length, _ = host.memory.unpack(FLOCK, pointer)
    start, end = _range(file, whence, offset, length)
    if kind not in (F_RDLCK, F_WRLCK, F_UNLCK):
        raise FileSystemError(EINVAL)
    if cmd in (F_GETLK, F_OFD_GETLK):
        wanted = Lock(file, kind == F_WRLCK, start, end)
        found = file.inode.overlay.locks.conflict(wanted) if cmd == F_OFD_GETLK else None
        if found is None:
            host.memory.pack(FLOCK, pointer, F_UNLCK, whence, offset, length, 0)
        else:
            size = 0 if found.end > MAX_OFFSET else found.end - found.start
            host.memory.pack(FLOCK, pointer, F_WRLCK if found.exclusive else F_RDLCK, SEEK_SET, found.start, size, -1)
    elif cmd in (F_OFD_SETLK, F_OFD_SETLKW):
        _set(file, kind, start, end, cmd == F_OFD_SETLKW)
    elif kind == F_WRLCK:
        file.require_writable()
    elif kind == F_RDLCK:
        file.require_readable()


def _set(file: OpenFile, kind: int, start: int, end: int, wait: bool) -> None:
    if kind == F_UNLCK:
        file.unlock(start, end)
        return
    try:
        file.lock(start, end, kind == F_WRLCK)
    except FileSystemError as error:
        if wait and error.errno == EAGAIN:
            raise FileSystemError(EDEADLK) from None
        raise


def _range(file: OpenFile, whence: int, offset: int, length: int) -> tuple[int, int]:
    """Return where a lock begins and ends; a length of 0 reaches beyond any end, a negative one goes back."""
    if whence not in (SEEK_SET, SEEK_CUR, SEEK_END):
        raise FileSystemError(EINVAL)
    base = {SEEK_SET: 0, SEEK_CUR: file.position, SEEK_END: file.inode.size}[whence]
    start = base + offset
    end = start + length if length else MAX_OFFSET + 1
    if length < 0:
        start, end = end, start
    if start < 0 or end > MAX_OFFSET + 1:
        raise FileSystemError(EINVAL)
    return start, end
