"""Files, directories and descriptors as the guest calls them."""

import struct

import pytest
from cellblock_sandbox.abi import tables
from cellblock_sandbox.abi.tables import (
    EBADF,
    EEXIST,
    EFAULT,
    EINVAL,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    ENOTSUP,
    ENOTTY,
    EPERM,
    ERANGE,
    ESPIPE,
)
from cellblock_sandbox.syscalls.descriptors import POLLFD
from cellblock_sandbox.syscalls.files import STAT, STATFS
from cellblock_sandbox.syscalls.locks import FLOCK

CWD = -100
READ_WRITE_NEW = 0o1102
OUTSIDE = 0x7FFFFFF0


def write(guest, fd, data):
    iovs, (buffer,) = guest.iovecs(len(data))
    guest.memory.write(buffer, data)
    return guest("fd_write", fd, iovs, 1, guest.alloc(4))


def stat(guest, path):
    buf = guest.alloc(96)
    assert guest("__syscall_stat64", guest.text(path), buf) == 0
    return guest.memory.unpack(STAT, buf)


def test_open_read_close(guest):
    fd = guest.open("/etc/greeting")
    iovs, buffers = guest.iovecs(5, 100)
    count = guest.alloc(4)
    assert guest("fd_read", fd, iovs, 2, count) == 0
    assert guest.memory.u32(count) == 11
    assert guest.memory.read(buffers[0], 5) + guest.memory.read(buffers[1], 6) == b"hello world"
    assert guest("fd_close", fd) == 0
    assert guest("fd_close", fd) == EBADF
    assert guest.open("/nope") == -ENOENT


def test_open_reads_no_mode_where_there_is_none(guest):
    assert guest("__syscall_openat", CWD, guest.text("/etc/greeting"), 0, OUTSIDE) == 3
    assert guest("__syscall_openat", CWD, guest.text("/tmp/f"), 0o102, OUTSIDE) == -EFAULT
    fd = guest.open("/tmp/g", READ_WRITE_NEW, 0o640)
    assert fd == 4
    assert stat(guest, "/tmp/g")[1] & 0o777 == 0o640
    unnamed = guest.open("/tmp", tables.O_TMPFILE | 2, 0o600)
    assert guest("__syscall_fstat64", unnamed, buf := guest.alloc(96)) == 0
    assert guest.memory.unpack(STAT, buf)[1:3] == (0o100600, 0)


def test_write_goes_to_the_callback(guest):
    assert write(guest, 1, b"printed") == 0
    assert guest.output == [("stdout", b"printed")]


def test_what_was_written_before_an_error_counts(guest):
    guest.host.files.overlay.quota.max_bytes = 4
    fd = guest.open("/tmp/f", READ_WRITE_NEW)
    iovs, _ = guest.iovecs(4, 4)
    count = guest.alloc(4)
    assert guest("fd_write", fd, iovs, 2, count) == 0
    assert guest.memory.u32(count) == 4
    assert guest("fd_write", fd, iovs, 2, count) == tables.ENOSPC


def test_hostile_iovecs(guest):
    fd = guest.open("/etc/greeting")
    count = guest.alloc(4)
    good, _ = guest.iovecs(4)
    for iovs, number, nread, errno in (
        (OUTSIDE, 1, count, EFAULT),
        (guest.ints(OUTSIDE, 5), 1, count, EFAULT),
        (guest.ints(8, -1), 1, count, EFAULT),
        (good, 1025, count, EINVAL),
        (good, -1, count, EINVAL),
        (good, 1, OUTSIDE, EFAULT),
    ):
        assert guest("fd_read", fd, iovs, number, nread) == errno
    assert guest("fd_read", -1, good, 1, count) == EBADF


