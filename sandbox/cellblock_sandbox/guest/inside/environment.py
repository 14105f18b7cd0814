"""What the guest's boot sets up once, and what each restored sandbox makes its own.

Once: what can't exist here (threads, processes, a debugger's terminal) says so in plain words where it is asked for.
At each restore: every source of randomness that the image froze is seeded anew.
"""

import _thread
import errno
import gc
import operator
import os
import random
import select
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

_NO_THREADS = "can't start new thread: threads are not available in a sandbox; call the function directly"
_LONGEST_WAIT_S = 3600.0
_DEEPEST = 1_000_000
# Warnings that blame the user for what is so in every sandbox: figures are shown by collecting them afterwards, and
# threadpoolctl looks for thread pools where there are no threads.
_BESIDE_THE_POINT = ("FigureCanvasAgg is non-interactive", "Could not find dl_iterate_phdr")
_PROCESS_NAMES = ("fork", "forkpty", "posix_spawn", "posix_spawnp")

_random_states: list[Any] = []


def install() -> None:
    """Set up what no block should have to find out the hard way."""
    vars(time)["sleep"] = sleep
    _refuse_threads()
    _refuse_processes()
    sys.breakpointhook = _no_debugger
    _bound_recursion()
    for message in _BESIDE_THE_POINT:
        warnings.filterwarnings("ignore", message=message)


def sleep(seconds: float, /) -> None:
    """Do what time.sleep does, in the host's wait.

    Emscripten's nanosleep spins on the clock inside C, where no interrupt reaches it. `select` on nothing is a wait
    that the host ends at the deadline; the interrupt is then seen here, between two instructions.
    """
    if not seconds >= 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    remaining: float = seconds
    while True:
        select.select([], [], [], min(remaining, _LONGEST_WAIT_S))
        remaining = end - time.monotonic()
        if remaining <= 0:
            return


def _refuse_threads() -> None:
    """Make thread creation fail where threading itself expects failure, so its bookkeeping stays right."""
    for module in (threading, _thread):
        for name in ("_start_new_thread", "_start_joinable_thread", "start_new_thread", "start_joinable_thread"):
            if hasattr(module, name):
                setattr(module, name, _no_thread)


def _bound_recursion() -> None:
    """Take a recursion limit beyond _DEEPEST for that: Python's frames would fill the memory, and take seconds to."""
    original = sys.setrecursionlimit

    def setrecursionlimit(limit: int, /) -> None:
        original(min(operator.index(limit), _DEEPEST))

    sys.setrecursionlimit = setrecursionlimit


def _no_debugger(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise RuntimeError("breakpoint() can't stop here: a block has no terminal for a debugger; use print")


def _no_thread(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise RuntimeError(_NO_THREADS)


def _refuse_processes() -> None:
    """Give os.system and its like a clear error; leave absent names absent, since libraries test for them."""
    for name in ("system", "popen", "execv", "execve", *_PROCESS_NAMES):
        if hasattr(os, name):
            setattr(os, name, _no_process(name))
    os.__dict__["__getattr__"] = _absent


def _no_process(name: str) -> Callable[..., NoReturn]:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise OSError(errno.ENOTSUP, f"os.{name}: processes can't start in a sandbox")

    refuse.__name__ = name
    return refuse


def _absent(name: str) -> NoReturn:
    if name in _PROCESS_NAMES:
        raise AttributeError(f"module 'os' has no attribute {name!r}: processes can't start in a sandbox")
    raise AttributeError(f"module 'os' has no attribute {name!r}")


def remember_random_states() -> None:
    """Note every random generator alive at the end of boot, so that `reseed` finds them. Libraries keep their own."""
    numpy_random = sys.modules.get("numpy.random")
    kinds: tuple[type, ...] = (random.Random,)
    if numpy_random is not None:
        kinds += (numpy_random.RandomState, numpy_random.BitGenerator)
    alive = [each for each in gc.get_objects() if isinstance(each, kinds) and not isinstance(each, random.SystemRandom)]
    # A RandomState is seeded itself, and with it the bit generator it has.
    owned = {id(each._bit_generator) for each in alive if hasattr(each, "_bit_generator")}
    _random_states[:] = [each for each in alive if id(each) not in owned]


def reseed() -> None:
    """Make this sandbox's randomness its own: each sandbox of an image starts from the same memory.

    On the way of every sandbox, hence seeds of few bytes: 0.05 ms with NumPy, against 1.4 ms for fresh generators.
    """
    for state in _random_states:
        if isinstance(state, random.Random):
            state.seed(int.from_bytes(os.urandom(16), "big"))
        elif hasattr(state, "seed"):  # RandomState: 32 bits is what it takes without building arrays
            state.seed(int.from_bytes(os.urandom(4), "big"))
        else:  # a bit generator, with the seed sequence that it spawns others from
            state.__setstate__(type(state)().__getstate__())
    _forget("uuid", "_node")
    _forget("uuid", "_last_timestamp")
    _forget("tempfile", "_name_sequence")


def start_clock() -> None:
    """Have `logging` count its milliseconds from now, when a sandbox's first block begins."""
    if "logging" in sys.modules:
        sys.modules["logging"]._startTime = time.time_ns()  # type: ignore[attr-defined]


def _forget(module: str, name: str) -> None:
    """Drop a cached value of a module that the image may hold."""
    loaded = sys.modules.get(module)
    if loaded is not None and hasattr(loaded, name):
        setattr(loaded, name, None)
