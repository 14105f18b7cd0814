"""An asyncio event loop for a place without sockets, threads or signals: when nothing is ready, it sleeps.

asyncio's own loop waits in a selector on a socket pair, which isn't there. This one is asyncio's BaseEventLoop with
a select step that calls time.sleep, so timers, tasks, queues and timeouts are the standard library's own.
"""

import asyncio
import time
from asyncio import events, unix_events
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

from .deadline import DeadlineExceeded, deadline

T = TypeVar("T")
_LONGEST_SLEEP_S = 3600.0
_NO_THREADS = "threads can't start in a sandbox: call the function directly, or await a coroutine"
_NO_NETWORK = "there is no network in a sandbox"
_NO_PROCESSES = "processes can't start in a sandbox"


def _refuse_now(kind: type[Exception], message: str) -> Any:
    """Make a loop method that raises as soon as it is called."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise kind(message)

    return refuse


def _refuse_when_awaited(message: str) -> Any:
    """Make a loop coroutine that raises OSError."""

    async def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise OSError(message)

    return refuse


class _Sleeper:
    """Stands where BaseEventLoop expects its selector."""

    def __init__(self, loop: "SleepingLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Sleep for `timeout` seconds, or until the deadline when nothing is due.

        The deadline ends the wait at the block's own `await`, so that its line is in the traceback.
        """
        if timeout is None or timeout > 0:
            try:
                time.sleep(_LONGEST_SLEEP_S if timeout is None else min(timeout, _LONGEST_SLEEP_S))
            except DeadlineExceeded as error:
                if not self._loop.fail_waiting_task(error):
                    raise
        return []


class SleepingLoop(asyncio.BaseEventLoop):
    """BaseEventLoop over `_Sleeper`. What needs threads, sockets, processes or signals is refused by name."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Sleeper(self)
        self._main: Any = None
        self._told = False

    def _run_once(self) -> None:
        """As in asyncio; then see that the main task hears of a deadline that hit a task or callback beside it.

        asyncio keeps the exceptions of those, and the main task might never ask for them.
        """
        super()._run_once()  # type: ignore[misc]
        if deadline.reached and not self._told:
            self._told = True
            if deadline.task is not self._main:
                self.fail_waiting_task(deadline.error())

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: the sleeper has no events."""

    def _write_to_self(self) -> None:
        """Do nothing: nothing but this thread could wake the loop, and it is awake."""

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

    run_in_executor = _refuse_now(RuntimeError, _NO_THREADS)
    add_signal_handler = _refuse_now(RuntimeError, "no signals are sent in a sandbox: a block can't handle them")
    getaddrinfo = getnameinfo = _refuse_when_awaited(_NO_NETWORK)
    create_connection = create_server = create_datagram_endpoint = _refuse_when_awaited(_NO_NETWORK)
    subprocess_exec = subprocess_shell = _refuse_when_awaited(_NO_PROCESSES)


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