def test_pread_pwrite_seek(guest):
    fd = guest.open("/tmp/f", READ_WRITE_NEW)
    write(guest, fd, b"abcdef")
    iovs, (buffer,) = guest.iovecs(3)
    count = guest.alloc(4)
    assert guest("fd_pread", fd, iovs, 1, 2, count) == 0
    assert guest.memory.read(buffer, 3) == b"cde"
    assert guest("fd_pwrite", fd, iovs, 1, 6, count) == 0
    assert guest("fd_pread", fd, iovs, 1, -1, count) == EINVAL
    position = guest.alloc(8)
    assert guest("fd_seek", fd, -1, 2, position) == 0
    assert guest.memory.i64(position) == 8
    assert guest("fd_seek", 1, 0, 1, position) == ESPIPE
    assert guest("fd_sync", fd) == guest("__syscall_fdatasync", fd) == guest("__syscall_fadvise64", fd, 0, 0, 0) == 0


def test_stat(guest):
    fields = stat(guest, "/etc/greeting")
    assert (fields[1], fields[6], fields[7], fields[8]) == (0o100644, 11, 4096, 1)
    buf = guest.alloc(96)
    fd = guest.open("/tmp/f", READ_WRITE_NEW)
    assert guest("__syscall_fstat64", fd, buf) == 0
    assert guest.memory.i64(buf + tables.STAT_ST_MTIM_TV_SEC) == 1_700_000_000
    assert guest.memory.i32(buf + tables.STAT_ST_MTIM_TV_NSEC) == 123_456_789
    guest("__syscall_symlinkat", guest.text("/etc/greeting"), CWD, guest.text("/tmp/l"))
    assert guest("__syscall_lstat64", guest.text("/tmp/l"), buf) == 0
    assert guest.memory.u32(buf + tables.STAT_ST_MODE) == 0o120777
    assert guest("__syscall_newfstatat", CWD, guest.text("/tmp/l"), buf, 0) == 0
    assert guest.memory.i64(buf + tables.STAT_ST_SIZE) == 11
    assert guest("__syscall_newfstatat", CWD, guest.text("/tmp/l"), buf, 256) == 0
    assert guest("__syscall_newfstatat", fd, guest.text(""), buf, 4096) == 0
    assert guest("__syscall_newfstatat", CWD, guest.text(""), buf, 0) == -ENOENT
    assert guest("__syscall_stat64", guest.text("/etc"), OUTSIDE) == -EFAULT
    assert guest("__syscall_stat64", OUTSIDE, buf) == -EFAULT


def test_permissions_and_owners(guest):
    path = guest.text("/etc/greeting")
    fd = guest.open("/etc/greeting")
    assert guest("__syscall_faccessat", CWD, path, 4, 0) == 0
    assert guest("__syscall_faccessat", CWD, path, 1, 0) == -tables.EACCES
    assert guest("__syscall_chmod", path, 0o755) == 0
    assert guest("__syscall_faccessat", CWD, path, 1, 0) == 0
    assert guest("__syscall_fchmod", fd, 0o600) == 0
    assert guest("__syscall_fchmodat2", CWD, path, 0o640, 0) == 0
    assert guest("__syscall_fchown32", fd, 5, -1) == 0
    assert guest("__syscall_fchownat", CWD, path, -1, 6, 0) == 0
    fields = stat(guest, "/etc/greeting")
    assert (fields[1] & 0o777, fields[3], fields[4]) == (0o640, 5, 6)


def test_times(guest):
    path = guest.text("/etc/greeting")
    times = guest.alloc(32)
    guest.memory.write(times, struct.pack("<qi4xqi4x", 5, 6, 0, tables.UTIME_OMIT))
    before = stat(guest, "/etc/greeting")
    assert guest("__syscall_utimensat", CWD, path, times, 0) == 0
    after = stat(guest, "/etc/greeting")
    assert after[9:11] == (5, 6)
    assert after[11:13] == before[11:13]
    guest.memory.write(times, struct.pack("<qi4xqi4x", 0, 10**9, 0, 0))
    assert guest("__syscall_utimensat", CWD, path, times, 0) == -EINVAL
    fd = guest.open("/etc/greeting")
    assert guest("__syscall_utimensat", fd, 0, 0, 0) == 0
    assert stat(guest, "/etc/greeting")[9] == 1_700_000_000
    guest.memory.write(times, struct.pack("<qi4xqi4x", -(2**63), 0, 2**63 - 1, tables.UTIME_NOW))
    assert guest("__syscall_utimensat", CWD, path, times, 0) == 0
    assert stat(guest, "/etc/greeting")[9] == -(2**63)


