"""Memory when nothing can be written: what goes first, what stays, and that it is counted."""

from __future__ import annotations

from cellblock_service.store.backlog import ENTRY_WEIGHT, Backlog
from cellblock_service.store.changes import Ended

from .conftest import begun, ended, running


def backlog(entries: float) -> Backlog:
    return Backlog(result_bytes=100_000, tail_bytes=100, most_weight=int(ENTRY_WEIGHT * entries))


def test_results_go_before_executions_and_the_oldest_first() -> None:
    waiting = backlog(entries=10)
    for number in range(6):
        waiting.add(begun(str(number)))
        waiting.add(ended(str(number), result=bytes(2 * ENTRY_WEIGHT), error={"type": "E", "traceback": "t" * 1000}))
    found = [waiting.find(str(number), "one") for number in range(6)]
    sizes = [len(record.result) if record and record.result else 0 for record in found]
    assert sizes == [0, 0, 0, 0, 0, 4096]
    assert {record.result_size for record in found if record} == {4096}
    assert [record.error["type"] for record in found if record and record.error] == ["E"] * 6
    assert (waiting.losses.shortened, waiting.losses.dropped) == (5, 0)


def test_the_oldest_ended_are_dropped_and_those_under_way_stay() -> None:
    waiting = backlog(entries=10)
    for number in range(5):
        waiting.add(begun(f"under way {number}"))
    for number in range(100):
        waiting.add(begun(str(number)))
        waiting.add(ended(str(number)))
    assert len(waiting) == 10
    assert waiting.losses.dropped == 95
    assert [waiting.find(str(number), None) is not None for number in (0, 94, 95, 99)] == [False, False, True, True]
    assert all(waiting.find(f"under way {number}", "one") for number in range(5))


def test_what_may_have_a_row_is_never_dropped() -> None:
    """Its row would look as if it were running for ever."""
    waiting = backlog(entries=10)
    waiting.add(begun("tried"))
    assert [work.number for work in waiting.take()] == [1]
    for number in range(50):
        waiting.add(begun(str(number)))
        waiting.add(ended(str(number)))
    waiting.add(ended("tried"))
    for number in range(50, 100):
        waiting.add(begun(str(number)))
        waiting.add(ended(str(number)))
    assert waiting.find("tried", "one") is not None


def test_memory_is_given_back() -> None:
    waiting = backlog(entries=10)
    for number in range(100):
        waiting.add(begun(str(number)))
        waiting.add(ended(str(number), result=bytes(5000), stdout="x" * 50))
    while batch := waiting.take():
        waiting.settle(batch)
    assert (waiting.weight, len(waiting)) == (0, 0)
    assert not any((waiting._entries, waiting._newest, waiting._whole, waiting._droppable))


def test_what_changes_while_it_is_written_is_written_again() -> None:
    waiting = backlog(entries=10)
    waiting.add(begun("a"))
    batch = waiting.take()
    waiting.add(running("a"))
    waiting.settle(batch)
    (work,) = waiting.take()
    assert (work.number, len(work.changes)) == (1, 2)
    waiting.settle([work])
    assert not waiting.take()
    waiting.add(ended("a"))
    (work,) = waiting.take()
    assert isinstance(work.changes[-1], Ended)


def test_what_is_dropped_while_it_is_written_does_no_harm() -> None:
    waiting = backlog(entries=10)
    waiting.add(begun("a"))
    batch = waiting.take()
    waiting.discard(batch[0])
    waiting.settle(batch)
    assert (waiting.weight, len(waiting)) == (0, 0)


def test_a_batch_is_bounded_by_what_it_weighs() -> None:
    waiting = Backlog(result_bytes=10 << 20, tail_bytes=100)
    for number in range(20):
        waiting.add(begun(str(number)))
        waiting.add(ended(str(number), result=bytes(3 << 20)))
    assert len(waiting.take()) == 3
