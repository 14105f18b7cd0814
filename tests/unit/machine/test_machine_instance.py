"""One guest's memory and table, and their limits."""

import struct
import weakref

import pytest
import wasmtime
from cellblock_sandbox.machine import instance as instances
from cellblock_sandbox.machine.calls import GuestTrap
from cellblock_sandbox.machine.instance import PAGE
from cellblock_sandbox.machine.interruption import Reason
from cellblock_sandbox.machine.memory import GuestFault

LOADS = """(func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
(func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"""
TABLE = """(table (export "__indirect_function_table") 3 funcref)
(elem (i32.const 1) func $one) (func $one (result i32) (i32.const 1))
(func (export "indirect") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))"""


def test_both_sides_see_the_same_memory(guest):
    made = guest(LOADS)
    made.memory.set_u32(16, 7)
    assert made.call("load", 16) == 7
    made.call("store", 20, -1)
    assert made.memory.u32(20) == 2**32 - 1


def test_each_guest_has_memory_of_its_own(guest):
    first = guest(LOADS)
    second = guest.again(first.program)
    first.call("store", 0, 5)
    assert second.call("load", 0) == 0


def test_growth_refreshes_the_view(guest):
    made = guest(LOADS, limit=16)
    made.call("store", 0, 9)
    with pytest.raises(GuestFault):
        made.memory.u32(3 * PAGE)
    assert made.grow(3 * PAGE + 1)
    assert made.memory.size == 4 * PAGE
    made.memory.set_u32(4 * PAGE - 4, 3)
    assert made.call("load", 4 * PAGE - 4) == 3
    assert made.call("load", 0) == 9


def test_growing_to_what_is_there_does_nothing(guest):
    made = guest(LOADS)
    assert made.grow(PAGE)
    assert made.grow(5)
    assert made.memory.size == PAGE


def test_the_memory_limit_holds(guest):
    made = guest(LOADS, limit=4)
    assert not made.grow(5 * PAGE)
    assert made.memory.size == PAGE
    assert made.grow(4 * PAGE)
    assert not made.grow(4 * PAGE + 1)
    assert made.call("grow", 1) == -1
    with pytest.raises(GuestTrap, match="out of bounds memory access"):
        made.call("load", 4 * PAGE - 3)


def test_a_limit_below_the_image_is_refused(guest):
    with pytest.raises(wasmtime.WasmtimeError, match="exceeds memory limits"):
        guest(LOADS, pages=3, limit=2)


def test_address_range_follows_growth(guest):
    made = guest(LOADS, pages=2)
    made.heap_start = PAGE + 5000
    address, below_heap, size = made.address_range()
    assert (below_heap, size) == (PAGE + 4096, 2 * PAGE)
    made.grow(5 * PAGE)
    assert made.address_range()[1:] == (PAGE + 4096, 5 * PAGE)
    made.heap_start = 100 * PAGE
    assert made.address_range()[1] == 5 * PAGE
    assert address % 4096 == 0


def test_table_slots_in_order(guest):
    made = guest(TABLE)
    assert made.table_size() == 3
    assert [made.add(), made.add()] == [3, 4]
    assert made.own_functions() == 0
    made.set(4, "->i", lambda: 44)
    assert made.own_functions() == 1
    assert made.call("indirect", 4) == 44
    with pytest.raises(GuestTrap, match="uninitialized element"):
        made.call("indirect", 3)


@pytest.mark.parametrize("slot", [0, 1, 2, 4, 2**31, -1])
def test_other_slots_are_refused(guest, slot):
    made = guest(TABLE)
    made.add()
    with pytest.raises(ValueError, match="not an empty one"):
        made.set(slot, "->i", int)
    assert made.call("indirect", 1) == 1


def test_a_slot_is_filled_once(guest):
    made = guest(TABLE)
    slot = made.add()
    made.set(slot, "->i", lambda: 1)
    with pytest.raises(ValueError, match="not an empty one"):
        made.set(slot, "->i", lambda: 2)
    assert made.call("indirect", slot) == 1


def test_the_table_has_a_limit(guest, monkeypatch):
    monkeypatch.setattr(instances, "_TABLE_GROWTH", 3)
    made = guest(TABLE)
    assert [made.add() for _ in range(3)] == [3, 4, 5]
    for _ in range(2):
        with pytest.raises(MemoryError, match="no room"):
            made.add()
    assert made.table_size() == 6


def test_a_table_that_cannot_grow(guest):
    made = guest(TABLE.replace("3 funcref", "3 3 funcref"))
    with pytest.raises(MemoryError, match="can't grow"):
        made.add()


@pytest.mark.parametrize("slot", [0, 2, 3, 1000, -1, 2**32 - 1])
def test_calls_of_empty_slots(guest, slot):
    with pytest.raises(LookupError, match="holds no function"):
        guest(TABLE).call_slot(slot)


def test_calls_of_slots_with_other_arguments(guest):
    made = guest(TABLE)
    assert made.call_slot(1, 5) == made.call_slot(1)


def test_prepared_slots_are_bounded(guest, monkeypatch):
    monkeypatch.setattr(instances, "_SLOTS_KEPT", 4)
    made = guest(TABLE)
    for number in range(10):
        slot = made.add()
        made.set(slot, "->i", lambda number=number: number)
    assert [made.call_slot(3 + number) for number in range(10)] == list(range(10))
    assert len(made._slots) <= 4


def test_many_guests_one_after_another(guest):
    program = guest(LOADS).program
    for number in range(200):
        made = guest.again(program)
        made.call("store", 0, number)
        assert made.call("load", 0) == number
        made.close()


def test_closed_twice_is_closed(guest):
    made = guest(LOADS)
    made.close()
    made.close()


def test_request_interrupt_writes_the_flag(guest):
    made = guest(LOADS)
    made.interrupt_flag = 128
    made.request_interrupt(Reason.CANCELLED)
    assert made.memory.read(124, 12) == struct.pack("<3I", 0, 1, 0)


def test_closing_lets_go_of_its_functions(guest):
    """They hold their guest's world, which would otherwise stay until Python looks for cycles."""

    class World:
        pass

    made, world = guest(LOADS), World()
    held = weakref.ref(world)
    made._own_functions[1] = [world, made._own_functions]
    del world
    assert held() is not None
    made.close()
    assert held() is None
