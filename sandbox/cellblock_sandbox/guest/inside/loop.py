"""An asyncio event loop for a place without sockets, threads or signals: when nothing is ready, it sleeps.

asyncio's own loop waits in a selector on a socket pair, which isn't there. This one is asyncio's BaseEventLoop with
a select step that calls time.sleep, so timers, tasks, queues and timeouts are the standard library's own.
"""

import asyncio
import errno
import select
import time
from asyncio import events, unix_events
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

from .bridge import NO_NETWORK
from .interruption import DeadlineExceeded, interruption

T = TypeVar("T")
_LONGEST_SLEEP_S = 3600.0
_NO_THREADS = "threads can't start in a sandbox: call the function directly, or await a coroutine"
_NO_PROCESSES = "processes can't start in a sandbox"


def _refuse_now(kind: type[Exception], message: str) -> Any:
    """Make a loop method that raises as soon as it is called."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise kind(message)

    return refuse


def _refuse_when_awaited(message: str) -> Any:
    """Make a loop coroutine that raises OSError."""

    async def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise OSError(errno.ENOTSUP, message)

    return refuse


class _Sleeper:
    """Stands where BaseEventLoop expects its selector."""

    def __init__(self, loop: "SleepingLoop") -> None:
        self._loop = loop
        self.readers: dict[int, asyncio.Handle] = {}
        self.writers: dict[int, asyncio.Handle] = {}

    def select(self, timeout: float | None) -> list[asyncio.Handle]:
        """Sleep for `timeout` seconds, until a watched descriptor is ready, or until interrupted when nothing is due.

        An interrupt ends the wait at the block's own `await`, so that its line is in the traceback.
        """
        try:
            return self._wait(_LONGEST_SLEEP_S if timeout is None else min(timeout, _LONGEST_SLEEP_S))
        except (DeadlineExceeded, KeyboardInterrupt) as error:
            if not self._loop.fail_waiting_task(error):
                raise
            return []

    def _wait(self, seconds: float) -> list[asyncio.Handle]:
        if not self.readers and not self.writers:
            if seconds > 0:
                time.sleep(seconds)
            return []
        readable, writable, _ = select.select(list(self.readers), list(self.writers), [], max(seconds, 0))
        return [self.readers[each] for each in readable] + [self.writers[each] for each in writable]


class SleepingLoop(asyncio.BaseEventLoop):
    """BaseEventLoop over `_Sleeper`. What needs threads, sockets, processes or signals is refused by name."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Sleeper(self)
        self._main: Any = None
        self._told = False

    def _run_once(self) -> None:
        """As in asyncio; then see that the main task hears of a deadline that hit a task or callback beside it.

        asyncio keeps the exceptions of those, and the main task might never ask for them. It doesn't keep a
        KeyboardInterrupt: that ends the loop at once.
        """
        super()._run_once()  # type: ignore[misc]
        if interruption.deadline and not self._told:
            self._told = True
            if interruption.task is not self._main:
                self.fail_waiting_task(DeadlineExceeded(*interruption.deadline.args))

    def _process_events(self, event_list: list[Any]) -> None:
        """Have the callbacks of ready descriptors called."""
        self._ready.extend(event_list)  # type: ignore[attr-defined]

    def _write_to_self(self) -> None:
        """Do nothing: nothing but this thread could wake the loop, and it is awake."""

    def run_until_complete(self, future: Any) -> Any:
        """As in asyncio; also remembers `future` as what an interrupt is for."""
        outer, self._main = self._main, future
        try:
            return super().run_until_complete(future)
        finally:
            self._main = outer

    def fail_waiting_task(self, error: BaseException) -> bool:
        """Make the main task's `await` raise `error`; False when it isn't waiting on a future."""
        waiting = self._main
        while isinstance(waiting, asyncio.Task):
            waiting = waiting._fut_waiter  # type: ignore[attr-defined]
        if waiting is None or waiting.done():
            return False
        waiting.set_exception(error)
        return True

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]
        """Call `callback` while there is something to read from a descriptor, such as a pipe's."""
        self._selector.readers[_number(fd)] = asyncio.Handle(callback, args, self)

    def remove_reader(self, fd: Any) -> bool:
        """Stop that; whether it was going on."""
        return _stop_watching(self._selector.readers, fd)

    def add_writer(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]
        """Call `callback` while a descriptor takes more."""
        self._selector.writers[_number(fd)] = asyncio.Handle(callback, args, self)

    def remove_writer(self, fd: Any) -> bool:
        """Stop that; whether it was going on."""
        return _stop_watching(self._selector.writers, fd)

    run_in_executor = _refuse_now(RuntimeError, _NO_THREADS)
    add_signal_handler = _refuse_now(RuntimeError, "no signals are sent in a sandbox: a block can't handle them")
    getaddrinfo = getnameinfo = _refuse_when_awaited(NO_NETWORK)
    create_connection = create_server = create_datagram_endpoint = _refuse_when_awaited(NO_NETWORK)
    create_unix_connection = create_unix_server = connect_accepted_socket = _refuse_when_awaited(NO_NETWORK)
    sock_connect = sock_accept = sock_recv = sock_recv_into = sock_sendall = _refuse_when_awaited(NO_NETWORK)
    connect_read_pipe = connect_write_pipe = _refuse_when_awaited("use add_reader and add_writer on the descriptor")
    subprocess_exec = subprocess_shell = _refuse_when_awaited(_NO_PROCESSES)


def _stop_watching(watched: dict[int, asyncio.Handle], fd: Any) -> bool:
    handle = watched.pop(_number(fd), None)
    if handle is not None:
        handle.cancel()
    return handle is not None


def _number(fd: Any) -> int:
    """The number of a descriptor or of what has a fileno()."""
    return fd if isinstance(fd, int) else int(fd.fileno())


_BasePolicy: Any = getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy


class SleepingLoopPolicy(_BasePolicy):  # type: ignore[misc]
    """Makes SleepingLoop what asyncio.run, asyncio.Runner and new_event_loop create."""

    _loop_factory = SleepingLoop

    def get_event_loop(self) -> Any:
        """The current loop; where none runs a new one, as in Pyodide and in CPython before 3.14."""
        if self._local._loop is None or self._local._loop.is_closed():
            self.set_event_loop(self.new_event_loop())
        return self._local._loop


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
