"""One execution, as the client that started it sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Protocol

from cellblock_sandbox import BlockError

from cellblock_service.client import messages
from cellblock_service.client.context import Context
from cellblock_service.client.errors import ClientError, ServiceRefused
from cellblock_service.client.outcome import Event, Outcome, Output, Status, read_outcome


class Carrier(Protocol):
    """What brings an execution to the service."""

    async def begin(self, execution: Execution) -> None:
        """Start it."""

    async def cancel(self, execution: Execution) -> None:
        """Ask for its cancellation."""


class Execution:
    """One run of a block: a context manager that starts it, and an iterator of what it tells.

        async with client.start("return len(data)", data=frame) as execution:
            async for event in execution:
                ...
            outcome = await execution.result()

    Leaving it before the end cancels it. Every iteration begins with the first event and ends when the execution does.
    """

    def __init__(self, carrier: Carrier, ident: str, message: bytes, context: Context) -> None:
        self.id = ident
        self.status = "queued"
        self.message: bytes | None = message
        """The message that starts it, until it is known to have arrived."""
        self.context = context
        self.seq = 0
        """The number of the event heard last."""
        self.sent = 0
        """How often it was sent."""
        self.sent_to: str | None = None
        """The service that it was sent to, as that names itself."""
        self.resuming = False
        """Whether the service was asked for its events again, and has not answered yet."""
        self.cancelling = False
        self._carrier = carrier
        self._events: list[Event] = []
        self._news = asyncio.Event()
        self._end: Outcome | ClientError | None = None
        self._call: tuple[int, asyncio.Task[dict[str, Any]]] | None = None

    @property
    def ended(self) -> bool:
        """Whether it has ended, or failed to."""
        return self._end is not None

    async def __aenter__(self) -> Execution:
        await self._carrier.begin(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.cancel()

    async def __aiter__(self) -> AsyncIterator[Event]:
        index = 0
        while True:
            news = self._news
            while index < len(self._events):
                yield self._events[index]
                index += 1
            if self.ended:
                return
            await news.wait()

    async def result(self) -> Outcome:
        """Wait for the end.

        Raises ServiceRefused, ServiceUnreachable, ExecutionLost, AnswerUnreadable, ClientClosed; nothing for what the
        block did.
        """
        while self._end is None:
            await self._news.wait()
        if isinstance(self._end, ClientError):
            raise self._end
        return self._end

    async def cancel(self) -> None:
        """Ask for its cancellation; the outcome tells whether that came in time. After the end nothing happens."""
        if not self.ended:
            self.cancelling = True
            await self._carrier.cancel(self)

    # What the session hears.

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take an event. One that was heard before changes nothing."""
        kind, seq = told["kind"], told.get("seq", 0)
        self.resuming = False
        if kind == "refused":
            self.fail(ServiceRefused.of(told["problem"]))
        elif seq > self.seq:
            self.seq, self.message = seq, None
            match kind:
                case "result":
                    self.end(told)
                case "status":
                    self.status = told["status"]
                    self._publish(Status(self.status, told.get("progress")))
                case "stdout" | "stderr":
                    self._publish(Output(kind, told["text"]))

    def end(self, told: Mapping[str, Any]) -> None:
        """Note how it ended."""
        stdout, stderr = (self._printed(stream) for stream in ("stdout", "stderr"))
        try:
            outcome = read_outcome(told, stdout, stderr)
        except ClientError as error:
            self.fail(error)
        else:
            self.status = outcome.status
            self._finish(outcome)

    def end_unsent(self) -> None:
        """Note that it was cancelled before the service had it."""
        error = BlockError("Cancelled", "the execution was cancelled before it was sent", None, None, "")
        self.status = "cancelled"
        self._finish(Outcome(self.id, "cancelled", error=error))

    def fail(self, error: ClientError) -> None:
        """Note that its end won't be known."""
        self._finish(error)

    def answer(self, call: Mapping[str, Any]) -> asyncio.Task[dict[str, Any]]:
        """Answer a call of the block. One that is made again, after a lost connection, gets the same answer."""
        number = call["call"]
        if self._call is None or self._call[0] != number:
            self._call = number, asyncio.create_task(self.context.answer(call))
        return self._call[1]

    def _printed(self, stream: str) -> str:
        return "".join(each.text for each in self._events if isinstance(each, Output) and each.stream == stream)

    def _publish(self, event: Event) -> None:
        self._events.append(event)
        self._awaken()

    def _finish(self, end: Outcome | ClientError) -> None:
        if self._end is None:
            self._end, self.message = end, None
            if self._call is not None:
                self._call[1].cancel()
            self._awaken()

    def _awaken(self) -> None:
        """Wake whoever waits; the next to come waits for the next news."""
        news, self._news = self._news, asyncio.Event()
        news.set()


def make(carrier: Carrier, ident: str, code: str, request: Mapping[str, Any], context: Context) -> Execution:
    """Make an execution, not started yet. Raises ValueNotPortable, ValueError."""
    return Execution(carrier, ident, messages.execute(ident, code, request), context)
