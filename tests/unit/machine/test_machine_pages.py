"""Pages: which of a private mapping are copies of its own, giving those of a stack back."""

import ctypes
import mmap
import threading

import pytest
from cellblock_sandbox.machine import pages

PAGE = mmap.PAGESIZE
COUNT = 16


@pytest.fixture
def mapping(tmp_path):
    """A private mapping of a file whose pages hold their numbers; with its address."""
    path = tmp_path / "file"
    path.write_bytes(b"".join(bytes([number]) * PAGE for number in range(COUNT)))
    with path.open("rb") as file:
        area = mmap.mmap(file.fileno(), COUNT * PAGE, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_ubyte.from_buffer(area))
    yield area, address
    assert path.read_bytes()[5 * PAGE] == 5


def copied(address, at_most=COUNT):
    """The numbers of the pages that are copies; None if it isn't told."""
    found = pages.copied(address, COUNT * PAGE, at_most=at_most)
    return found and [(page - address) // PAGE for start, end in found for page in range(start, end, PAGE)]


def test_pages_that_are_written_to_are_told(mapping):
    area, address = mapping
    assert sum(area[number * PAGE] for number in range(COUNT)) == sum(range(COUNT))
    assert copied(address) == []
    for number in (3, 4, 5, 9, 15):
        area[number * PAGE + 7] = 0
    assert copied(address) == [3, 4, 5, 9, 15]


@pytest.mark.parametrize("numbers", [range(COUNT), range(0, COUNT, 2)])
def test_pages_are_told_up_to_a_number(mapping, numbers):
    area, address = mapping
    for number in numbers:
        area[number * PAGE] = 99
    assert copied(address, len(numbers)) == list(numbers)
    assert copied(address, len(numbers) - 1) is None


def test_nothing_is_told_of_nothing():
    assert pages.copied(0, 0, at_most=1) == []


def test_a_system_that_does_not_tell(mapping, monkeypatch):
    def refuse(*_):
        raise OSError

    monkeypatch.setattr(pages.fcntl, "ioctl", refuse)
    assert copied(mapping[1]) is None


def test_the_depths_of_a_stack_are_given_back():
    """A thread's own stack, written to far below where it is: the content goes, the thread goes on."""
    seen = {}

    def own_pages(address, length):
        return sum(end - start for start, end in pages.copied(address, length, at_most=length // PAGE)) // PAGE

    def work():
        address, length = pages.depths_of_stack(1 << 20)
        seen["length"] = length
        ctypes.memset(address, 1, length // 2)
        seen["written"] = own_pages(address, length)
        pages.release(address, length)
        seen["left"] = own_pages(address, length)
        seen["cleared"] = ctypes.string_at(address, 1000) == bytes(1000)

    before = threading.stack_size(64 << 20)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert 60 << 20 < seen["length"] < 64 << 20
    assert seen["written"] > 7000
    assert (seen["left"], seen["cleared"]) == (0, True)
