"""What happens to an execution, and the record that it makes: changes folded into one row.

No code, no inputs, no environment: the hash of the code and the sizes of the inputs are all that is kept of them.
All times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

UnfinishedStatus = Literal["queued", "loading", "running"]
FinalStatus = Literal["completed", "error", "timeout", "cancelled"]
Status = UnfinishedStatus | FinalStatus

UNFINISHED: tuple[UnfinishedStatus, ...] = ("queued", "loading", "running")
FINAL: tuple[FinalStatus, ...] = ("completed", "error", "timeout", "cancelled")

ERROR_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An execution was accepted and is `queued`. `input_bytes` holds the packed size of each field that was sent.

    An id that its owner used before begins another record; the earlier one stays until its time has come.
    """

    owner: str
    id: str
    created_ms: int
    code_sha256: str
    input_bytes: Mapping[str, int]
    block: str | None = None
    name: str | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """An execution that hasn't ended has another status. `seq` is the number of the event that tells so."""

    owner: str
    id: str
    seq: int
    status: UnfinishedStatus
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An execution reached its final status, with all that there is to remember of it.

    `result` is the packed value; `result_size` need only be given when it isn't. Of `stdout`, `stderr` and the texts
    in `error` the ends are kept. `timings_ms` has the keys load, queue, ready, run, convert and total.
    """

    owner: str
    id: str
    seq: int
    status: FinalStatus
    at_ms: int
    error: Mapping[str, Any] | None = None
    state: str | None = None
    timings_ms: Mapping[str, float] | None = None
    result: bytes | memoryview | None = None
    result_size: int | None = None
    stdout: str = ""
    stderr: str = ""

    def shortened(self, result_bytes: int, tail_bytes: int, error_bytes: int = ERROR_BYTES) -> Ended:
        """Give this without a result above `result_bytes`, and with the ends of long texts only."""
        size = self.result_size if self.result is None else len(self.result)
        return replace(
            self,
            error=self.error and {key: _shortened(value, error_bytes) for key, value in self.error.items()},
            result=None if self.result is None or len(self.result) > result_bytes else bytes(self.result),
            result_size=size,
            stdout=tail(self.stdout, tail_bytes),
            stderr=tail(self.stderr, tail_bytes),
        )

    def weight(self) -> int:
        """Give about how many bytes of memory the parts of any size take."""
        texts = sum(len(value) for value in (self.error or {}).values() if isinstance(value, str))
        return len(self.result or b"") + len(self.stdout) + len(self.stderr) + texts


Change = Begun | StatusChanged | Ended


class StatusAt(NamedTuple):
    """One status of an execution, the number of its event, and when it was reached."""

    seq: int
    status: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is remembered of an execution.

    `result` is None when there is none or when it was larger than what is kept; `result_size` tells which.
    """

    owner: str
    id: str
    block: str | None
    name: str | None
    code_sha256: str
    input_bytes: Mapping[str, int]
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    status: str
    error: Mapping[str, Any] | None
    state: str | None
    timings_ms: Mapping[str, float] | None
    result: bytes | None
    result_size: int | None
    stdout_tail: str
    stderr_tail: str
    statuses: tuple[StatusAt, ...] = ()

    def listed(self) -> Record:
        """Give this as it stands in a list: without result and statuses."""
        return replace(self, result=None, statuses=())


def fold(changes: Sequence[Change]) -> Record:
    """Make the record that `changes` amount to: the first a Begun, then any StatusChanged, at most one Ended."""
    begun, last = changes[0], changes[-1]
    assert isinstance(begun, Begun)
    ended = last if isinstance(last, Ended) else None
    later = [StatusAt(change.seq, change.status, change.at_ms) for change in changes if not isinstance(change, Begun)]
    statuses = (StatusAt(begun.seq, "queued", begun.created_ms), *later)
    return Record(
        owner=begun.owner,
        id=begun.id,
        block=begun.block,
        name=begun.name,
        code_sha256=begun.code_sha256,
        input_bytes=begun.input_bytes,
        created_ms=begun.created_ms,
        started_ms=next((reached.at_ms for reached in statuses if reached.status == "running"), None),
        ended_ms=ended.at_ms if ended else None,
        status=statuses[-1].status,
        error=ended.error if ended else None,
        state=ended.state if ended else None,
        timings_ms=ended.timings_ms if ended else None,
        result=bytes(ended.result) if ended and ended.result is not None else None,
        result_size=ended.result_size if ended else None,
        stdout_tail=ended.stdout if ended else "",
        stderr_tail=ended.stderr if ended else "",
        statuses=statuses,
    )


def tail(text: str, size: int) -> str:
    """Give the end of `text`, at most `size` bytes of UTF-8; what UTF-8 can't hold becomes question marks."""
    if not size:
        return ""
    return text[-size:].encode("utf-8", "replace")[-size:].decode("utf-8", "ignore")


def _shortened(value: Any, size: int) -> Any:
    return tail(value, size) if isinstance(value, str) else value
