"""What builders' progress looks like in a log, on a terminal, and in words."""

from __future__ import annotations

import io

import pytest
from cellblock_sandbox.image.progress import BarProgress, LineProgress, SilentProgress, describe, for_stream


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((36_100_000, 106_400_000, "B", 1.5), "34%, 36.1 MB of 106.4 MB, 24.1 MB/s, 3 s left"),
        ((2_000, None, "B", 2.0), "2.0 kB, 1.0 kB/s"),
        ((1, 4, "", 2.0), "25%, 1 of 4, 6 s left"),
        ((4, 4, "modules", 2.0), "100%, 4 modules of 4 modules"),
        ((0, 4, "", 7.4), "7 s"),
    ],
)
def test_words(arguments: tuple[float, float | None, str, float], words: str) -> None:
    assert describe(*arguments) == words


def test_lines_come_at_most_so_often() -> None:
    stream = io.StringIO()
    with LineProgress(stream, every=60).step("link", total=1000) as step:
        for _ in range(1000):
            step.advance()
        step.note("halfway")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "cellblock: link: halfway"
    assert lines[1].startswith("cellblock: link: done in 0.")
    assert len(lines) == 2


def test_lines_tell_share_rate_and_remaining_time() -> None:
    stream = io.StringIO()
    with LineProgress(stream, every=0).step("download", unit="B") as step:
        step.advance(0)
        step.resize(2000)
        step.advance(1000)
    first, second, last = stream.getvalue().splitlines()
    assert first == "cellblock: download: 0 s"
    assert second.startswith("cellblock: download: 50%, 1.0 kB of 2.0 kB, ")
    assert second.endswith(" s left")
    assert last.startswith("cellblock: download: done, 1.0 kB in ")


def test_a_step_that_fails_says_so() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), LineProgress(stream).step("compile"):
        raise RuntimeError
    assert stream.getvalue().startswith("cellblock: compile: stopped in")


def test_bars_nest_and_go_when_the_last_step_ends() -> None:
    stream = Terminal()
    progress = for_stream(stream)
    assert isinstance(progress, BarProgress)
    for _ in range(2):
        with progress.step("outer [x]", total=2) as outer:
            with progress.step("inner", unit="B") as inner:
                inner.advance(1000)
            outer.advance(2)
            outer.note("a note")
    text = stream.getvalue()
    assert "outer [x]" in text
    assert "100%, 2 of 2" in text
    assert "a note" in text


def test_the_stream_decides() -> None:
    assert isinstance(for_stream(io.StringIO()), LineProgress)
    with SilentProgress().step("nothing", total=1) as step:
        step.advance()
        step.resize(2)
        step.note("unseen")
