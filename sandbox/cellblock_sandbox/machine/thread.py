"""The one thread that runs guests.

Two reasons: wasmtime-py is not thread-safe, so one thread owns every store; and deep recursion in the guest needs a
stack that no ordinary thread has, so this one is made with room for all of `WASM_STACK_BYTES` (address space only:
pages are used as they are touched, and given back after each call: 128 MB that one deep recursion would leave behind).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from cellblock_sandbox.machine import pages
from cellblock_sandbox.machine.engine import WASM_STACK_BYTES

P = ParamSpec("P")
R = TypeVar("R")

# Host functions run on the same stack, below the guest's frames.
_HOST_RESERVE = 16 << 20
# What calls use of the stack as a rule, and the few frames from which they are made.
_KEPT = 1 << 20


class GuestThread:
    """Runs calls one after another on a thread with a large stack."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `function` on the guest thread and return what it returns, or raise what it raises."""
        if threading.current_thread() is self._thread:
            return function(*args, **kwargs)
        return self.submit(lambda: function(*args, **kwargs)).result()

    def submit(self, call: Callable[[], R]) -> Future[R]:
        """Have the guest thread call `call` when it is done with what it was given before; returns at once."""
        self._ensure_started()
        future: Future[R] = Future()
        self._calls.put((future, call))
        return future

    def _ensure_started(self) -> None:
        with self._start_lock:
            if self._thread is None:
                previous = threading.stack_size(WASM_STACK_BYTES + _HOST_RESERVE)
                try:
                    self._thread = threading.Thread(target=self._serve, name="cellblock-guest", daemon=True)
                    self._thread.start()
                finally:
                    threading.stack_size(previous)

    def _serve(self) -> None:
        depths = pages.depths_of_stack(_KEPT)
        while True:
            future, call = self._calls.get()
            try:
                future.set_result(call())
            except BaseException as error:  # handed to the caller, whatever it is
                future.set_exception(error)
            del future, call
            pages.release(*depths)


guest_thread = GuestThread()
