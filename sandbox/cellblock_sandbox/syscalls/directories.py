"""Directories: making, removing and listing them, and the working directory.

Bodies follow Emscripten 5.0.3's `src/lib/libsyscall.js`; errors any path may raise are listed in files.py.
"""

from __future__ import annotations

import struct
from typing import Final

from cellblock_sandbox.abi.tables import DIRENT_D_NAME, EINVAL, ERANGE
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import syscall

# d_ino, d_off, d_reclen, d_type of struct dirent; the name follows.
DIRENT_HEAD: Final = struct.Struct("<QqHB")


@syscall("__syscall_mkdirat", "iii->i", params=("dirfd", "path", "mode"))
def mkdirat(host: Host, dirfd: int, path: int, mode: int) -> None:
    """Make a directory. EEXIST, EDQUOT. See mkdirat(2)."""
    host.files.mkdir(host.memory.cstring(path), mode, dirfd)


@syscall("__syscall_rmdir", "i->i", params=("path",))
def rmdir(host: Host, path: int) -> None:
    """Remove an empty directory. ENOTEMPTY, EBUSY, EINVAL. See rmdir(2)."""
    host.files.rmdir(host.memory.cstring(path))


@syscall("__syscall_chdir", "i->i", params=("path",))
def chdir(host: Host, path: int) -> None:
    """Change the working directory. See chdir(2)."""
    host.files.chdir(host.files.stat(host.memory.cstring(path)))


@syscall("__syscall_fchdir", "i->i", params=("fd",))
def fchdir(host: Host, fd: int) -> None:
    """Change the working directory to an open one. EBADF, ENOTDIR. See fchdir(2)."""
    host.files.chdir(host.files.file(fd).inode)


@syscall("__syscall_getcwd", "ii->i", params=("buf", "size"))
def getcwd(host: Host, buf: int, size: int) -> int:
    """Write the working directory's path and a NUL; return their length. ERANGE, EINVAL, ENOENT. See getcwd(2)."""
    path = host.files.getcwd() + b"\0"
    if not size & MASK32:
        raise FileSystemError(EINVAL)
    if len(path) > size & MASK32:
        raise FileSystemError(ERANGE)
    host.memory.write(buf, path)
    return len(path)


@syscall("__syscall_getdents64", "iii->i", params=("fd", "dirp", "count"))
def getdents64(host: Host, fd: int, dirp: int, count: int) -> int:
    """Write the next entries that fit into `count` bytes; return how many bytes they take, 0 at the end.

    EBADF, ENOTDIR, EINVAL if not even one fits. Entries are as they were when reading began, until the descriptor is
    set back to 0. See getdents64(2).
    """
    file = host.files.file(fd)
    rows = file.listing()
    window = host.memory.view(dirp, count)
    used, position = 0, file.position
    while position < len(rows):
        name, ino, mode = rows[position]
        record = (DIRENT_D_NAME + len(name) + 1 + 7) & ~7
        if used + record > len(window):
            break
        position += 1
        # DT_ values are a mode's file type bits, shifted.
        DIRENT_HEAD.pack_into(window, used, ino, position, record, mode >> 12)
        window[used + DIRENT_D_NAME : used + record] = name.ljust(record - DIRENT_D_NAME, b"\0")
        used += record
    if used == 0 and position < len(rows):
        raise FileSystemError(EINVAL)
    file.position = position
    return used
