"""Ending a guest that runs too long or isn't wanted any more, at no cost while it may run.

Two steps, both taken by one watchdog thread:

1. At the time limit, when the processor time is used up, or when someone cancels the run, it writes 1 to
   `Py_EMSCRIPTEN_SIGNAL_HANDLING` in linear memory. CPython's periodic check then raises SIGINT inside the guest, whose
   handler asks for the reason and raises an exception, so that `finally` blocks run. Halfway through the grace period
   it does so once more: code that catches every OSError, or a destructor, may have eaten the first.
2. After the grace period it takes the guest's memory away with `mprotect(PROT_NONE)`. The next load or store in
   WebAssembly code faults, and wasmtime turns the fault into a trap, as it does for any access outside memory. That
   stops loops in C, and guests that catch the first interrupt.

Epoch interruption would do the second too, but taxes every loop all the time; this costs nothing until it is needed.
Nor does the limit of processor time: that can't run ahead of the wall clock, so the watchdog sleeps for as long as is
left of it, looks at the thread's clock, and sleeps again for what is left then.

Step 2 must not hit host code, which wasmtime's handler doesn't cover. `revoked` is set first; a host function that is
about to start then refuses (calls.py), one that is running ends the guest when it returns, and only if none runs is
memory taken.

wasmtime's own `memory.copy` and `memory.fill` run as host code too, and a fault in there ends the process. So memory
goes in two parts: first what lies below the heap, the C stack and static data, which all code comes back to and bulk
copies hardly touch; a moment later, for loops that never leave their arrays, the rest. What risk remains is one more
reason why a service runs guests in worker processes.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
import time
from enum import Enum
from pathlib import Path
from typing import Protocol

_libc = ctypes.CDLL(None, use_errno=True)
_PROT_NONE = 0
_NEVER = float("inf")
# A guest that still runs this long after losing its stack is in a loop over arrays. Counted in the time that its thread
# has run outside of the kernel: on a busy machine it may not have run at all meanwhile, and a bulk operation in new
# memory takes its time for page faults: 0.7 s for 700 MB where there are no huge pages, of which 0.07 are its own.
_SECOND_PART_S = 0.3
_LOOK_AGAIN_S = 0.02
# Of /proc/self/task/TID/stat, counted from the field after the name: proc(5).
_USER_TIME = 11
# The least that the watchdog sleeps while little processor time is left: clocks and sleeps are no finer.
_LEAST_SLEEP_S = 0.001


class Reason(Enum):
    """Why a guest is asked to stop."""

    TIME = "time"
    PROCESSOR_TIME = "processor time"
    CANCELLED = "cancelled"


class Watched(Protocol):
    """What the watchdog needs of a running guest."""

    revoked: bool

    @property
    def in_host(self) -> bool:
        """Whether host code runs on the guest's behalf."""

    def request_interrupt(self, reason: Reason) -> None:
        """Ask the guest to raise SIGINT, and end what it waits for in the host."""

    def address_range(self) -> tuple[int, int, int]:
        """Where linear memory lies in this process, how much of it lies below the heap, and all of its bytes."""


class Watchdog:
    """Watches one guest at a time."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._guest: Watched | None = None
        self._asked: Reason | None = None
        self._clock = self._thread_id = 0
        self._grace_s = self._processor_end = self._taken_at = 0.0
        self._soft = self._look = self._again = self._hard = self._wakes_at = _NEVER

    def arm(self, guest: Watched, timeout_s: float, grace_s: float, cpu_s: float = _NEVER) -> float:
        """Watch `guest`, which runs on the calling thread, from now on.

        Returns the time, by `time.monotonic()`, at which it is asked to stop. `cpu_s` is the processor time it has.

        ValueError for a time that isn't a number.
        """
        if math.isnan(timeout_s) or math.isnan(grace_s) or math.isnan(cpu_s):
            raise ValueError("a time limit has to be a number")
        with self._condition:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="cellblock-watchdog", daemon=True)
                self._thread.start()
            now = time.monotonic()
            self._guest, self._asked, self._grace_s = guest, None, grace_s
            self._clock = time.pthread_getcpuclockid(threading.get_ident())
            self._thread_id = threading.get_native_id()
            self._soft = now + timeout_s
            self._look = self._again = self._hard = _NEVER
            if cpu_s < timeout_s:
                self._processor_end = time.clock_gettime(self._clock) + cpu_s
                self._look = now + cpu_s
            # Most often the thread still sleeps towards the deadline of an earlier guest and will look again by
            # itself, which spares a wake-up per run.
            if min(self._soft, self._look) < self._wakes_at:
                self._condition.notify()
            return self._soft

    def cancel(self, guest: Watched) -> bool:
        """Ask `guest` to stop now, as at its deadline; False if it isn't running or has been asked already."""
        with self._condition:
            if self._guest is not guest or self._asked is not None:
                return False
            self._ask(Reason.CANCELLED, time.monotonic())
            self._condition.notify()
            return True

    def disarm(self) -> Reason | None:
        """Stop watching: the watchdog touches the guest no more. Why it was asked to stop, if it was."""
        with self._condition:
            self._guest = None
            self._soft = self._look = self._again = self._hard = _NEVER
            return self._asked

    def _watch(self) -> None:
        with self._condition:
            while True:
                now = time.monotonic()
                if self._guest is not None and now >= min(self._soft, self._look, self._again, self._hard):
                    self._act(self._guest, now)
                else:
                    self._wakes_at = min(self._soft, self._look, self._again, self._hard)
                    self._condition.wait(min(self._wakes_at - now, threading.TIMEOUT_MAX))

    def _act(self, guest: Watched, now: float) -> None:
        """Do the first of the things whose time has come."""
        if now >= self._soft:
            self._ask(Reason.TIME, now)
        elif now >= self._look:
            left = self._processor_end - time.clock_gettime(self._clock)
            if left > 0:
                self._look = now + max(left, _LEAST_SLEEP_S)
            else:
                self._ask(Reason.PROCESSOR_TIME, now)
        elif now >= self._again:
            self._again = _NEVER
            guest.request_interrupt(self._asked or Reason.TIME)
        else:
            self._stop(guest, now)

    def _ask(self, reason: Reason, now: float) -> None:
        """Take the first step, and set the times of what follows."""
        assert self._guest is not None
        self._asked = reason
        self._guest.request_interrupt(reason)
        self._soft = self._look = _NEVER
        self._again, self._hard = now + self._grace_s / 2, now + self._grace_s

    def _stop(self, guest: Watched, now: float) -> None:
        """Take the second step, or its second part."""
        self._hard = now + _LOOK_AGAIN_S
        if not guest.revoked:
            self._taken_at = self._own_time()
            _revoke(guest, everything=False)
        elif self._own_time() >= self._taken_at + _SECOND_PART_S:
            _revoke(guest, everything=True)
            self._hard = _NEVER

    def _own_time(self) -> float:
        """Seconds that the guest's thread has run, without the kernel's; with them where the system doesn't tell."""
        try:
            fields = Path(f"/proc/self/task/{self._thread_id}/stat").read_bytes().rpartition(b")")[2].split()
            return int(fields[_USER_TIME]) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return time.clock_gettime(self._clock)


def _revoke(guest: Watched, *, everything: bool) -> None:
    guest.revoked = True
    if not guest.in_host:
        address, below_heap, size = guest.address_range()
        _libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size if everything else below_heap), _PROT_NONE)


watchdog = Watchdog()
