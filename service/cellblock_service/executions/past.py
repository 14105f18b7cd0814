"""Executions that are no longer in memory, as the records have them."""

from __future__ import annotations

from dataclasses import dataclass

from cellblock_service.executions.execution import Outcome
from cellblock_service.store.changes import FINAL, Record
from cellblock_service.store.errors import RecordsUnreadable
from cellblock_service.store.records import Records


@dataclass(frozen=True, slots=True)
class Past:
    """One that has ended. `complete` is False if its result was too large to be kept."""

    id: str
    status: str
    outcome: Outcome
    complete: bool


class Memory:
    """Finds past executions."""

    def __init__(self, records: Records) -> None:
        self._records = records

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
    return Past(record.id, record.status, outcome, complete=record.result is not None or not record.result_size)
