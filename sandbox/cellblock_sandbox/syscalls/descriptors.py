"""Descriptors: reading, writing and seeking, their flags, duplicates, pipes and polling.

fd_read and fd_write are the hottest calls there are, importing a package makes thousands: they stay flat, and the one
buffer that libc nearly always gives has a way of its own.
Bodies follow Emscripten 5.0.3's `src/lib/libwasi.js` and `libsyscall.js`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final

from cellblock_sandbox.abi.tables import (
    EINVAL,
    ENOTSUP,
    ENOTTY,
    F_DUPFD,
    F_DUPFD_CLOEXEC,
    F_GETFD,
    F_GETFL,
    F_SETFD,
    F_SETFL,
    FIONREAD,
    IOVEC_SIZE,
    O_APPEND,
    O_CLOEXEC,
    O_NONBLOCK,
    POLLERR,
    POLLFD_SIZE,
    POLLHUP,
    POLLNVAL,
    WASI_FDFLAGS_APPEND,
    WASI_FDFLAGS_NONBLOCK,
    WASI_FILETYPE_DIRECTORY,
    WASI_FILETYPE_REGULAR_FILE,
)
from cellblock_sandbox.filesystem.directory import Directory
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.machine.memory import MASK32
from cellblock_sandbox.syscalls.host import Host
from cellblock_sandbox.syscalls.locks import LOCKING, fcntl_lock
from cellblock_sandbox.syscalls.registry import syscall, wasi

MAX_IOVECS: Final = 1024
MAX_POLLED: Final = 1024
# A wait of a guest that has been asked to stop and carries on.
SHORT_WAIT_S: Final = 0.005

POLLFD: Final = struct.Struct("<iHH")
FDSTAT: Final = struct.Struct("<BxH4xQQ")


def buffers(host: Host, iovs: int, count: int) -> list[memoryview]:
    """Return the windows of memory that `count` iovecs name. EINVAL for more than MAX_IOVECS, EFAULT."""
    if not 0 <= count <= MAX_IOVECS:
        raise FileSystemError(EINVAL)
    return [host.memory.iovec(iovs + IOVEC_SIZE * each) for each in range(count)]


def transfer(windows: list[memoryview], step: Callable[[int, memoryview], int]) -> int:
    """Call `step(bytes so far, window)` for each window until one comes back short; return the bytes of all.

    An error counts only if nothing was transferred before it, as for readv(2).
    """
    total = 0
    for window in windows:
        try:
            count = step(total, window)
        except FileSystemError:
            if total:
                break
            raise
        total += count
        if count < len(window):
            break
    return total


@wasi("fd_read", "iiii->i", params=("fd", "iovs", "iovs_len", "nread"))
def fd_read(host: Host, fd: int, iovs: int, iovs_len: int, nread: int) -> None:
    """Read into several buffers; write the number of bytes to `nread`. EBADF, EAGAIN, EISDIR, EINVAL, EFAULT."""
    read, memory = host.files.file(fd).read_into, host.memory
    if iovs_len == 1:
        count = read(memory.iovec(iovs))
    else:
        count = transfer(buffers(host, iovs, iovs_len), lambda _, window: read(window))
    memory.set_u32(nread, count)


@wasi("fd_write", "iiii->i", params=("fd", "iovs", "iovs_len", "nwritten"))
def fd_write(host: Host, fd: int, iovs: int, iovs_len: int, nwritten: int) -> None:
    """Write several buffers; write the number of bytes to `nwritten`. EBADF, EAGAIN, EPIPE, ENOSPC, EINVAL, EFAULT."""
    write, memory = host.files.file(fd).write_from, host.memory
    if iovs_len == 1:
        count = write(memory.iovec(iovs))
    else:
        count = transfer(buffers(host, iovs, iovs_len), lambda _, window: write(window))
    memory.set_u32(nwritten, count)


@wasi("fd_pread", "iiiji->i", params=("fd", "iovs", "iovs_len", "offset", "nread"))
def fd_pread(host: Host, fd: int, iovs: int, iovs_len: int, offset: int, nread: int) -> None:
    """Read from `offset`, leaving the position alone. EBADF, ESPIPE, EISDIR, EINVAL, EFAULT."""
    read, memory = host.files.file(fd).pread_into, host.memory
    if iovs_len == 1:
        count = read(offset, memory.iovec(iovs))
    else:
        count = transfer(buffers(host, iovs, iovs_len), lambda done, window: read(offset + done, window))
    memory.set_u32(nread, count)


@wasi("fd_pwrite", "iiiji->i", params=("fd", "iovs", "iovs_len", "offset", "nwritten"))
def fd_pwrite(host: Host, fd: int, iovs: int, iovs_len: int, offset: int, nwritten: int) -> None:
    """Write at `offset`, leaving the position alone. EBADF, ESPIPE, ENOSPC, EINVAL, EFAULT."""
    write, memory = host.files.file(fd).pwrite_from, host.memory
    if iovs_len == 1:
        count = write(offset, memory.iovec(iovs))
    else:
        count = transfer(buffers(host, iovs, iovs_len), lambda done, window: write(offset + done, window))
    memory.set_u32(nwritten, count)


@wasi("fd_seek", "ijii->i", params=("fd", "offset", "whence", "newoffset"))
def fd_seek(host: Host, fd: int, offset: int, whence: int, newoffset: int) -> None:
    """Move the position and write it to `newoffset`, an i64. EBADF, EINVAL, EOVERFLOW, ESPIPE, EFAULT."""
    host.memory.set_i64(newoffset, host.files.file(fd).seek(offset, whence))


@wasi("fd_close", "i->i", params=("fd",))
def fd_close(host: Host, fd: int) -> None:
    """Close a descriptor. EBADF."""
    host.files.close(fd)


@wasi("fd_sync", "i->i", params=("fd",))
def fd_sync(host: Host, fd: int) -> None:
    """Do nothing: there is no disk. EBADF."""
    host.files.file(fd)


@syscall("__syscall_fdatasync", "i->i", params=("fd",))
def fdatasync(host: Host, fd: int) -> None:
    """Do nothing: there is no disk. EBADF. See fdatasync(2)."""
    host.files.file(fd)


@wasi("fd_fdstat_get", "ii->i", params=("fd", "buf"))
def fd_fdstat_get(host: Host, fd: int, buf: int) -> None:
    """Write a descriptor's kind and flags as __wasi_fdstat_t, rights as none. EBADF, EFAULT.

    libc's isatty takes every character device for a terminal. Nothing here is one, so devices and pipes pass for files,
    as Emscripten lets them.
    """
    file = host.files.file(fd)
    kind = WASI_FILETYPE_DIRECTORY if isinstance(file.inode, Directory) else WASI_FILETYPE_REGULAR_FILE
    flags = WASI_FDFLAGS_APPEND if file.flags & O_APPEND else 0
    flags |= WASI_FDFLAGS_NONBLOCK if file.flags & O_NONBLOCK else 0
    host.memory.pack(FDSTAT, buf, kind, flags, 0, 0)


@syscall("__syscall_dup", "i->i", params=("fd",))
def dup(host: Host, fd: int) -> int:
    """Duplicate a descriptor to the lowest free one. EBADF, EMFILE. See dup(2)."""
    return host.files.dup(fd)


@syscall("__syscall_dup3", "iii->i", params=("fd", "newfd", "flags"))
def dup3(host: Host, fd: int, newfd: int, flags: int) -> int:
    """Make `newfd` a duplicate of `fd`. EBADF, EINVAL if they are the same. See dup3(2)."""
    if flags & ~O_CLOEXEC:
        raise FileSystemError(EINVAL)
    return host.files.dup_to(fd, newfd)


@syscall("__syscall_fcntl64", "iii->i", params=("fd", "cmd", "varargs"))
def fcntl64(host: Host, fd: int, cmd: int, varargs: int) -> int:
    """Duplicate a descriptor, read and change its flags, or lock (locks.py).

    EBADF, EINVAL, EMFILE, EAGAIN (locked by another), ENOLCK. `varargs` points at the command's one argument, if it
    has one. See fcntl(2).
    """
    file = host.files.file(fd)
    if cmd in (F_DUPFD, F_DUPFD_CLOEXEC):
        return host.files.dup(fd, host.memory.i32(varargs))
    if cmd == F_GETFL:
        return file.flags
    if cmd == F_SETFL:
        file.set_status_flags(host.memory.i32(varargs))
    elif cmd in LOCKING:
        fcntl_lock(host, file, cmd, host.memory.u32(varargs))
    elif cmd not in (F_GETFD, F_SETFD):
        raise FileSystemError(EINVAL)
    return 0


@syscall("_try_fcntl64", "iiii->i", params=("fd", "cmd", "arg", "result"))
def try_fcntl64(host: Host, fd: int, cmd: int, arg: int, result: int) -> int:
    """Answer 0: `fd` isn't one of Pyodide's Node sockets, so its fcntl goes on to __syscall_fcntl64."""
    return 0


@syscall("__syscall_ioctl", "iii->i", params=("fd", "op", "varargs"))
def ioctl(host: Host, fd: int, op: int, varargs: int) -> None:
    """Answer FIONREAD with 0; ENOTTY to all else, for there is no terminal. EBADF. See ioctl(2).

    CPython's own wrapper in the guest turns FIONBIO, FIOCLEX and FIONCLEX into other calls.
    """
    host.files.file(fd)
    if op != FIONREAD:
        raise FileSystemError(ENOTTY)
    host.memory.set_i32(host.memory.u32(varargs), 0)


@syscall("__syscall_pipe", "i->i", params=("fds",))
def pipe(host: Host, fds: int) -> None:
    """Make a pipe; write its reading and its writing descriptor, two i32. EMFILE, EDQUOT, EFAULT. See pipe(2)."""
    target = host.memory.view(fds, 8)
    target[:] = struct.pack("<ii", *host.files.pipe())


@syscall("__syscall_poll", "iii->i", params=("fds", "nfds", "timeout"))
def poll(host: Host, fds: int, nfds: int, timeout: int) -> int:
    """Write what holds now for each pollfd; return for how many something does. EINVAL. See poll(2).

    With nothing ready it waits for `timeout` milliseconds, although with a single thread nothing can become ready:
    this is how the guest sleeps without spinning (Emscripten's poll returns at once, its nanosleep spins).
    """
    if not 0 <= nfds <= MAX_POLLED:
        raise FileSystemError(EINVAL)
    ready = 0
    for entry in range(fds & MASK32, (fds & MASK32) + nfds * POLLFD_SIZE, POLLFD_SIZE):
        fd, events, _ = host.memory.unpack(POLLFD, entry)
        found = _events(host, fd) & (events | POLLERR | POLLHUP | POLLNVAL) if fd >= 0 else 0
        host.memory.pack(POLLFD, entry, fd, events, found)
        ready += found != 0
    if not ready and timeout:
        wait(host, timeout)
    return ready


def wait(host: Host, milliseconds: int) -> None:
    """Sleep, without end if negative, but no longer than until the run is asked to stop.

    CPython sees that it is when the wait returns. A guest that carries on all the same has short waits from then on,
    but doesn't spin. An endless wait outside a run ends at once, as nothing else could end it.
    """
    seconds = milliseconds / 1000 if milliseconds >= 0 else math.inf
    if host.stopping.is_set():
        host.clock.sleep(min(seconds, SHORT_WAIT_S), None)
    elif seconds < math.inf or host.deadline is not None:
        host.clock.sleep(seconds, host.stopping)


@syscall("__syscall_ftruncate64", "ij->i", params=("fd", "length"))
def ftruncate64(host: Host, fd: int, length: int) -> None:
    """Set the size of an open file. EBADF, EINVAL, ENOSPC. See ftruncate(2)."""
    host.files.ftruncate(fd, length)


@syscall("__syscall_fallocate", "iijj->i", params=("fd", "mode", "offset", "length"))
def fallocate(host: Host, fd: int, mode: int, offset: int, length: int) -> None:
    """Make an open file at least `offset + length` long. EBADF, EINVAL, ENODEV, ENOSPC, ENOTSUP for other modes.

    See fallocate(2).
    """
    if mode:
        raise FileSystemError(ENOTSUP)
    host.files.allocate(fd, offset, length)


@syscall("__syscall_fadvise64", "ijji->i", params=("fd", "offset", "length", "advice"))
def fadvise64(host: Host, fd: int, offset: int, length: int, advice: int) -> None:
    """Ignore the advice. EBADF. See posix_fadvise(2)."""
    host.files.file(fd)


def _events(host: Host, fd: int) -> int:
    try:
        return host.files.poll(fd)
    except FileSystemError:
        return POLLNVAL
