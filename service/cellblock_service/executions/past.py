"""Executions that are no longer in memory, as the records have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellblock_service.codec.fields import ExecuteRequest
from cellblock_service.errors import IdInUse, error_keys
from cellblock_service.executions.execution import Outcome, measures
from cellblock_service.store.changes import FINAL, Record
from cellblock_service.store.errors import RecordsUnreadable
from cellblock_service.store.records import Records

_REFUSALS = error_keys()


@dataclass(frozen=True, slots=True)
class Past:
    """One that has ended. `complete` is False if its result was too large to be kept."""

    id: str
    status: str
    outcome: Outcome
    complete: bool
    code_sha256: str
    sizes: Mapping[str, int]


class Memory:
    """Finds past executions."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def ran(self, owner: str, ident: str, work: ExecuteRequest) -> Past | None:
        """Look up the one that this request was before; None if there is none. Raises IdInUse if it was another.

        What was refused never ran, unless its client didn't wait and was told so as an outcome.
        """
        past = await self.find(owner, ident)
        if past is None or (past.outcome.error or {}).get("type") in _REFUSALS:
            return None
        sha256, sizes = measures(work)
        if (past.code_sha256, dict(past.sizes)) != (sha256, sizes):
            raise IdInUse(f"another request has run under the id {ident!r}", id=ident)
        return past

    async def find(self, owner: str, ident: str) -> Past | None:
        """Look up one; None if there is none, or the records can't be read."""
        try:
            record = await self._records.get(ident, owner)
        except RecordsUnreadable:
            return None
        return _past(record) if record is not None and record.status in FINAL else None


def _past(record: Record) -> Past:
    outcome = Outcome(
        record.status,
        record.result or b"",
        error=dict(record.error) if record.error else None,
        state=record.state,
        stdout=record.stdout_tail,
        stderr=record.stderr_tail,
        timings_ms=dict(record.timings_ms or {}),
    )
    complete = record.result is not None or not record.result_size
    return Past(record.id, record.status, outcome, complete, record.code_sha256, record.input_bytes)
