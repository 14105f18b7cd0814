"""Linear memory: what a guest left in it never reaches the next, however it is put back."""

import ctypes
import gc
import os
import random
from pathlib import Path

import pytest
import wasmtime
from cellblock_sandbox.machine import creator, linear, pages
from cellblock_sandbox.machine.calls import GuestTrap, Interrupted
from cellblock_sandbox.machine.engine import engine
from cellblock_sandbox.machine.interruption import watchdog
from cellblock_sandbox.machine.linear import PAGE, LinearMemory, MemoryImage
from cellblock_sandbox.machine.memory import GuestFault

CAPACITY, GUARD = 64 * PAGE, PAGE
SMALL = 4096

ACCESS = """(func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
(func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"""


@pytest.fixture
def image(memory_image):
    return memory_image(random.Random(1).randbytes(8 * PAGE))


def make(image):
    memory = LinearMemory(image, CAPACITY, GUARD)
    memory.leave()
    return memory


def contents_of(memory):
    return ctypes.string_at(memory.address, memory.size)


def writable(memory):
    return (ctypes.c_ubyte * memory.size).from_address(memory.address)


def original(image):
    return ctypes.string_at(image.address, image.size)


def few(memory):
    """Write to some places."""
    view = writable(memory)
    for place in range(0, memory.size, 3 * SMALL):
        view[place] ^= 0xFF


def everything(memory):
    """Write everywhere."""
    ctypes.memset(memory.address, 0xAA, memory.size)


def growth(memory):
    """Add memory and fill it."""
    memory.grow(20 * PAGE)
    everything(memory)


@pytest.mark.parametrize("use", [few, everything, growth])
@pytest.mark.parametrize("kept", [0, 30, 1024], ids=["nothing is told", "mapped anew if too much", "put back"])
def test_the_next_guest_finds_the_image(image, use, kept, monkeypatch):
    monkeypatch.setattr(linear, "_KEPT_PAGES", kept)
    before = original(image)
    addresses = set()
    for _ in range(4):
        memory = make(image)
        addresses.add(memory.address)
        assert (memory.size, contents_of(memory) == before) == (len(before), True)
        use(memory)
        memory.end()
    assert len(addresses) == 1, "it is the same mapping each time"
    assert original(image) == before


def test_what_was_copied_once_is_put_back_again(image):
    """Pages that an earlier guest wrote to are this process's own for good: they are put back after every guest."""
    for place in (0, 5 * SMALL, 100 * SMALL):
        memory = make(image)
        assert contents_of(memory) == original(image)
        writable(memory)[place] ^= 0xFF
        memory.end()
    copies = pages.copied(memory.address, image.size, at_most=100)
    assert sum(end - start for start, end in copies) == 3 * SMALL


def test_whatever_guests_write_to_is_put_back_whether_or_not_it_is_looked_for(image, monkeypatch):
    """Without a page fault since the last look there is nothing new to be found; each page written first is one."""
    monkeypatch.setattr(linear, "_GUESTS", 1000)
    looks, look = [], pages.copied
    monkeypatch.setattr(pages, "copied", lambda *args, **more: looks.append(1) or look(*args, **more))
    chance, before, found = random.Random(2), original(image), []
    for number in range(200):
        memory = make(image)
        assert contents_of(memory) == before
        seen, view = len(looks), writable(memory)
        count = image.size // SMALL if number < 150 else 8
        for place in [chance.randrange(count) * SMALL for _ in range(3)]:
            view[place] ^= 0xFF
        memory.end()
        found.append(len(looks) - seen)
    assert 0 < sum(found) < len(found), "where all had been written to before it was put back without a look"


@pytest.mark.skipif(not Path("/sys/kernel/mm/transparent_hugepage").exists(), reason="this system has no huge pages")
def test_nobody_puts_huge_pages_in_the_place_of_an_image(tmp_path):
    """That the system does without a page fault, so that pages could become this process's own unseen."""
    path = tmp_path / "sparse.bin"
    MemoryImage.write(path, b"\1" * PAGE + bytes(3 * PAGE) + b"\1" * PAGE)
    image = MemoryImage(path)
    memory = make(image)
    flags, inside = [], False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if (span := line.split(" ")[0]).count("-") == 1 and not line.startswith("VmFlags"):
            start, end = (int(each, 16) for each in span.split("-"))
            inside = start < memory.address + memory.size and end > memory.address
        elif line.startswith("VmFlags:") and inside:
            flags.append("nh" in line.split())
    assert len(flags) >= 3
    assert all(flags)


def test_a_mapping_is_made_anew_after_some_guests(image, monkeypatch):
    monkeypatch.setattr(linear, "_GUESTS", 3)
    copies = []
    for _ in range(6):
        memory = make(image)
        copies.append(pages.copied(memory.address, memory.size, at_most=100))
        few(memory)
        memory.end()
    assert [bool(each) for each in copies] == [False, True, True, False, True, True]
    assert contents_of(make(image)) == original(image)