def test_names(guest):
    old, new, link = guest.text("/tmp/old"), guest.text("/tmp/new"), guest.text("/tmp/l")
    guest.open("/tmp/old", READ_WRITE_NEW)
    assert guest("__syscall_renameat", CWD, old, CWD, new) == 0
    assert guest("__syscall_unlinkat", CWD, old, 0) == -ENOENT
    assert guest("__syscall_symlinkat", guest.text("some/target"), CWD, link) == 0
    buf = guest.alloc(64)
    assert guest("__syscall_readlinkat", CWD, link, buf, 4) == 4
    assert guest.memory.read(buf, 5) == b"some\0"
    assert guest("__syscall_readlinkat", CWD, link, buf, 0) == -EINVAL
    assert guest("__syscall_unlinkat", CWD, link, 0) == 0
    assert guest("__syscall_unlinkat", CWD, link, 1) == -EINVAL
    assert guest("__syscall_mknodat", CWD, link, 0o100644, 0) == 0
    assert guest("__syscall_mknodat", CWD, link, 0o100644, 0) == -EEXIST
    assert guest("__syscall_mknodat", CWD, link, 0o020644, 0) == -EPERM
    assert guest("__syscall_truncate64", link, 100) == 0
    assert stat(guest, "/tmp/l")[6] == 100


def test_directories(guest):
    path = guest.text("/tmp/d")
    assert guest("__syscall_mkdirat", CWD, path, 0o777) == 0
    guest.open("/tmp/d/f", READ_WRITE_NEW)
    assert guest("__syscall_rmdir", path) == -ENOTEMPTY
    assert guest("__syscall_chdir", path) == 0
    buf = guest.alloc(64)
    assert guest("__syscall_getcwd", buf, 64) == 7
    assert guest.memory.cstring(buf) == b"/tmp/d"
    assert guest("__syscall_getcwd", buf, 6) == -ERANGE
    assert guest("__syscall_getcwd", buf, 0) == -EINVAL
    assert guest("__syscall_fchdir", guest.open("/")) == 0
    assert guest("__syscall_fchdir", guest.open("/etc/greeting")) == -ENOTDIR
    assert guest("__syscall_unlinkat", CWD, guest.text("tmp/d/f"), 0) == 0
    assert guest("__syscall_unlinkat", CWD, path, 512) == 0


def entries(guest, fd, size):
    """Return the (name, type) of all entries, asking for `size` bytes at a time."""
    buf, found = guest.alloc(size), []
    while (count := guest("__syscall_getdents64", fd, buf, size)) > 0:
        at = buf
        while at < buf + count:
            found.append((guest.memory.cstring(at + tables.DIRENT_D_NAME), guest.memory.u8(at + tables.DIRENT_D_TYPE)))
            at += guest.memory.u16(at + tables.DIRENT_D_RECLEN)
    assert count == 0
    return found


def test_listing(guest):
    for index in range(20):
        guest.open(f"/tmp/file{index:02}", READ_WRITE_NEW)
    guest("__syscall_mkdirat", CWD, guest.text("/tmp/sub"), 0o777)
    expected = [(b".", tables.DT_DIR), (b"..", tables.DT_DIR)]
    expected += [(b"file%02d" % index, tables.DT_REG) for index in range(20)] + [(b"sub", tables.DT_DIR)]
    fd = guest.open("/tmp")
    assert entries(guest, fd, 100) == expected
    assert guest("fd_seek", fd, 0, 0, guest.alloc(8)) == 0
    guest("__syscall_unlinkat", CWD, guest.text("/tmp/file00"), 0)
    assert len(entries(guest, fd, 4096)) == 22
    assert guest("__syscall_getdents64", guest.open("/tmp"), guest.alloc(8), 8) == -EINVAL
    assert guest("__syscall_getdents64", guest.open("/etc/greeting"), guest.alloc(99), 99) == -ENOTDIR
    assert guest("__syscall_getdents64", guest.open("/tmp"), OUTSIDE, 4096) == -EFAULT


