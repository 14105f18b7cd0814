"""What a worker's threads share: output on its way, and the service's replies."""

from __future__ import annotations

import threading
import time

import pytest
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.live import FULL, MANY, PAUSE_S, LiveOutput
from cellblock_service.workers.replies import Replies, RunCancelled

SOON = 10.0

Sent = list[tuple[str, bytes]]


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def live(sent: Sent) -> LiveOutput:
    return LiveOutput(lambda stream, data: sent.append((stream, data)))


def wait_for(sent: Sent, count: int) -> None:
    deadline = time.monotonic() + SOON
    while len(sent) < count:
        assert time.monotonic() < deadline, sent
        time.sleep(0.001)


def test_the_first_piece_goes_at_once_and_the_next_together(live: LiveOutput, sent: Sent) -> None:
    live("stdout", b"a")
    assert sent == [("stdout", b"a")]
    live("stdout", b"b")
    live("stdout", b"c")
    wait_for(sent, 2)
    assert sent[1:] in ([("stdout", b"bc")], [("stdout", b"b"), ("stdout", b"c")])


def test_what_is_gathered_is_sent_although_nothing_more_comes(live: LiveOutput, sent: Sent) -> None:
    for _ in range(3):
        sent.clear()
        live("stdout", b"a")
        live("stdout", b"b")
        wait_for(sent, 2)
        live.end()


def test_much_does_not_wait(live: LiveOutput, sent: Sent) -> None:
    live("stdout", b"a")
    live("stdout", b"b" * FULL)
    assert sent == [("stdout", b"a"), ("stdout", b"b" * FULL)]


def test_the_end_sends_the_rest_in_order(live: LiveOutput, sent: Sent) -> None:
    live("stdout", b"a")
    for stream, data in (("stdout", b"b"), ("stderr", b"c"), ("stderr", b"d"), ("stdout", b"e")):
        live(stream, data)
    live.end()
    assert b"".join(data for _, data in sent) == b"abcde"
    assert [stream for stream, _ in sent[1:]] in (
        ["stdout", "stderr", "stdout"],
        ["stdout", "stderr", "stderr", "stdout"],
    )
    live.end()
    live("stderr", b"f")
    assert sent[-1] == ("stderr", b"f"), "the next run's first piece doesn't wait"


def test_what_waits_is_sent_before_something_else(live: LiveOutput, sent: Sent) -> None:
    live.flush()
    live("stdout", b"a")
    live("stdout", b"b")
    live.flush()
    assert sent == [("stdout", b"a"), ("stdout", b"b")]


def test_who_prints_and_does_something_else_in_turns_is_slowed_down(live: LiveOutput, sent: Sent) -> None:
    """Each piece is kept by the service: there are at most some fifty a second after the first MANY."""
    for _ in range(MANY):
        live("stdout", b"a")
        live.flush()
    begun, count = time.monotonic(), len(sent)
    for _ in range(10):
        live("stdout", b"a")
        live.flush()
    assert time.monotonic() - begun >= 9 * PAUSE_S
    assert len(sent) <= count + 20
    assert b"".join(data for _, data in sent) == b"a" * (MANY + 10)


def reply(number: int) -> Frame:
    return Frame({"kind": "reply", "call": number})


def test_an_answer_to_its_question() -> None:
    replies, cancelled = Replies(), threading.Event()
    first, second = replies.number(), replies.number()
    assert first != second
    for number in (first, 999, second):
        replies.put(reply(number))
    assert replies.wait(second, SOON, cancelled).meta["call"] == second


def test_no_answer_in_time() -> None:
    replies = Replies()
    for seconds in (0.0, -1.0, 0.05):
        with pytest.raises(TimeoutError, match="time limit"):
            replies.wait(replies.number(), seconds, threading.Event())


def test_a_cancel_ends_the_wait_and_only_that() -> None:
    replies, cancelled = Replies(), threading.Event()

    def cancel() -> None:
        cancelled.set()
        replies.wake()

    threading.Timer(0.05, cancel).start()
    with pytest.raises(RunCancelled):
        replies.wait(replies.number(), float("inf"), cancelled)
    number = replies.number()
    replies.wake()
    threading.Timer(0.05, replies.put, args=[reply(number)]).start()
    assert replies.wait(number, SOON, threading.Event()).meta["call"] == number


def test_a_block_that_goes_back_and_forth_sends_few_pieces(live: LiveOutput, sent: Sent) -> None:
    for number in range(20_000):
        live("stdout", b"%d," % number)
        live("stderr", b"%d;" % number)
    live.end()
    assert len(sent) < MANY + 2000
    for stream, end in (("stdout", b","), ("stderr", b";")):
        text = b"".join(data for name, data in sent if name == stream)
        assert text == b"".join(b"%d%s" % (number, end) for number in range(20_000))
