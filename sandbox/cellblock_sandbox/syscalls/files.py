"""Files by path: opening, status, permissions, times, links, and their sizes.

Bodies follow Emscripten 5.0.3's `src/lib/libsyscall.js`; errors any path may raise (ENOENT, ENOTDIR, EACCES, ELOOP,
ENAMETOOLONG, EFAULT, EBADF for a directory descriptor) are not repeated at each.
"""

from __future__ import annotations

import struct
from typing import Final

from cellblock_sandbox.abi.tables import (
    AT_EMPTY_PATH,
    AT_REMOVEDIR,
    AT_SYMLINK_NOFOLLOW,
    EINVAL,
    EPERM,
    O_CREAT,
    O_TMPFILE,
    S_IFMT,
    S_IFREG,
    UTIME_NOW,
    UTIME_OMIT,
)
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode
from cellblock_sandbox.filesystem.tree import NAME_MAX
from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.registry import syscall

SECOND_NS: Final = 1_000_000_000
DEVICE_ID: Final = 1
BLOCK_SIZE: Final = 4096

# struct stat in one piece, because importing a package makes thousands of these; a test checks it against the tables.
STAT: Final = struct.Struct("<IIIIIIqiI qi4x qi4x qi4x Q")
STATFS: Final = struct.Struct("<4xI5qI4x3I20x")
TIMESPEC: Final = struct.Struct("<qi4x")


def write_stat(host: Host, buf: int, node: Inode) -> None:
    """Write a node's attributes as struct stat. EFAULT."""
    if node.packed is None:
        size = node.size
        node.packed = STAT.pack(
            DEVICE_ID,
            node.mode,
            node.nlink,
            node.uid,
            node.gid,
            node.rdev,
            size,
            BLOCK_SIZE,
            (size + 511) // 512 & MASK32,
            *divmod(node.atime_ns, SECOND_NS),
            *divmod(node.mtime_ns, SECOND_NS),
            *divmod(node.ctime_ns, SECOND_NS),
            node.ino,
        )
    host.memory.write(buf, node.packed)


def write_statfs(host: Host, buf: int) -> None:
    """Write the sandbox's quota as struct statfs, in blocks of BLOCK_SIZE. EFAULT."""
    quota = host.files.overlay.quota
    free = (quota.max_bytes - quota.bytes_used) // BLOCK_SIZE
    blocks = quota.max_bytes // BLOCK_SIZE
    files = quota.max_files - quota.files_used
    counts = (blocks, free, free, quota.max_files, files)
    host.memory.pack(STATFS, buf, BLOCK_SIZE, *counts, DEVICE_ID, NAME_MAX, BLOCK_SIZE, 0)


@syscall("__syscall_openat", "iiii->i", params=("dirfd", "path", "flags", "varargs"))
def openat(host: Host, dirfd: int, path: int, flags: int, varargs: int) -> int:
    """Open `path` relative to `dirfd`; return the lowest free descriptor.

    EEXIST, EISDIR, EINVAL, EMFILE, EDQUOT, ENXIO. `varargs` points at one i32, the mode; read only when a file
    may be made, for there may be none otherwise. See open(2).
    """
    makes = flags & O_CREAT or flags & O_TMPFILE == O_TMPFILE
    mode = host.memory.i32(varargs) if makes and varargs else 0
    return host.files.open(host.memory.cstring(path), flags, mode, dirfd)


@syscall("__syscall_stat64", "ii->i", params=("path", "buf"))
def stat64(host: Host, path: int, buf: int) -> None:
    """Write the status of the file at `path`, following links. See stat(2)."""
    write_stat(host, buf, host.files.stat(host.memory.cstring(path)))


@syscall("__syscall_lstat64", "ii->i", params=("path", "buf"))
def lstat64(host: Host, path: int, buf: int) -> None:
    """Write the status of `path` itself, be it a link. See lstat(2)."""
    write_stat(host, buf, host.files.stat(host.memory.cstring(path), follow=False))


