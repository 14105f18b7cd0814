"""Describe an exception of the block as the response's `error`: type, message, line, column, traceback.

Tracebacks show the user's frames only (those whose filename is the block's), in every chained and grouped exception
too, as Python prints them. `type` is the class's qualified name without its module. `line` and `column` (both from
1) are of the innermost user frame, or of the SyntaxError when the block did not compile. An exception whose own
methods fail or lie can't break the description.
"""

import linecache
import traceback
from collections.abc import Iterator
from itertools import islice
from types import FrameType, TracebackType
from typing import Any, TypedDict

from ..values import ValueNotPortable

MAX_MESSAGE = 10_000
MAX_TRACEBACK = 100_000
MAX_FRAMES = 2_000
MAX_CHAIN = 50

_type_qualname: Any = type.__dict__["__qualname__"]


class Failure(TypedDict):
    """The response's `error`."""

    type: str
    message: str
    line: int | None
    column: int | None
    traceback: str


def describe(error: BaseException, filename: str) -> Failure:
    """Describe the failure of the block called `filename`. Never raises."""
    try:
        frames = _trim(error, filename)
        line, column = _place(error, frames, filename)
        text = _traceback_text(error)
    except Exception as own:  # an exception's hostile attributes, or no memory or stack left to look at them
        line = column = None
        text = f"(no traceback: {type(own).__name__} while describing the error)\n"
    return {"type": type_name(error), "message": message(error), "line": line, "column": column, "traceback": text}


def raised_in_block(error: BaseException, filename: str) -> bool:
    """Whether the block called `filename` was running when `error` was raised."""
    return any(entry.tb_frame.f_code.co_filename == filename for entry in _entries(error.__traceback__))


def not_portable(error: ValueNotPortable) -> Failure:
    """Describe the failure of a block that ran but whose value can't travel: no line is to blame."""
    name = type(error).__name__
    return {
        "type": name,
        "message": message(error),
        "line": None,
        "column": None,
        "traceback": f"{name}: {message(error)}\n",
    }


def type_name(error: BaseException) -> str:
    """Give the real class's qualified name, whatever its metaclass or __class__ say."""
    kind = type(error)
    return _plain_text(_type_qualname.__get__(kind, type(kind)))


def message(error: BaseException) -> str:
    """str(error), capped; for exceptions that stop the interpreter, what the block did."""
    if isinstance(error, SystemExit):
        return f"the block called exit with {_shown(error.code)}"
    if isinstance(error, KeyboardInterrupt) and not error.args:
        return "the block raised KeyboardInterrupt"
    if isinstance(error, GeneratorExit) and not error.args:
        return "the block raised GeneratorExit"
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        return _capped(_plain_text(text), MAX_MESSAGE)
    except Exception as own:
        return f"(its message can't be shown: __str__ raised {type_name(own)})"


def _shown(code: object) -> str:
    try:
        return _capped(_plain_text(repr(code)), 200)
    except Exception:
        return f"<{type(code).__name__}>"


def _plain_text(text: str) -> str:
    """`text` as an exact str that UTF-8 can hold."""
    return str.encode(text, "utf-8", "backslashreplace").decode()


def _capped(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def _trim(error: BaseException, filename: str) -> TracebackType | None:
    """Leave only user frames in `error` and all exceptions chained to it; return the error's own."""
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = _user_frames(current.__traceback__, filename)
        if len(seen) >= MAX_CHAIN:
            current.__cause__ = current.__context__ = None
        pending += filter(None, (current.__cause__, current.__context__))
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
    return error.__traceback__


def _user_frames(trace: TracebackType | None, filename: str) -> TracebackType | None:
    """Copy `trace` with the block's frames only, the middle of a very deep recursion left out."""
    mine = [entry for entry in _entries(trace) if entry.tb_frame.f_code.co_filename == filename]
    if len(mine) > MAX_FRAMES:
        mine = mine[: MAX_FRAMES // 2] + mine[-MAX_FRAMES // 2 :]
    result = None
    for entry in reversed(mine):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _place(error: BaseException, frames: TracebackType | None, filename: str) -> tuple[int | None, int | None]:
    if frames is None:
        if isinstance(error, SyntaxError) and error.filename == filename:
            return error.lineno, error.offset
        return None, None
    *_, last = _entries(frames)
    line, column = _position(last.tb_frame, last.tb_lasti)
    return line if line is not None else last.tb_lineno, column


def _position(frame: FrameType, instruction: int) -> tuple[int | None, int | None]:
    """Line and column (in characters, from 1) of an instruction."""
    line, _, offset, _ = next(islice(frame.f_code.co_positions(), instruction // 2, None))
    if line is None or offset is None:
        return line, None
    text = linecache.getline(frame.f_code.co_filename, line)
    return line, len(text.encode()[:offset].decode(errors="replace")) + 1


def _traceback_text(error: BaseException) -> str:
    report = traceback.TracebackException.from_exception(error, lookup_lines=False)
    return _capped(_plain_text("".join(report.format())), MAX_TRACEBACK)
