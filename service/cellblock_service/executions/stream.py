"""The stream of events of all executions of an owner, for `/v1/events`.

In the shapes of the browser system that Cellblock follows: `itemStatus` {itemId, status, error} for each change, then
`itemComplete` {itemId}. A subscriber that doesn't read loses the stream, not the service its memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from cellblock_service.executions.execution import FINAL, Execution

MOST_BEHIND = 10_000


class Subscriber:
    """One reader of an owner's events."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._events: deque[tuple[str, dict[str, Any]]] = deque()
        self._wakeup = asyncio.Event()
        self.lost = False
        self.over = False

    def close(self) -> None:
        """End the stream."""
        self.over = True
        self._wakeup.set()

    def put(self, name: str, data: dict[str, Any]) -> None:
        """Queue an event."""
        self.lost = self.lost or len(self._events) >= MOST_BEHIND
        if not self.lost:
            self._events.append((name, data))
        self._wakeup.set()

    async def next(self, within_s: float) -> tuple[str, dict[str, Any]] | None:
        """The next event; None if there was none within so long. EOFError at the end, or for a reader far behind."""
        if not self._events:
            self._wakeup.clear()
            if self.lost or self.over:
                raise EOFError
            try:
                async with asyncio.timeout(within_s):
                    await self._wakeup.wait()
            except TimeoutError:
                return None
        return self._events.popleft() if self._events else None


class EventStream:
    """An observer of executions that tells subscribers."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()

    def subscribe(self, owner: str) -> Subscriber:
        """Begin to listen; `unsubscribe` afterwards."""
        subscriber = Subscriber(owner)
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Stop listening."""
        self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End all streams."""
        for subscriber in self._subscribers:
            subscriber.close()

    def begun(self, execution: Execution) -> None:
        """Tell of a new execution."""
        self._tell(execution)

    def changed(self, execution: Execution) -> None:
        """Tell of a change."""
        self._tell(execution)

    def _tell(self, execution: Execution) -> None:
        listening = [each for each in self._subscribers if each.owner == execution.owner]
        if not listening:
            return
        error = execution.outcome.error if execution.outcome else None
        status = execution.status
        if execution.refusal is not None:
            status, error = "error", {"type": execution.refusal.error_key, "message": execution.refusal.detail}
        for subscriber in listening:
            subscriber.put("itemStatus", {"itemId": execution.id, "status": status, "error": error})
            if status in FINAL:
                subscriber.put("itemComplete", {"itemId": execution.id})
