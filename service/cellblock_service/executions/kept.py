"""The executions that are remembered: all that run, and those that ended lately, within a bound of bytes and time."""

from __future__ import annotations

from collections import OrderedDict

from cellblock_service.executions.execution import Execution

# What an execution takes beside its code, result and output: measured over 12,800 short ones, with five events each.
_OVERHEAD = 4800
_EVENT = 300


class Kept:
    """Executions by owner and id. The ended ones go oldest first."""

    def __init__(self, most_bytes: int, keep_s: float) -> None:
        self._most_bytes = most_bytes
        self._keep_s = keep_s
        self._running: dict[tuple[str, str], Execution] = {}
        self._ended: OrderedDict[tuple[str, str], tuple[Execution, float, int]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._running)

    def get(self, owner: str, ident: str) -> Execution | None:
        """Find one; None if there is none, or not any more."""
        key = owner, ident
        ended = self._ended.get(key)
        return ended[0] if ended else self._running.get(key)

    def running(self) -> list[Execution]:
        """Those that have not ended."""
        return list(self._running.values())

    def begin(self, execution: Execution) -> None:
        """Remember one."""
        self._running[execution.owner, execution.id] = execution

    def forget(self, execution: Execution) -> None:
        """Remember it no more: it never ran."""
        self._running.pop((execution.owner, execution.id), None)

    def end(self, execution: Execution, now: float) -> None:
        """Remember it as ended, as long as there is room and time."""
        self.forget(execution)
        size = _OVERHEAD + _EVENT * len(execution.events) + execution.sizes["code"]
        size += execution.outcome.size if execution.outcome else 0
        self._ended[execution.owner, execution.id] = execution, now, size
        self.bytes += size
        self.expire(now)

    def expire(self, now: float) -> None:
        """Forget what is too old or too much."""
        while self._ended:
            key, (_, ended_at, size) = next(iter(self._ended.items()))
            if self.bytes <= self._most_bytes and now - ended_at <= self._keep_s:
                return
            del self._ended[key]
            self.bytes -= size
