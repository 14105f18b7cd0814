"""How a run ended: what comes out of a sandbox, told from the guest's answer or from the guest's end.

The answer was written in the guest, so a block may have forged it. What the host did itself it doesn't ask the guest: a
run that was cancelled is "cancelled", and only one that was asked to stop can be a "timeout".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgpack

from cellblock_sandbox.guest.process import (
    GuestExit,
    Interrupted,
    StackExhausted,
    trap_reason,
)
from cellblock_sandbox.guest.values import Picture
from cellblock_sandbox.limits import Limits
from cellblock_sandbox.machine.interruption import Reason
from cellblock_sandbox.machine.memory import GuestFault

Status = Literal["completed", "error", "timeout", "cancelled"]

Buffer = bytes | memoryview

# Members of an answer, and of the error in it: five at most. Pieces of a result that is lent, and numbers of each.
_MOST_MEMBERS, _MOST_PIECES = 8, 4096
_CANCELLED = "the run was cancelled"
_DEAF = "and the block did not stop when asked to"


@dataclass(frozen=True)
class BlockError:
    """What a block did wrong. `line` and `column` count from 1 and are None where no line of the block is to blame."""

    type: str
    message: str
    line: int | None
    column: int | None
    traceback: str


@dataclass
class PackedResult:
    """How a run ended, with the result as packed bytes (docs/values.md), for those who only pass it on.

    The result is in pieces, to be joined. Large ones are the sandbox's memory: to be used, or copied, before the
    sandbox runs anything else or is closed.
    `timings_ms` has `run`, and of that `cpu`, the processor time. `figures`, if there are any, is a packed list of
    pictures.
    """

    status: Status
    result: list[Buffer] | None
    stdout: bytes
    stderr: bytes
    error: dict[str, Any] | None
    timings_ms: dict[str, float]
    figures: bytes | None = None


@dataclass
class ExecutionResult:
    """How a run ended. `value` is None unless `status` is "completed".

    `figures` are those that the block left open in matplotlib's pyplot.
    """

    status: Status
    value: Any
    stdout: str
    stderr: str
    error: BlockError | None
    timings_ms: dict[str, float] = field(default_factory=dict)
    figures: list[Picture] = field(default_factory=list)


@dataclass(frozen=True)
class Ending:
    """The end of a run: its result or its error, and why the guest can't run again, if it can't."""

    status: Status
    result: list[Buffer] | None = None
    error: dict[str, Any] | None = None
    gone: str = ""
    figures: bytes | None = None


# How the runner begins the answer for a run that completed and left no figures: then comes the result's length.
_RESULT = b"\x82\xa6status\xa9completed\xa6result\xc6"
_LENGTH_BYTES = 4


Lent = Callable[[Any], list[Buffer]]
"""Reads the pieces of a result where they lie, as `Guest.lent` does, and raises what that raises."""


def answered(answer: bytes, interrupted: Reason | None, lent: Lent) -> Ending:
    """Read the guest's answer. `interrupted` is why it was asked to stop, if it was. AnswerTooLarge."""
    start = len(_RESULT) + _LENGTH_BYTES
    if answer[: len(_RESULT)] == _RESULT and int.from_bytes(answer[len(_RESULT) : start]) == len(answer) - start:
        return Ending("completed", [memoryview(answer)[start:]])  # not copied: it may be large
    try:
        content = msgpack.unpackb(answer, max_array_len=_MOST_PIECES, max_map_len=_MOST_MEMBERS)
        status, result, told = content["status"], content.get("result"), content.get("error")
        figures = content.get("figures")
        if status == "completed" and isinstance(figures, bytes | None):
            pieces = lent(content["pieces"]) if "pieces" in content else [result]
            if all(isinstance(piece, Buffer) for piece in pieces):
                return Ending("completed", pieces, figures=figures)
        if status == "error" or (status == "timeout" and interrupted is not None):
            return Ending(status, error={key: told[key] for key in BlockError.__dataclass_fields__})
    except (ValueError, LookupError, TypeError, AttributeError, GuestFault, msgpack.UnpackException):
        pass
    return Ending("error", error=error("GuestCrashed", "the guest's answer is not one it could have given"))


def too_large(size: int, limit: int) -> Ending:
    """What a result of `size` bytes ends with."""
    return Ending("error", error=error("ResultLimit", f"the result is too large: {size} bytes, the limit is {limit}"))


def ended(end: BaseException, interrupted: Reason | None, limits: Limits) -> Ending:
    """Say in the block's terms what ended the guest, one of guest.process.ENDS."""
    if isinstance(end, Interrupted):
        return _stopped(interrupted, limits)
    if isinstance(end, GuestExit):
        text = f"the block ended the interpreter with status {end.status}"
        return Ending("error", error=error("SystemExit", text), gone="its block ended the interpreter")
    if isinstance(end, StackExhausted):
        text = "the block went deeper than the sandbox's stack"
        return Ending("error", error=error("RecursionError", text), gone="its stack overflowed")
    text = f"the block crashed the interpreter: {trap_reason(end)}"
    return Ending("error", error=error("GuestCrashed", text), gone="it crashed")


def _stopped(reason: Reason | None, limits: Limits) -> Ending:
    """The end of a guest that was stopped from outside."""
    if reason is Reason.CANCELLED:
        told = error("Cancelled", f"{_CANCELLED}, {_DEAF}")
        return Ending("cancelled", error=told, gone="it was stopped after its run was cancelled")
    if reason is Reason.PROCESSOR_TIME:
        text, gone = f"the limit of {limits.cpu_s:g} s of processor time was reached", "out of processor time"
    else:
        text, gone = f"the time limit of {limits.timeout_s:g} s was reached", "at its time limit"
    return Ending("timeout", error=error("TimeoutError", f"{text}, {_DEAF}"), gone=f"it was stopped {gone}")


def cancelled(ending: Ending) -> Ending:
    """Make of any end that of a cancelled run: at the place in the block that the guest told."""
    if ending.status == "cancelled":
        return ending
    told = error("Cancelled", _CANCELLED)
    if ending.error is not None:
        told |= {key: ending.error[key] for key in ("line", "column", "traceback")}
    return Ending("cancelled", error=told, gone=ending.gone)


def error(kind: str, message: str) -> dict[str, Any]:
    """An error of ours, with no line of the block to blame."""
    return {"type": kind, "message": message, "line": None, "column": None, "traceback": f"{kind}: {message}\n"}
