"""Pages: which of a copy-on-write mapping are written to, writing to them in advance, giving those of a stack back."""

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


def test_pages_that_are_written_to_are_told(mapping):
    area, address = mapping
    assert sum(area[number * PAGE] for number in range(COUNT)) == sum(range(COUNT))
    assert pages.written(address, COUNT * PAGE) == []
    for number in (3, 4, 5, 9, 15):
        area[number * PAGE + 7] = 0
    assert pages.written(address, COUNT * PAGE) == [(3, 3), (9, 1), (15, 1)]


def test_pages_are_written_to_in_advance(mapping):
    area, address = mapping
    pages.populate(address, COUNT * PAGE, [(1, 2), (8, 1)])
    assert pages.written(address, COUNT * PAGE) == [(1, 2), (8, 1)]
    assert [area[number * PAGE] for number in range(COUNT)] == list(range(COUNT)), "and hold what they held"


@pytest.mark.parametrize("ranges", [[(COUNT, 1)], [(COUNT - 1, 2)], [(1 << 40, 1)], [(0, 1 << 40)]])
def test_pages_outside_are_left_alone(mapping, ranges):
    _, address = mapping
    pages.populate(address, COUNT * PAGE, ranges)
    assert pages.written(address, COUNT * PAGE) == []


def test_the_depths_of_a_stack_are_given_back():
    """A thread's own stack, written to far below where it is: the content goes, the thread goes on."""
    seen = {}

    def work():
        address, length = pages.depths_of_stack(1 << 20)
        seen["length"] = length
        ctypes.memset(address, 1, length // 2)
        seen["written"] = sum(count for _, count in pages.written(address, length))
        pages.release(address, length)
        seen["left"] = sum(count for _, count in pages.written(address, length))
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
