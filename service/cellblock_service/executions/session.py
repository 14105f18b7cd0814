"""A session: the executions of one client, across the connections it makes.

When its connection is lost, what runs goes on for a while. A client that comes back in time finds its executions and
asks for the events it missed; else they are cancelled, since nobody waits for them any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from cellblock_service.errors import TooManySessions
from cellblock_service.executions.execution import Event, Execution
from cellblock_service.workers.frames import Buffer, Meta


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a block, on its way to the flow."""

    meta: Meta
    value: Buffer


@dataclass(frozen=True, slots=True)
class Message:
    """Something said to the client that belongs to no execution's events."""

    kind: str
    content: dict[str, Any]


LAST = frozenset({"result", "refused"})
"""The kinds of events after which there are no others."""

Item = tuple[Execution, Event | Call] | Message

MOST_UNSENT_BYTES = 16 << 20
# What an item takes beside results and texts, nearly.
_ITEM = 500


def is_end(item: Item) -> TypeGuard[tuple[Execution, Event]]:
    """Whether it tells how an execution ended."""
    return not isinstance(item, Message) and isinstance(item[1], Event) and item[1].kind in LAST


@dataclass(eq=False, repr=False)
class Session:
    """One client. The flow behind its executions; what they tell waits in `outbox` for the connection's writer."""

    owner: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    executions: dict[str, Execution] = field(default_factory=dict)
    outbox: deque[Item] = field(default_factory=deque)
    unsent_bytes: int = 0
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    missed: set[str] = field(default_factory=set)
    """Executions of which the client has missed events: it hears no more of one before it has asked for those."""
    connected: bool = False
    lingering: asyncio.TimerHandle | None = None
    hang_up: Callable[[], None] = lambda: None
    """Ends the connection it has: its client may come back before the old one is known to be dead."""

    def event(self, execution: Execution, event: Event) -> None:
        """Queue an event; without a connection it waits in the execution itself, which is let go at its end."""
        if self._hears(execution):
            self._put((execution, event))
        elif event.kind in LAST:
            self.forget(execution)

    def call(self, execution: Execution, meta: Meta, value: Buffer) -> None:
        """Queue a call; without a connection it waits in the execution itself."""
        if self._hears(execution):
            self._put((execution, Call(meta, value)))

    def _hears(self, execution: Execution) -> bool:
        return self.connected and execution.id not in self.missed

    def say(self, kind: str, **content: Any) -> None:
        """Queue a message."""
        self._put(Message(kind, content))

    @property
    def behind(self) -> bool:
        """Whether more waits for its client than should: then it isn't listened to until it has taken it."""
        return self.unsent_bytes > MOST_UNSENT_BYTES

    @property
    def told(self) -> bool:
        """Whether the client has everything, as far as it can be reached."""
        return not self.connected or not (self.outbox or any(each.ended.is_set() for each in self.executions.values()))

    @property
    def ends(self) -> bool:
        """Whether the latest thing that waits for its client is how an execution ended."""
        return bool(self.outbox) and is_end(self.outbox[-1])

    def take(self, most: int) -> list[Item]:
        """Take the next items for the connection out of the outbox."""
        items = [self.outbox.popleft() for _ in range(min(most, len(self.outbox)))]
        self.unsent_bytes -= sum(map(_size, items))
        return items

    def _put(self, item: Item) -> None:
        self.outbox.append(item)
        self.unsent_bytes += _size(item)
        self.wakeup.set()

    def empty(self) -> None:
        """Let go of what waits for the connection."""
        self.outbox.clear()
        self.unsent_bytes = 0

    def replay(self, execution: Execution, after: int) -> None:
        """Queue the events after a number again, and the calls that have not been answered."""
        self.executions[execution.id] = execution
        self.missed.discard(execution.id)
        kept = [item for item in self.outbox if isinstance(item, Message) or item[0] is not execution]
        self.empty()
        events = [(execution, event) for event in execution.events[max(0, after) :]]
        calls = [(execution, Call(meta, value)) for _, meta, value in execution.calls.values()]
        for item in (*kept, *events, *calls):
            self._put(item)

    def forget(self, execution: Execution) -> None:
        """Let go of an execution whose end has been told."""
        execution.followers.discard(self)
        self.executions.pop(execution.id, None)
        self.missed.discard(execution.id)


def _size(item: Item) -> int:
    """The bytes that an item keeps in memory, nearly; the same each time it is asked."""
    if isinstance(item, Message):
        return _ITEM
    execution, what = item
    if isinstance(what, Call):
        return _ITEM + len(what.value)
    result = len(execution.outcome.result) if what.kind == "result" and execution.outcome else 0
    return _ITEM + result + len(what.members.get("text", ""))


class Sessions:
    """All sessions, by their secret ids. `service` tells clients this run of the service from the next."""

    def __init__(self, most: int, linger_s: float, cancel: Callable[[Execution], None]) -> None:
        self._most = most
        self._linger_s = linger_s
        self._cancel = cancel
        self._sessions: dict[str, Session] = {}
        self.service = secrets.token_urlsafe(8)

    def __len__(self) -> int:
        return len(self._sessions)

    def attach(self, owner: str, ident: str | None, hang_up: Callable[[], None]) -> tuple[Session, bool]:
        """Give the session `ident` of this owner, if it is still there, or a new one; and whether it was there.

        A connection that it still has is hung up. Raises TooManySessions.
        """
        session = self._sessions.get(ident) if ident else None
        resumed = session is not None and session.owner == owner
        if session is None or not resumed:
            if len(self._sessions) >= self._most:
                raise TooManySessions(f"{self._most} sessions are open", headers={"Retry-After": "5"})
            session = Session(owner)
            self._sessions[session.id] = session
        if session.lingering is not None:
            session.lingering.cancel()
            session.lingering = None
        if session.connected:
            session.hang_up()
        session.hang_up = hang_up
        session.connected = True
        session.missed = set(session.executions)
        session.empty()
        return session, resumed

    def detach(self, session: Session, hang_up: Callable[[], None], *, for_good: bool) -> None:
        """Its connection is gone: cancel what it runs, at once or unless it comes back in time.

        Nothing happens if another connection has taken over.
        """
        if session.hang_up != hang_up:
            return
        session.connected = False
        session.empty()
        if for_good or not session.executions:
            self._close(session)
            return
        for execution in [each for each in session.executions.values() if each.ended.is_set()]:
            session.forget(execution)
        loop = asyncio.get_running_loop()
        session.lingering = loop.call_later(self._linger_s, self._close, session)

    async def close(self, within_s: float) -> None:
        """Hang up on everyone, since the service stops, when all have been told how it ended or after so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not all(session.told for session in self._sessions.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        for session in list(self._sessions.values()):
            if session.connected:
                session.hang_up()

    def _close(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        for execution in list(session.executions.values()):
            execution.followers.discard(session)
            if not execution.followers and not execution.waiting:
                self._cancel(execution)
        session.executions.clear()
