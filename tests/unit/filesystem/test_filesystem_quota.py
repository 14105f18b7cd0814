"""What a guest may keep in the host's memory is counted, refused beyond the limit, and given back."""

import pytest
from cellblock_sandbox.filesystem import FileSystemError

READ_WRITE_NEW = 0o1102


def refuses(errno):
    return pytest.raises(FileSystemError, match=f"^{errno}$")


def used(fs):
    return fs.overlay.quota.bytes_used, fs.overlay.quota.files_used


def test_bytes(make):
    fs = make(max_bytes=10)
    assert fs.put(b"/tmp/f", b"12345678") == 8
    for attempt in (
        lambda: fs.put(b"/tmp/g", b"123"),
        lambda: fs.truncate(b"/tmp/f", 1 << 50),
        lambda: fs.put(b"/etc/greeting", b"x", flags=2),
        lambda: fs.symlink(b"long target", b"/tmp/l"),
    ):
        with refuses("ENOSPC"):
            attempt()
    assert used(fs) == (8, 2)
    fs.put(b"/tmp/f", b"")
    fs.unlink(b"/tmp/f")
    fs.unlink(b"/tmp/g")
    assert used(fs) == (0, 0)


def test_a_gap_is_charged(make):
    fs = make(max_bytes=100)
    fd = fs.open(b"/tmp/f", READ_WRITE_NEW)
    fs.file(fd).seek(1 << 40, 0)
    with refuses("ENOSPC"):
        fs.file(fd).write_from(memoryview(b"x"))
    assert fs.file(fd).write_from(memoryview(b"")) == 0
    assert used(fs) == (0, 1)


def test_changing_a_file_of_the_layers_is_charged(make):
    fs = make(max_bytes=50_000)
    with refuses("ENOSPC"):
        fs.put(b"/site/pkg/data.bin", b"x", flags=1)
    fs.put(b"/site/pkg/data.bin", b"x")
    assert used(fs) == (1, 0)
    fs.truncate(b"/site/pkg/data.bin", 100)
    assert fs.get(b"/site/pkg/data.bin") == b"x" + bytes(99)
    fs.unlink(b"/site/pkg/data.bin")
    assert used(fs) == (0, 0)


def test_files(make):
    fs = make(max_files=3)
    fs.mkdir(b"/tmp/d", 0o777)
    fs.symlink(b"x", b"/tmp/l")
    fs.put(b"/tmp/f", b"")
    for attempt in (
        lambda: fs.mkdir(b"/tmp/e", 0o777),
        lambda: fs.symlink(b"x", b"/tmp/m"),
        lambda: fs.put(b"/tmp/g", b""),
        lambda: fs.mkfile(b"/tmp/g", 0o666),
        fs.pipe,
    ):
        with refuses("EDQUOT"):
            attempt()
    for name in (b"/tmp/l", b"/tmp/f"):
        fs.unlink(name)
    fs.rmdir(b"/tmp/d")
    assert used(fs) == (0, 0)


def test_replacing_gives_back(make):
    fs = make()
    fs.put(b"/tmp/a", b"aa")
    fs.put(b"/tmp/b", b"bbbb")
    fs.rename(b"/tmp/a", b"/tmp/b")
    assert used(fs) == (2, 1)


def test_an_open_removed_directory_keeps_no_parents(make):
    fs = make()
    fs.mkdir(b"/tmp/a", 0o777)
    fs.mkdir(b"/tmp/a/b", 0o777)
    fd = fs.open(b"/tmp/a/b", 0)
    fs.rmdir(b"/tmp/a/b")
    fs.rmdir(b"/tmp/a")
    node = fs.file(fd).inode
    assert node.parent is node
    assert used(fs) == (0, 1)
    fs.close(fd)
    assert used(fs) == (0, 0)


def test_listings_of_open_directories_are_charged(make):
    fs = make(max_bytes=1000)
    for number in range(5):
        fs.put(b"/tmp/%d" % number, b"")
    first, second = (fs.file(fs.open(b"/tmp", 0)) for _ in range(2))
    assert len(first.listing()) == len(first.listing()) == 7
    assert used(fs) == (7 * 72, 5)
    with refuses("ENOSPC"):
        second.listing()
    first.release()
    assert len(second.listing()) == 7
    second.release()
    assert used(fs) == (0, 5)