def test_statfs(guest):
    buf = guest.alloc(88)
    assert guest("__syscall_statfs64", guest.text("/"), 88, buf) == 0
    assert guest.memory.unpack(STATFS, buf) == (4096, 256, 256, 256, 100, 100, 1, 255, 4096, 0)
    assert guest("__syscall_fstatfs64", 1, 88, buf) == 0
    assert guest("__syscall_fstatfs64", 99, 88, buf) == -EBADF


def test_descriptor_flags(guest):
    fd = guest.open("/tmp/f", READ_WRITE_NEW)
    assert guest("__syscall_fcntl64", fd, tables.F_GETFL, 0) == 2
    assert guest("__syscall_fcntl64", fd, tables.F_SETFL, guest.ints(tables.O_APPEND | 1)) == 0
    assert guest("__syscall_fcntl64", fd, tables.F_GETFL, 0) == 2 | tables.O_APPEND
    assert guest("__syscall_fcntl64", fd, tables.F_DUPFD_CLOEXEC, guest.ints(10)) == 10
    assert guest("__syscall_fcntl64", fd, tables.F_SETFD, guest.ints(1)) == 0
    assert guest("__syscall_fcntl64", fd, 999, 0) == -EINVAL
    assert guest("__syscall_fcntl64", 99, tables.F_GETFL, 0) == -EBADF
    assert guest("_try_fcntl64", fd, 0, 0, 0) == guest("_try_shutdown", fd, 0, 0) == 0


def lock(guest, fd, cmd, kind, start=0, length=0, whence=0):
    pointer = guest.alloc(32)
    guest.memory.write(pointer, FLOCK.pack(kind, whence, start, length, 0))
    result = guest("__syscall_fcntl64", fd, cmd, guest.ints(pointer))
    return result, guest.memory.unpack(FLOCK, pointer)


def test_locks(guest):
    one, two, reader = (guest.open("/tmp/f", flags) for flags in (0o102, 2, 0))
    write(guest, one, b"0123456789")
    for cmd in (tables.F_SETLK, tables.F_SETLKW):
        assert lock(guest, one, cmd, tables.F_WRLCK)[0] == lock(guest, two, cmd, tables.F_WRLCK)[0] == 0
    assert lock(guest, two, tables.F_GETLK, tables.F_WRLCK)[1][0] == tables.F_UNLCK
    assert lock(guest, reader, tables.F_SETLK, tables.F_WRLCK)[0] == -EBADF
    assert lock(guest, one, tables.F_OFD_SETLK, tables.F_WRLCK, -4, 2, whence=2)[0] == 0
    assert lock(guest, two, tables.F_OFD_SETLK, tables.F_RDLCK, 8, -1)[0] == -tables.EAGAIN
    assert lock(guest, two, tables.F_OFD_SETLKW, tables.F_RDLCK, 7, 1)[0] == -tables.EDEADLK
    assert lock(guest, two, tables.F_OFD_GETLK, tables.F_RDLCK) == (0, (tables.F_WRLCK, 0, 6, 2, -1))
    assert lock(guest, one, tables.F_OFD_GETLK, tables.F_RDLCK)[1][0] == tables.F_UNLCK
    assert lock(guest, one, tables.F_OFD_SETLK, tables.F_UNLCK)[0] == 0
    assert lock(guest, two, tables.F_OFD_SETLK, tables.F_WRLCK)[0] == 0
    assert lock(guest, one, tables.F_OFD_GETLK, tables.F_RDLCK)[1][2:4] == (0, 0)
    for kind, start, length, whence in ((3, 0, 0, 0), (0, -1, 0, 0), (0, 0, 0, 3), (0, 2**62, 2**62, 0), (0, 1, -2, 0)):
        assert lock(guest, one, tables.F_OFD_SETLK, kind, start, length, whence)[0] == -EINVAL
    assert guest("__syscall_fcntl64", one, tables.F_OFD_SETLK, guest.ints(OUTSIDE)) == -EFAULT


