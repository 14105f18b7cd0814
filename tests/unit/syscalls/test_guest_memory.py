"""Nothing the guest names is trusted."""

import struct

import pytest
from cellblock_sandbox.machine.memory import GuestFault, GuestMemory

SIZE = 1000


@pytest.fixture
def memory():
    raw = bytearray(SIZE)
    return GuestMemory(lambda: raw)


def test_numbers_round_trip(memory):
    memory.set_u32(0, -1)
    assert (memory.u32(0), memory.i32(0), memory.u16(0), memory.u8(3)) == (0xFFFFFFFF, -1, 0xFFFF, 255)
    memory.set_i64(8, -2)
    assert (memory.i64(8), memory.u64(8)) == (-2, 2**64 - 2)
    memory.set_f64(16, 1.5)
    assert memory.f64(16) == 1.5
    memory.set_u8(24, 0x1FF)
    memory.set_u16(26, 0x12345)
    memory.set_i32(28, 2**31)
    memory.set_u64(32, 2**65 + 7)
    assert (memory.u8(24), memory.u16(26), memory.i32(28), memory.u64(32)) == (255, 0x2345, -(2**31), 7)


def test_strings_and_bytes(memory):
    memory.write(10, b"path\0rest")
    assert memory.cstring(10) == b"path"
    assert memory.read(10, 4) == b"path"
    memory.write(100, b"x" * 300 + b"\0")
    assert memory.cstring(100) == b"x" * 300
    with pytest.raises(GuestFault):
        memory.cstring(100, limit=300)
    memory.view(10, 4)[:] = b"wxyz"
    assert memory.read(10, 5) == b"wxyz\0"


@pytest.mark.parametrize("ptr", [SIZE, SIZE + 1, -1, -SIZE, -(2**31), 2**31 - 1])
def test_pointers_outside(memory, ptr):
    for access in (memory.u8, memory.u16, memory.u32, memory.i32, memory.u64, memory.i64, memory.f64, memory.cstring):
        with pytest.raises(GuestFault):
            access(ptr)
    for change in (
        memory.set_u8,
        memory.set_u16,
        memory.set_u32,
        memory.set_i32,
        memory.set_u64,
        memory.set_i64,
        memory.set_f64,
    ):
        with pytest.raises(GuestFault):
            change(ptr, 0)
    with pytest.raises(GuestFault):
        memory.read(ptr, 1)


def test_ranges_over_the_end(memory):
    assert memory.read(SIZE, 0) == b""
    for start, length in ((0, SIZE + 1), (SIZE - 1, 2), (8, -1), (-1, 2), (SIZE - 1, -(2**31))):
        with pytest.raises(GuestFault):
            memory.view(start, length)
    with pytest.raises(GuestFault):
        memory.set_u32(SIZE - 3, 0)
    with pytest.raises(GuestFault):
        memory.write(SIZE - 1, b"ab")
    memory.write(SIZE - 3, b"abc")
    with pytest.raises(GuestFault):
        memory.cstring(SIZE - 3)


def test_a_value_that_doesn_t_fit_is_our_mistake(memory):
    with pytest.raises(struct.error):
        memory.pack(struct.Struct("<H"), 0, 70_000)


def test_growing():
    raw = [bytearray(10)]
    memory = GuestMemory(lambda: raw[0])
    raw[0] = bytearray(20)
    with pytest.raises(GuestFault):
        memory.u8(15)
    memory.refresh()
    assert (memory.u8(15), memory.size) == (0, 20)