@syscall("__syscall_newfstatat", "iiii->i", params=("dirfd", "path", "buf", "flags"))
def newfstatat(host: Host, dirfd: int, path: int, buf: int, flags: int) -> None:
    """Write the status of `path` relative to `dirfd`. AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH. See fstatat(2)."""
    write_stat(host, buf, _node(host, dirfd, path, flags))


@syscall("__syscall_fstat64", "ii->i", params=("fd", "buf"))
def fstat64(host: Host, fd: int, buf: int) -> None:
    """Write the status of an open file. EBADF. See fstat(2)."""
    write_stat(host, buf, host.files.file(fd).inode)


@syscall("__syscall_faccessat", "iiii->i", params=("dirfd", "path", "amode", "flags"))
def faccessat(host: Host, dirfd: int, path: int, amode: int, flags: int) -> None:
    """Check what `amode` asks for. EACCES, EINVAL. See access(2)."""
    host.files.access(host.memory.cstring(path), amode, dirfd)


@syscall("__syscall_chmod", "ii->i", params=("path", "mode"))
def chmod(host: Host, path: int, mode: int) -> None:
    """Set permission bits, following links. See chmod(2)."""
    host.files.chmod(host.files.stat(host.memory.cstring(path)), mode)


@syscall("__syscall_fchmod", "ii->i", params=("fd", "mode"))
def fchmod(host: Host, fd: int, mode: int) -> None:
    """Set permission bits of an open file. EBADF. See fchmod(2)."""
    host.files.chmod(host.files.file(fd).inode, mode)


@syscall("__syscall_fchmodat2", "iiii->i", params=("dirfd", "path", "mode", "flags"))
def fchmodat2(host: Host, dirfd: int, path: int, mode: int, flags: int) -> None:
    """Set permission bits of `path` relative to `dirfd`. AT_SYMLINK_NOFOLLOW. See fchmodat(2)."""
    host.files.chmod(_node(host, dirfd, path, flags), mode)


@syscall("__syscall_fchown32", "iii->i", params=("fd", "owner", "group"))
def fchown32(host: Host, fd: int, owner: int, group: int) -> None:
    """Set owner and group of an open file. EBADF. See fchown(2)."""
    host.files.chown(host.files.file(fd).inode, owner, group)


@syscall("__syscall_fchownat", "iiiii->i", params=("dirfd", "path", "owner", "group", "flags"))
def fchownat(host: Host, dirfd: int, path: int, owner: int, group: int, flags: int) -> None:
    """Set owner and group of `path` relative to `dirfd`. AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. See fchownat(2)."""
    host.files.chown(_node(host, dirfd, path, flags), owner, group)


@syscall("__syscall_utimensat", "iiii->i", params=("dirfd", "path", "times", "flags"))
def utimensat(host: Host, dirfd: int, path: int, times: int, flags: int) -> None:
    """Set access and modification time from two timespecs, to now without them.

    An empty path means `dirfd` itself: musl's futimens passes none. EINVAL for nanoseconds out of range.
    See utimensat(2).
    """
    name = host.memory.cstring(path) if path else b""
    node = host.files.node_at(name, dirfd, not flags & AT_SYMLINK_NOFOLLOW)
    now = host.clock.realtime_ns()
    if not times:
        host.files.utimens(node, now, now)
        return
    host.files.utimens(node, _time(host, times, now), _time(host, times + TIMESPEC.size, now))


@syscall("__syscall_truncate64", "ij->i", params=("path", "length"))
def truncate64(host: Host, path: int, length: int) -> None:
    """Set the size of the file at `path`. EISDIR, EINVAL, ENOSPC. See truncate(2)."""
    host.files.truncate(host.memory.cstring(path), length)


