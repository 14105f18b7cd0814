"""Descriptors, reading and writing, pipes and devices."""

import pytest
from cellblock_sandbox.filesystem import FileSystemError
from cellblock_sandbox.filesystem.descriptors import MAX_DESCRIPTORS

READ_WRITE_NEW = 0o1102


def refuses(errno):
    return pytest.raises(FileSystemError, match=f"^{errno}$")


def read(fs, fd, count):
    buffer = memoryview(bytearray(count))
    return bytes(buffer[: fs.file(fd).read_into(buffer)])


def write(fs, fd, data):
    return fs.file(fd).write_from(memoryview(data))


def test_standard_streams(fs, output):
    assert read(fs, 0, 10) == b""
    assert write(fs, 1, b"out") == 3
    assert write(fs, 2, b"err") == 3
    assert output.getvalue() == "stdout:out;stderr:err;"
    with refuses("EBADF"):
        write(fs, 0, b"x")
    with refuses("EBADF"):
        read(fs, 1, 1)
    with refuses("ESPIPE"):
        fs.file(1).seek(0, 1)


def test_lowest_free_descriptor(fs):
    fds = [fs.open(b"/etc/greeting", 0) for _ in range(3)]
    assert fds == [3, 4, 5]
    assert fs.descriptors.open_count() == 6
    fs.close(4)
    fs.close(0)
    assert [fs.open(b"/etc/greeting", 0) for _ in range(3)] == [0, 4, 6]
    for bad in (-1, 7, 99999):
        with refuses("EBADF"):
            fs.close(bad)


def test_too_many_descriptors(fs):
    for _ in range(MAX_DESCRIPTORS - 3):
        fs.open(b"/etc/greeting", 0)
    for attempt in (lambda: fs.open(b"/tmp/new", READ_WRITE_NEW), lambda: fs.dup(0), fs.pipe):
        with refuses("EMFILE"):
            attempt()
    with refuses("ENOENT"):
        fs.stat(b"/tmp/new")


def test_duplicates_share_a_position(fs):
    fd = fs.open(b"/etc/greeting", 0)
    other = fs.dup(fd)
    assert read(fs, fd, 2) == b"he"
    assert read(fs, other, 2) == b"ll"
    fs.close(fd)
    assert read(fs, other, 2) == b"o"
    assert fs.dup(other, 50) == 50
    assert fs.dup_to(other, 1) == 1
    with refuses("EINVAL"):
        fs.dup_to(1, 1)
    with refuses("EBADF"):
        fs.dup_to(1, MAX_DESCRIPTORS)
    with refuses("EINVAL"):
        fs.dup(1, -1)


def test_seek(fs):
    fd = fs.open(b"/etc/greeting", 0)
    file = fs.file(fd)
    assert file.seek(-2, 2) == 3
    assert read(fs, fd, 9) == b"lo"
    assert file.seek(-4, 1) == 1
    assert file.seek(100, 0) == 100
    assert read(fs, fd, 9) == b""
    for offset, whence, errno in ((-1, 0, "EINVAL"), (0, 3, "EINVAL"), (1 << 60, 0, "EOVERFLOW")):
        with refuses(errno):
            file.seek(offset, whence)


def test_sparse_append_truncate(fs):
    fd = fs.open(b"/tmp/f", READ_WRITE_NEW)
    fs.file(fd).seek(4, 0)
    write(fs, fd, b"ab")
    assert fs.get(b"/tmp/f") == b"\0\0\0\0ab"
    fs.put(b"/tmp/f", b"END", flags=0o2001)
    assert fs.get(b"/tmp/f") == b"\0\0\0\0abEND"
    fs.ftruncate(fd, 2)
    fs.truncate(b"/tmp/f", 3)
    assert fs.get(b"/tmp/f") == b"\0\0\0"
    fs.allocate(fd, 2, 6)
    assert fs.stat(b"/tmp/f").size == 8
    assert fs.file(fd).pwrite_from(1, memoryview(b"x")) == 1
    buffer = memoryview(bytearray(3))
    assert fs.file(fd).pread_into(0, buffer) == 3
    assert bytes(buffer) == b"\0x\0"
    for attempt in (
        lambda: fs.ftruncate(fd, -1),
        lambda: fs.file(fd).pread_into(-1, buffer),
        lambda: fs.allocate(fd, 0, 0),
    ):
        with refuses("EINVAL"):
            attempt()


def test_open_modes(fs):
    for path, flags, errno in (
        (b"/tmp", 1, "EISDIR"),
        (b"/tmp", 0o100, "EISDIR"),
        (b"/tmp/new/", 0o101, "EISDIR"),
        (b"/etc/greeting", 0o200000, "ENOTDIR"),
        (b"/etc/greeting", 3, "EINVAL"),
        (b"/dev/tty", 2, "ENXIO"),
    ):
        with refuses(errno):
            fs.open(path, flags)
    fd = fs.open(b"/etc/greeting", 0)
    with refuses("EBADF"):
        write(fs, fd, b"x")
    with refuses("EINVAL"):
        fs.ftruncate(fd, 0)
    with refuses("EISDIR"):
        read(fs, fs.open(b"/tmp", 0), 1)


