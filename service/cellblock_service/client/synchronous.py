"""The client for programs without an event loop, and for notebooks: the asynchronous one in a thread of its own.

`on_output` and `on_status` are called in the thread that waits: output lands where `print` there would put it. What
answers the block (`flow`, `global_`, `context`, `on_send`, `on_log`, `on_node_status`) is called in the client's own
thread, because blocks wait for it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, TypeVar, Unpack

from cellblock_service.client.asynchronous import AsyncClient, OnOutput, OnStatus, tell
from cellblock_service.client.context import Context, OnLog, OnNodeStatus, OnSend, Store
from cellblock_service.client.errors import ClientClosed
from cellblock_service.client.execution import Execution
from cellblock_service.client.messages import Request
from cellblock_service.client.outcome import Event, Outcome

T = TypeVar("T")


class Client:
    """A client of one service, for any number of threads; `AsyncClient` describes what the methods do.

        with Client() as client:
            outcome = client.run("return data * 2", data=numpy.arange(3))
            print(outcome.value_or_raise())

    An interrupt (Ctrl-C) while a block runs cancels it. Without `with`, the client is closed when the program ends.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, ca_file: str | os.PathLike[str] | None = None
    ) -> None:
        self._client = AsyncClient(url, token, ca_file=ca_file)
        self._loop = _LoopThread()
        atexit.register(self.close)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what is under way and close all connections."""
        atexit.unregister(self.close)
        if not self._loop.closed:
            self._loop.run(self._client.close())
            self._loop.close()

    def run(  # noqa: PLR0913  (all but the first by keyword)
        self,
        code: str,
        *,
        on_output: OnOutput | None = None,
        on_status: OnStatus | None = None,
        flow: Store | None = None,
        global_: Store | None = None,
        context: Store | None = None,
        on_send: OnSend | None = None,
        on_log: OnLog | None = None,
        on_node_status: OnNodeStatus | None = None,
        **request: Unpack[Request],
    ) -> Outcome:
        """Run a block and wait for its end; as `AsyncClient.run`."""
        behind = Context(flow, global_, context, on_send, on_log, on_node_status)
        with BlockingExecution(self._loop, self._client.execution(code, behind, request)) as execution:
            for event in execution:
                tell(event, on_output, on_status)
            return execution.result()

    def start(
        self,
        code: str,
        *,
        flow: Store | None = None,
        global_: Store | None = None,
        context: Store | None = None,
        on_send: OnSend | None = None,
        on_log: OnLog | None = None,
        on_node_status: OnNodeStatus | None = None,
        **request: Unpack[Request],
    ) -> BlockingExecution:
        """An execution, which `with` starts; as `AsyncClient.start`."""
        behind = Context(flow, global_, context, on_send, on_log, on_node_status)
        return BlockingExecution(self._loop, self._client.execution(code, behind, request))

    def get(self, ident: str, *, wait_s: float = 0) -> Outcome:
        """An execution as it is now, or when it has ended within `wait_s`; as `AsyncClient.get`."""
        return self._loop.run(self._client.get(ident, wait_s=wait_s))

    def cancel(self, ident: str) -> Outcome:
        """Cancel an execution and wait for its end; as `AsyncClient.cancel`."""
        return self._loop.run(self._client.cancel(ident))

    def check(self, code: str) -> dict[str, Any]:
        """What an editor would mark in a block; as `AsyncClient.check`."""
        return self._loop.run(self._client.check(code))

    def images(self) -> dict[str, Any]:
        """The service's images; as `AsyncClient.images`."""
        return self._loop.run(self._client.images())

    def packages(self, search: str = "", *, limit: int = 50) -> dict[str, Any]:
        """Packages that a block can import; as `AsyncClient.packages`."""
        return self._loop.run(self._client.packages(search, limit=limit))


class BlockingExecution:
    """One run of a block: a context manager that starts it, and an iterator of what it tells; as `Execution`."""

    def __init__(self, loop: _LoopThread, execution: Execution) -> None:
        self._loop = loop
        self._execution = execution

    @property
    def id(self) -> str:
        """What the service calls it."""
        return self._execution.id

    @property
    def status(self) -> str:
        """Where it is, or how it ended."""
        return self._execution.status

    def __enter__(self) -> BlockingExecution:
        self._loop.run(self._execution.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()

    def __iter__(self) -> Iterator[Event]:
        events = aiter(self._execution)
        while (event := self._loop.run(_next(events))) is not None:
            yield event

    def result(self) -> Outcome:
        """Wait for the end; as `Execution.result`."""
        return self._loop.run(self._execution.result())

    def cancel(self) -> None:
        """Ask for its cancellation; as `Execution.cancel`."""
        self._loop.run(self._execution.cancel())


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cellblock-client", daemon=True)
        self._thread.start()
        self.closed = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have `work` done there and wait for it. Raises ClientClosed, and RuntimeError from that thread itself."""
        if self.closed or threading.current_thread() is self._thread:
            work.close()
            if self.closed:
                raise ClientClosed("the client is closed")
            raise RuntimeError("a context that answers a block can't wait for the same client; give it one of its own")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()

    def close(self) -> None:
        """End the thread."""
        self.closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _next(events: Any) -> Event | None:
    """The next event; None at the end. A coroutine, as which `anext` doesn't count."""
    found: Event | None = await anext(events, None)
    return found
