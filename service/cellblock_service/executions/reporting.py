"""What is told of every execution: to the records, the metrics and the audit log."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

from cellblock_service.executions.execution import FINAL, Execution, Outcome
from cellblock_service.observe.metrics import Metrics
from cellblock_service.store.changes import Begun, Ended, FinalStatus, StatusChanged, UnfinishedStatus
from cellblock_service.store.records import Records
from cellblock_service.trust import audit


class Reporter:
    """An observer of executions."""

    def __init__(self, records: Records, metrics: Metrics) -> None:
        self._records = records
        self._metrics = metrics

    def begun(self, execution: Execution) -> None:
        """Begin its record."""
        self._records.put(
            Begun(
                owner=execution.owner,
                id=execution.id,
                created_ms=int(execution.created_at * 1000),
                code_sha256=execution.code_sha256,
                input_bytes=dict(execution.sizes),
                block=execution.work.block,
                name=execution.work.name,
            )
        )

    def changed(self, execution: Execution) -> None:
        """Note where it is, and at last how it ended."""
        outcome = execution.outcome
        if execution.refusal is not None:
            error = {"type": execution.refusal.error_key, "message": execution.refusal.detail}
            outcome = Outcome("error", error=error)
        if outcome is not None:
            self._ended(execution, outcome)
        elif execution.status not in FINAL:
            status = cast("UnfinishedStatus", execution.status)
            seq = len(execution.events)
            change = StatusChanged(owner=execution.owner, id=execution.id, seq=seq, status=status, at_ms=_now_ms())
            self._records.put(change)

    def _ended(self, execution: Execution, outcome: Outcome) -> None:
        error_type = outcome.error["type"] if outcome.error else None
        self._records.put(
            Ended(
                owner=execution.owner,
                id=execution.id,
                seq=len(execution.events),
                status=cast("FinalStatus", outcome.status),
                at_ms=_now_ms(),
                error=outcome.error,
                state=outcome.state,
                timings_ms=outcome.timings_ms,
                result=outcome.result or None,
                stdout=outcome.stdout,
                stderr=outcome.stderr,
            )
        )
        self._metrics.execution_ended(outcome.status, outcome.timings_ms, error_type)
        # Behind the answer, which is on its way: the line takes as long as a third of its way through here.
        asyncio.get_running_loop().call_soon(_audit, execution, outcome, error_type)


def _audit(execution: Execution, outcome: Outcome, error_type: str | None) -> None:
    audit.record(execution.principal, _audited(execution, outcome, error_type), remote=execution.remote or None)


def _audited(execution: Execution, outcome: Outcome, error_type: str | None) -> audit.Ended:
    printed: dict[str, Any] = {"stdout": len(outcome.stdout), "stderr": len(outcome.stderr)}
    return audit.Ended(
        execution=execution.id,
        code_sha256=execution.code_sha256,
        status=outcome.status,
        block=execution.work.block,
        name=execution.work.name,
        error_type=error_type,
        sizes={**execution.sizes, "result": len(outcome.result), **printed},
        timings_ms=outcome.timings_ms,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
