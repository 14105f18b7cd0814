"""Memory for large values: used again once nobody holds a view of it, and not before."""

from __future__ import annotations

import time

from cellblock_service.areas import KEPT_BYTES, KEPT_S, Areas

MUCH = 8 << 20


def address(view: memoryview) -> int:
    return id(view.obj)


def test_it_is_used_again_when_nobody_holds_it() -> None:
    areas = Areas()
    first = areas.take(MUCH)
    place = address(first)
    del first
    assert address(areas.take(MUCH - 5)) == place


def test_one_slice_keeps_it() -> None:
    areas = Areas()
    first = areas.take(MUCH)
    first[:5] = b"first"
    part = first[:5]
    del first
    taken = [areas.take(MUCH) for _ in range(5)]
    for each in taken:
        each[:5] = b"other"
    assert part == b"first"
    assert len({address(each) for each in taken}) == 5


def test_a_view_is_as_long_as_asked_for() -> None:
    areas = Areas()
    for size in (1, 100, MUCH, MUCH + 1, 3 * MUCH):
        assert len(areas.take(size)) == size


def test_small_values_are_not_kept() -> None:
    areas = Areas()
    areas.take(1000)
    assert not areas._areas


def test_much_larger_memory_is_left_for_larger_values() -> None:
    areas = Areas()
    areas.take(16 * MUCH)
    areas.take(MUCH)
    assert len(areas._areas) == 2


def test_what_is_free_for_long_is_given_back() -> None:
    areas = Areas()
    held = areas.take(MUCH)
    areas.take(4 * MUCH)
    areas.trim(time.monotonic() + KEPT_S / 2)
    assert len(areas._areas) == 2
    areas.trim(time.monotonic() + 2 * KEPT_S)
    assert [id(area) for area, _ in areas._areas] == [address(held)]


def test_what_is_free_is_bounded() -> None:
    areas = Areas()
    taken = [areas.take(KEPT_BYTES // 4) for _ in range(9)]
    taken.clear()
    areas.trim(time.monotonic())
    assert sum(len(area) for area, _ in areas._areas) <= KEPT_BYTES