def test_unlinked_file_lives_until_closed(fs):
    fd = fs.open(b"/tmp/f", READ_WRITE_NEW)
    write(fs, fd, b"data")
    fs.unlink(b"/tmp/f")
    fs.file(fd).seek(0, 0)
    assert read(fs, fd, 9) == b"data"
    assert fs.overlay.quota.bytes_used == 4
    fs.close(fd)
    assert (fs.overlay.quota.bytes_used, fs.overlay.quota.files_used) == (0, 0)


def test_devices(fs):
    null = fs.open(b"/dev/null", 2)
    assert write(fs, null, b"x" * 10) == 10
    assert read(fs, null, 5) == b""
    assert read(fs, fs.open(b"/dev/zero", 0), 5) == bytes(5)
    assert len(set(read(fs, fs.open(b"/dev/urandom", 0), 1000))) > 100
    assert len(read(fs, fs.open(b"/dev/zero", 0), 5_000_000)) == 1024 * 1024
    full = fs.open(b"/dev/full", 2)
    assert read(fs, full, 5) == bytes(5)
    with refuses("ENOSPC"):
        write(fs, full, b"x")
    assert fs.stat(b"/dev/urandom").rdev == 0x109


def test_open_descriptors_as_files(fs):
    fd = fs.open(b"/tmp/f", READ_WRITE_NEW)
    write(fs, fd, b"data")
    assert fs.get(b"/dev/fd/3") == b"data"
    fs.symlink(b"/dev/fd/3", b"/tmp/through")
    assert fs.get(b"/tmp/through") == b"data"
    fs.unlink(b"/tmp/f")
    assert fs.get(b"/dev/fd/3") == b"data"
    assert [row[0] for row in fs.stat(b"/dev/fd").listing()] == [b".", b"..", b"0", b"1", b"2", b"3"]
    fs.close(fd)
    for path in (b"/dev/fd/3", b"/tmp/through", b"/dev/fd/03", b"/dev/fd/x", b"/dev/fd/-1"):
        with refuses("ENOENT"):
            fs.stat(path)
    with refuses("EACCES"):
        fs.open(b"/dev/fd/9", READ_WRITE_NEW)
    with refuses("EACCES"):
        fs.unlink(b"/dev/fd/0")


def test_a_file_without_a_name(fs):
    fd = fs.open(b"/tmp", 0o20200002, 0o640)
    write(fs, fd, b"data")
    node = fs.file(fd).inode
    assert (node.nlink, node.mode & 0o777) == (0, 0o640)
    assert [row[0] for row in fs.stat(b"/tmp").listing()] == [b".", b".."]
    assert fs.overlay.quota.bytes_used == 4
    fs.close(fd)
    assert (fs.overlay.quota.bytes_used, fs.overlay.quota.files_used) == (0, 0)
    for path, flags, errno in ((b"/tmp", 0o20200000, "EINVAL"), (b"/etc/greeting", 0o20200002, "ENOTDIR")):
        with refuses(errno):
            fs.open(path, flags)


def test_locks_of_descriptions(fs):
    one, two = (fs.file(fs.open(b"/tmp/f", 0o102)) for _ in range(2))
    other = fs.file(fs.open(b"/tmp/g", 0o102))
    one.lock(10, 20, True)
    other.lock(10, 20, True)
    for start, end in ((0, 11), (19, 30), (0, 30), (12, 13)):
        with refuses("EAGAIN"):
            two.lock(start, end, False)
    two.lock(0, 10, True)
    two.lock(20, 30, True)
    one.unlock(12, 14)
    two.lock(12, 14, False)
    one.lock(10, 12, False)
    two.lock(10, 12, False)
    with refuses("EAGAIN"):
        one.lock(10, 12, True)
    two.release()
    one.lock(0, 100, True)
    with refuses("EBADF"):
        fs.file(fs.open(b"/tmp/f", 0)).lock(0, 1, True)


def test_locks_are_bounded(fs):
    file = fs.file(fs.open(b"/tmp/f", 0o102))
    for start in range(1024):
        file.lock(2 * start, 2 * start + 1, True)
    with refuses("ENOLCK"):
        file.lock(5000, 5001, True)
    file.lock(0, 5001, True)
    for start in range(1024):
        file.unlock(2 * start, 2 * start + 1)
    with refuses("ENOLCK"):
        file.unlock(4000, 4001)
    file.release()
    assert fs.overlay.locks._locks == []


def test_pipe(fs):
    reading, writing = fs.pipe()
    with refuses("EAGAIN"):
        read(fs, reading, 1)
    assert write(fs, writing, b"abc") == 3
    assert read(fs, reading, 2) == b"ab"
    assert write(fs, writing, bytes(100_000)) == 65535
    with refuses("EAGAIN"):
        write(fs, writing, b"x")
    assert fs.poll(writing) == 0
    assert fs.poll(reading) == 1
    fs.close(writing)
    assert len(read(fs, reading, 100_000)) == 65536
    assert read(fs, reading, 1) == b""
    assert fs.poll(reading) == 16
    fs.close(reading)
    assert (fs.overlay.quota.bytes_used, fs.overlay.quota.files_used) == (0, 0)


def test_pipe_without_reader(fs):
    reading, writing = fs.pipe()
    fs.close(reading)
    with refuses("EPIPE"):
        write(fs, writing, b"x")
    with refuses("ESPIPE"):
        fs.file(writing).seek(0, 0)
