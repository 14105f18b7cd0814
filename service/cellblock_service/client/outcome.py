"""What an execution tells: how it ended, and the events on the way there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cellblock_sandbox import BlockError
from cellblock_sandbox.guest import values

from cellblock_service.client.errors import AnswerUnreadable, BlockFailed, ExecutionLost

FINAL = frozenset({"completed", "error", "timeout", "cancelled"})


@dataclass(frozen=True, slots=True)
class Output:
    """Text that the block printed; `stream` is "stdout" or "stderr"."""

    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where the execution is now: "queued", "loading" or "running". `progress` tells how far loading is."""

    status: str
    progress: Mapping[str, Any] | None = None


Event = Output | Status


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture that the block left open in matplotlib's pyplot."""

    mime: str
    data: bytes


@dataclass(slots=True)
class Outcome:
    """How an execution ended, or how it is now, if `Client.get` asked while it ran.

    `status` is "completed", "error", "timeout" or "cancelled". `value` is None unless it is "completed"; `error` tells
    type, message, line, column and traceback of the others. `state` is "new" or "kept" for a block that keeps state.
    `timings_ms` has `load`, `queue`, `ready`, `run` and `total`. Of an execution that ended long ago `stdout` and
    `stderr` hold the end, and `value_dropped` is True if its value was too large to be kept.
    """

    id: str
    status: str
    value: Any = None
    stdout: str = ""
    stderr: str = ""
    error: BlockError | None = None
    state: str | None = None
    figures: list[Figure] = field(default_factory=list)
    timings_ms: dict[str, float] = field(default_factory=dict)
    value_dropped: bool = False

    def value_or_raise(self) -> Any:
        """The block's value. Raises BlockFailed if it has none, ExecutionLost if the service didn't keep it."""
        if self.status != "completed":
            raise BlockFailed(self)
        if self.value_dropped:
            raise ExecutionLost(self.id, "completed, but its value was too large for the service to keep")
        return self.value


def read_outcome(told: Mapping[str, Any], stdout: str = "", stderr: str = "") -> Outcome:
    """Make an outcome of what the service told (`messages.read`), and the output heard before.

    Raises AnswerUnreadable.
    """
    try:
        error = told.get("error")
        return Outcome(
            id=str(told["id"]),
            status=str(told["status"]),
            value=values.unpack(told["result"]) if told.get("result") else None,
            stdout=told.get("stdout", stdout),
            stderr=told.get("stderr", stderr),
            error=_read_error(error) if error else None,
            state=told.get("state"),
            figures=[Figure(str(each["mime"]), bytes(each["data"])) for each in told.get("figures") or []],
            timings_ms=dict(told.get("timings_ms") or {}),
            value_dropped=bool(told.get("result_dropped")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise AnswerUnreadable(f"the outcome of an execution can't be read: {problem!r}") from problem


def _read_error(told: Mapping[str, Any]) -> BlockError:
    return BlockError(told["type"], told["message"], told.get("line"), told.get("column"), told.get("traceback") or "")
