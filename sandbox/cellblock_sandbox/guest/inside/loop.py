"""An asyncio event loop for a place without sockets, threads or signals: when nothing is ready, it sleeps.

asyncio's own loop waits in a selector on a socket pair, which isn't there. This one is asyncio's BaseEventLoop with
a select step that calls time.sleep, so timers, tasks, queues and timeouts are the standard library's own.
"""

import asyncio
import time
from asyncio import events, unix_events
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from .deadline import DeadlineExceeded, deadline

T = TypeVar("T")
_LONGEST_SLEEP_S = 3600.0
_NO_THREADS = "threads can't start in a sandbox: call the function directly, or await a coroutine"
_NO_NETWORK = "there is no network in a sandbox"
_NO_PROCESSES = "processes can't start in a sandbox"


class _Sleeper:
    """Stands where BaseEventLoop expects its selector."""

    def __init__(self, loop: "SleepingLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Sleep for `timeout` seconds, or until the deadline when nothing is due."""
        if timeout is None or timeout > 0:
            deadline.interrupt = self._loop.fail_waiting_task
            try:
                time.sleep(_LONGEST_SLEEP_S if timeout is None else min(timeout, _LONGEST_SLEEP_S))
            finally:
                deadline.interrupt = None
        return []


class SleepingLoop(asyncio.BaseEventLoop):
    """BaseEventLoop over `_Sleeper`. What needs threads, sockets, processes or signals is refused by name."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Sleeper(self)
        self._main: Any = None

    def _process_events(self, event_list: list[Any]) -> None:
        """The sleeper has no events."""

    def _write_to_self(self) -> None:
        """Nothing but this thread could wake the loop, and it is awake."""

    def run_until_complete(self, future: Any) -> Any:
        """As in asyncio; also remembers `future` as what a deadline interrupts."""
        outer, self._main = self._main, future
        try:
            return super().run_until_complete(future)
        finally:
            self._main = outer

    def fail_waiting_task(self, error: DeadlineExceeded) -> bool:
        """Make the main task's `await` raise `error`; False when it isn't waiting on a future."""
        waiting = self._main
        while isinstance(waiting, asyncio.Task):
            waiting = waiting._fut_waiter  # type: ignore[attr-defined]
        if waiting is None or waiting.done():
            return False
        waiting.set_exception(error)
        return True

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> NoReturn:
        """RuntimeError: no threads."""
        raise RuntimeError(_NO_THREADS)

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no network."""
        raise OSError(_NO_NETWORK)

    async def getnameinfo(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no network."""
        raise OSError(_NO_NETWORK)

    async def create_connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no network."""
        raise OSError(_NO_NETWORK)

    async def create_server(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no network."""
        raise OSError(_NO_NETWORK)

    async def create_datagram_endpoint(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no network."""
        raise OSError(_NO_NETWORK)

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no processes."""
        raise OSError(_NO_PROCESSES)

    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> NoReturn:
        """OSError: no processes."""
        raise OSError(_NO_PROCESSES)

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> NoReturn:
        """RuntimeError: no signals."""
        raise RuntimeError("a block can't handle signals: none are sent in a sandbox")


_BasePolicy: Any = getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy


class SleepingLoopPolicy(_BasePolicy):  # type: ignore[misc]
    """Makes SleepingLoop what asyncio.run, asyncio.Runner and new_event_loop create."""

    _loop_factory = SleepingLoop


def install() -> None:
    """Make SleepingLoop asyncio's only loop."""
    set_policy = getattr(events, "_set_event_loop_policy", None) or asyncio.set_event_loop_policy
    set_policy(SleepingLoopPolicy())
    for name in ("EventLoop", "SelectorEventLoop"):
        setattr(asyncio, name, SleepingLoop)
        setattr(unix_events, name, SleepingLoop)


def run_coroutine(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a block's coroutine to its end, then cancel the tasks it left and close its async generators."""
    with asyncio.Runner(loop_factory=SleepingLoop) as runner:
        return runner.run(coroutine)