def test_duplicates(guest):
    assert guest("__syscall_dup", 1) == 3
    assert guest("__syscall_dup3", 2, 3, 0) == 3
    write(guest, 3, b"x")
    assert guest.output == [("stderr", b"x")]
    assert guest("__syscall_dup3", 3, 3, 0) == -EINVAL
    assert guest("__syscall_dup3", 3, 4, 1) == -EINVAL


def test_nothing_is_a_terminal(guest):
    buf = guest.alloc(24)
    for fd in (0, 1, 2):
        assert guest("__syscall_ioctl", fd, tables.TIOCGWINSZ, 0) == -ENOTTY
        assert guest("fd_fdstat_get", fd, buf) == 0
        assert guest.memory.u8(buf) == tables.WASI_FILETYPE_REGULAR_FILE
    assert guest("fd_fdstat_get", guest.open("/tmp"), buf) == 0
    assert guest.memory.u8(buf) == tables.WASI_FILETYPE_DIRECTORY
    assert guest("__syscall_ioctl", 0, tables.FIONREAD, guest.ints(buf)) == 0
    assert guest.memory.i32(buf) == 0


def test_sizes_of_open_files(guest):
    fd = guest.open("/tmp/f", READ_WRITE_NEW)
    assert guest("__syscall_ftruncate64", fd, 10) == 0
    assert guest("__syscall_fallocate", fd, 0, 5, 20) == 0
    assert guest("__syscall_fallocate", fd, 1, 5, 20) == -ENOTSUP
    assert stat(guest, "/tmp/f")[6] == 25


def test_pipe_and_poll(guest):
    fds = guest.alloc(8)
    assert guest("__syscall_pipe", fds) == 0
    reading, writing = guest.memory.i32(fds), guest.memory.i32(fds + 4)
    polled = guest.alloc(32)
    wanted = [(reading, 1), (writing, 4), (99, 1), (-1, 1)]
    guest.memory.write(polled, b"".join(POLLFD.pack(fd, events, 0) for fd, events in wanted))
    assert guest("__syscall_poll", polled, 4, -1) == 2
    assert guest.host.clock.mono == 5_000_000
    write(guest, writing, b"x")
    assert guest("__syscall_poll", polled, 4, -1) == 3
    assert [guest.memory.u16(polled + 8 * index + 6) for index in range(4)] == [1, 4, tables.POLLNVAL, 0]
    assert guest("__syscall_poll", OUTSIDE, 1, 0) == -EFAULT
    assert guest("__syscall_poll", polled, -1, 0) == -EINVAL
    files = guest.host.files.overlay.quota.files_used
    assert guest("__syscall_pipe", OUTSIDE) == -EFAULT
    assert guest.host.files.overlay.quota.files_used == files


def test_poll_waits_until_the_run_is_asked_to_stop(guest):
    clock = guest.host.clock
    assert guest("__syscall_poll", 0, 0, 250) == 0
    assert clock.mono == 255_000_000
    assert guest("__syscall_poll", 0, 0, -1) == guest("__syscall_poll", 0, 0, 0) == 0
    assert clock.mono == 255_000_000
    guest.host.deadline, clock.stops_at = 0.5, 500_000_000
    assert guest("__syscall_poll", 0, 0, 100) == 0
    assert clock.mono == 355_000_000
    for timeout, then in ((-1, 500_000_000), (1000, 505_000_000), (-1, 510_000_000), (2, 512_000_000)):
        assert guest("__syscall_poll", 0, 0, timeout) == 0
        assert clock.mono == pytest.approx(then, abs=1000)


@pytest.mark.parametrize("name", ["getaddrinfo", "getnameinfo"])
def test_names_are_not_resolved(guest, name):
    arguments = {"getaddrinfo": 4, "getnameinfo": 7}[name]
    assert guest(name, *[0] * arguments) == tables.EAI_FAIL
    assert guest("getprotobyname", 0) == guest("_emscripten_lookup_name", 0) == 0