def test_guests_at_one_time_have_memories_of_their_own(image):
    memories = [make(image) for _ in range(5)]
    for number, memory in enumerate(memories):
        ctypes.memset(memory.address, number, memory.size)
    for number, memory in enumerate(memories):
        assert set(contents_of(memory)) == {number}
        memory.end()
    assert len(image.parked) == 1, "one waits for the next, the others are given back"


def test_a_memory_of_which_nobody_says_that_it_is_intact_is_not_used_again(image):
    memory = LinearMemory(image, CAPACITY, GUARD)
    memory.end()
    assert image.parked == []


def test_growth_has_an_end(image):
    memory = make(image)
    memory.grow(CAPACITY)
    assert contents_of(memory)[image.size :] == bytes(CAPACITY - image.size)
    with pytest.raises(OSError, match="no room"):
        memory.grow(CAPACITY + PAGE)
    assert memory.size == CAPACITY


def test_empty_pages_are_not_in_the_file(tmp_path):
    contents = bytearray(15 * PAGE)
    for number in (0, 1, 7, 13):
        contents[number * PAGE + number] = number + 1
    path = tmp_path / "sparse.bin"
    MemoryImage.write(path, bytes(contents))
    assert path.stat().st_size < 5 * PAGE
    image = MemoryImage(path)
    for use in (few, everything, growth, few):
        memory = make(image)
        assert (original(image) == contents, contents_of(memory) == contents) == (True, True)
        use(memory)
        memory.end()


def test_an_image_goes_with_its_last_memory(tmp_path):
    path = tmp_path / "goes.bin"
    MemoryImage.write(path, b"\1" * PAGE)

    def mapped():
        gc.collect()
        return Path("/proc/self/maps").read_text().count(str(path))

    image = MemoryImage(path)
    memory, other = make(image), make(image)
    assert mapped() == 3
    memory.end()
    del image, memory
    assert mapped() == 3
    other.end()
    del other
    assert mapped() == 0
    assert str(path) not in [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]


# ---- through the engine


def test_guests_of_one_image_one_after_another(guest, memory_image):
    image = memory_image(b"\7" * (2 * PAGE))
    first = guest(ACCESS, pages=image)
    for _ in range(5):
        made = guest.again(first.program, image)
        assert [made.call("load", place) for place in (0, PAGE, 2 * PAGE - 1)] == [7, 7, 7]
        with pytest.raises(GuestTrap, match="out of bounds memory access"):
            made.call("load", 2 * PAGE)
        assert made.call("grow", 3) == 2
        made.memory.refresh()
        assert made.call("load", 5 * PAGE - 1) == 0
        for place in (0, 5000, 2 * PAGE, 5 * PAGE - 1):
            made.call("store", place, 1)
        made.close()
    assert (first.call("load", 0), len(image.parked)) == (7, 1)


def test_the_heap_of_exceptions_is_used_again_and_empty(guest):
    """The engine asks for one with each instance, and it grows when an exception is thrown."""
    throwing = """(tag $t (param i64)) (func (export "throw") (param i32) (result i32) (local $n i32)
      (loop $again
        (drop (block $caught (result i64 exnref)
          (try_table (catch_ref $t $caught) (throw $t (i64.const 7))) unreachable))
        drop
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (local.get 0))))
      (local.get $n))"""
    first = guest(throwing)
    assert first.call("throw", 10) == 10
    first.close()
    heaps = {reservation.address for reservation in creator._EMPTY.parked}
    for _ in range(3):
        made = guest.again(first.program)
        assert made.call("throw", 1000) == 1000
        made.close()
    assert {reservation.address for reservation in creator._EMPTY.parked} == heaps


def test_a_memory_of_another_module_has_the_pages_that_it_asks_for():
    store = wasmtime.Store(engine())
    module = wasmtime.Module(engine(), '(module (memory (export "memory") 3 5))')
    memory = wasmtime.Instance(store, module, []).exports(store)["memory"]
    assert (memory.size(store), bytes(memory.read(store))) == (3, bytes(3 * PAGE))


def test_a_guest_that_has_ended_sees_no_other(guest, memory_image):
    image = memory_image(1)
    first = guest(ACCESS, pages=image)
    memory = first.memory
    first.close()
    second = guest.again(first.program, image)
    second.call("store", 3, 9)
    with pytest.raises(GuestFault):
        memory.u8(3)
    second.close()


def test_memory_that_was_taken_is_not_given_to_another(guest, memory_image):
    """A hard stop takes the memory away: the next guest gets a mapping of its own."""
    image = memory_image(b"\7" * (2 * PAGE))
    endless = '(func (export "loop") (loop $again (drop (i32.load (i32.const 0))) (br $again)))'
    loop = guest(endless + ACCESS, pages=image)
    loop.heap_start = PAGE
    watchdog.arm(loop, 0.05, 0.05)
    try:
        with pytest.raises(Interrupted):
            loop.call("loop")
    finally:
        watchdog.disarm()
    loop.close()
    assert image.parked == []
    made = guest.again(loop.program, image)
    assert made.call("load", 0) == 7
    made.close()