@syscall("__syscall_unlinkat", "iii->i", params=("dirfd", "path", "flags"))
def unlinkat(host: Host, dirfd: int, path: int, flags: int) -> None:
    """Remove a name, with AT_REMOVEDIR an empty directory. EISDIR, ENOTEMPTY, EBUSY, EINVAL. See unlinkat(2)."""
    if flags & ~AT_REMOVEDIR:
        raise FileSystemError(EINVAL)
    remove = host.files.rmdir if flags else host.files.unlink
    remove(host.memory.cstring(path), dirfd)


@syscall("__syscall_renameat", "iiii->i", params=("olddirfd", "oldpath", "newdirfd", "newpath"))
def renameat(host: Host, olddirfd: int, oldpath: int, newdirfd: int, newpath: int) -> None:
    """Move a name, replacing the other. EISDIR, ENOTEMPTY, EINVAL, EBUSY. See renameat(2)."""
    host.files.rename(host.memory.cstring(oldpath), host.memory.cstring(newpath), olddirfd, newdirfd)


@syscall("__syscall_symlinkat", "iii->i", params=("target", "dirfd", "linkpath"))
def symlinkat(host: Host, target: int, dirfd: int, linkpath: int) -> None:
    """Make a symbolic link. EEXIST, EDQUOT, ENOSPC. See symlinkat(2)."""
    host.files.symlink(host.memory.cstring(target), host.memory.cstring(linkpath), dirfd)


@syscall("__syscall_readlinkat", "iiii->i", params=("dirfd", "path", "buf", "bufsize"))
def readlinkat(host: Host, dirfd: int, path: int, buf: int, bufsize: int) -> int:
    """Write a link's target, cut to `bufsize` and without a NUL; return its length. EINVAL. See readlinkat(2)."""
    if not bufsize & MASK32:
        raise FileSystemError(EINVAL)
    target = host.files.readlink(host.memory.cstring(path), dirfd)[: bufsize & MASK32]
    host.memory.write(buf, target)
    return len(target)


@syscall("__syscall_mknodat", "iiii->i", params=("dirfd", "path", "mode", "dev"))
def mknodat(host: Host, dirfd: int, path: int, mode: int, dev: int) -> None:
    """Make an empty file; EPERM for devices, sockets and named pipes. EEXIST, EDQUOT. See mknodat(2)."""
    if mode & S_IFMT not in (0, S_IFREG):
        raise FileSystemError(EPERM)
    host.files.mkfile(host.memory.cstring(path), mode & 0o7777, dirfd)


@syscall("__syscall_statfs64", "iii->i", params=("path", "size", "buf"))
def statfs64(host: Host, path: int, size: int, buf: int) -> None:
    """Write what the sandbox's quota has left. See statfs(2)."""
    host.files.stat(host.memory.cstring(path))
    write_statfs(host, buf)


@syscall("__syscall_fstatfs64", "iii->i", params=("fd", "size", "buf"))
def fstatfs64(host: Host, fd: int, size: int, buf: int) -> None:
    """Write what the sandbox's quota has left. EBADF. See fstatfs(2)."""
    host.files.file(fd)
    write_statfs(host, buf)


def _node(host: Host, dirfd: int, path: int, flags: int) -> Inode:
    """Return the node that `dirfd`, `path` and the AT_ flags name."""
    name = host.memory.cstring(path)
    follow = not flags & AT_SYMLINK_NOFOLLOW
    if flags & AT_EMPTY_PATH:
        return host.files.node_at(name, dirfd, follow)
    return host.files.stat(name, dirfd, follow)


def _time(host: Host, timespec: int, now: int) -> int | None:
    """Return a timespec as nanoseconds, None to leave a time as it is. EINVAL."""
    seconds, nanoseconds = host.memory.unpack(TIMESPEC, timespec)
    if nanoseconds == UTIME_NOW:
        return now
    if nanoseconds == UTIME_OMIT:
        return None
    if not 0 <= nanoseconds < SECOND_NS:
        raise FileSystemError(EINVAL)
    return seconds * SECOND_NS + nanoseconds
