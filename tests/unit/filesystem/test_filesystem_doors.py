"""Devices through which a guest asks its host."""

import pytest
from cellblock_sandbox.abi.tables import EACCES
from cellblock_sandbox.filesystem import FileSystemError

READ_WRITE = 2
PATH = b"/dev/cellblock/echo"


def refuses(errno):
    return pytest.raises(FileSystemError, match=f"^{errno}$")


@pytest.fixture
def asked(fs):
    asked = []

    def echo(request):
        asked.append(request)
        if request == b"fail":
            raise RuntimeError("not told to the guest")
        if request == b"forbidden":
            raise FileSystemError(EACCES)
        return bytes(20 << 20) if request == b"huge" else request * 2

    fs.add_door("echo", echo)
    return asked


def read(fs, fd, count=100):
    buffer = memoryview(bytearray(count))
    return bytes(buffer[: fs.file(fd).read_into(buffer)])


def write(fs, fd, data):
    return fs.file(fd).write_from(memoryview(data))


def test_a_request_and_its_answer(fs, asked):
    fd = fs.open(PATH, READ_WRITE)
    assert read(fs, fd) == b""
    assert write(fs, fd, b"he") + write(fs, fd, b"llo") == 5
    assert asked == []
    assert [read(fs, fd, 6), read(fs, fd), read(fs, fd)] == [b"helloh", b"ello", b""]
    assert asked == [b"hello"]
    write(fs, fd, b"x")
    assert (read(fs, fd), read(fs, fd)) == (b"xx", b"")
    with refuses("ESPIPE"):
        fs.file(fd).seek(0, 0)


def test_writing_again_drops_the_rest_of_an_answer(fs, asked):
    fd = fs.open(PATH, READ_WRITE)
    write(fs, fd, b"first")
    assert read(fs, fd, 1) == b"f"
    write(fs, fd, b"second")
    assert read(fs, fd) == b"secondsecond"


def test_each_open_has_its_own(fs, asked):
    one, two = fs.open(PATH, READ_WRITE), fs.open(PATH, READ_WRITE)
    write(fs, one, b"1")
    write(fs, two, b"2")
    assert (read(fs, fs.dup(one)), read(fs, two)) == (b"11", b"22")


def test_what_goes_wrong_is_an_errno(fs, asked):
    fd = fs.open(PATH, READ_WRITE)
    for request, errno in ((b"fail", "EIO"), (b"forbidden", "EACCES"), (b"huge", "EIO")):
        write(fs, fd, request)
        with refuses(errno):
            read(fs, fd)
        assert read(fs, fd) == b""
    write(fs, fd, b"ok")
    assert read(fs, fd) == b"okok"


def test_requests_and_answers_are_bounded(make):
    fs = make(max_bytes=100_000)
    fs.add_door("echo", lambda request: request * 2)
    fd, other = fs.open(PATH, READ_WRITE), fs.open(PATH, READ_WRITE)
    write(fs, fd, bytes(65536))
    with refuses("EMSGSIZE"):
        write(fs, fd, b"x")
    with refuses("ENOSPC"):
        write(fs, other, bytes(60_000))
    with refuses("ENOSPC"):
        read(fs, fd)
    assert fs.overlay.quota.bytes_used == 0
    write(fs, fd, bytes(1000))
    assert len(read(fs, fd, 10)) == 10
    write(fs, other, bytes(500))
    assert fs.overlay.quota.bytes_used == 2500
    fs.close(fd)
    fs.close(other)
    assert fs.overlay.quota.bytes_used == 0


def test_a_door_may_take_more_up_to_the_quota(make):
    fs = make(max_bytes=1_000_000)
    fs.add_door("echo", lambda request: request, largest=300_000)
    fd = fs.open(PATH, READ_WRITE)
    write(fs, fd, bytes(300_000))
    with refuses("EMSGSIZE"):
        write(fs, fd, b"x")
    assert len(read(fs, fd, 400_000)) == 300_000
    fs.add_door("long", lambda request: bytes(300_001), largest=300_000)
    other = fs.open(b"/dev/cellblock/long", READ_WRITE)
    write(fs, other, b"x")
    with refuses("EIO"):
        read(fs, other)


def test_without_a_callable_there_is_no_device(make, asked):
    other = make()
    with refuses("ENOENT"):
        other.open(PATH, READ_WRITE)
    with refuses("ENOENT"):
        other.stat(b"/dev/cellblock")


def test_a_door_has_a_plain_name(fs):
    for name in ("", "a/b", "..", "A", "a\0"):
        with pytest.raises(ValueError, match="is no name"):
            fs.add_door(name, bytes)


def test_a_door_is_a_character_device_that_costs_nothing(fs, asked):
    node = fs.stat(PATH)
    assert node.mode == 0o020666
    assert fs.overlay.quota.files_used == 0
    assert [row[0] for row in fs.stat(b"/dev/cellblock").listing()] == [b".", b"..", b"echo"]
