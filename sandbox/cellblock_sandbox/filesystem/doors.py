"""Doors: devices through which a guest asks its host for one named thing.

A door is a character device, /dev/cellblock/NAME, that the sandbox's maker registers with a callable. The guest opens
it, writes a request (in as many writes as it likes), and reads: the first read hands the request to the callable, and
that and further reads return its answer, to the end. The next write begins a new request. Every open has its own.

Each door serves one purpose and is named for it. It is never a generic bridge: what the callable gets was written by a
hostile guest, and it has to refuse whatever isn't plainly a request of its kind. Without a callable there is no device.

The guest waits while the callable runs, on the sandbox's own thread, and so does a hard stop of the guest: a callable
that takes long has to mind the run's deadline by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cellblock_sandbox.abi.tables import EIO, EMSGSIZE, POLLIN, POLLOUT
from cellblock_sandbox.filesystem.devices import Device
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, Overlay
from cellblock_sandbox.filesystem.lower import LowerDevice

FOLDER: Final = b"/dev/cellblock"
MAX_REQUEST: Final = 64 * 1024
MAX_ANSWER: Final = 16 * 1024 * 1024

Answer = Callable[[bytes], bytes]


class Door(Device):
    """The node in the tree; opening it makes an exchange."""

    __slots__ = ("_answer", "_largest", "_lower")

    def __init__(self, overlay: Overlay, lower: LowerDevice, answer: Answer, largest: int | None = None) -> None:
        super().__init__(overlay, lower)
        self._lower = lower
        self._answer = answer
        self._largest = (MAX_REQUEST, MAX_ANSWER) if largest is None else (largest, largest)

    def opened(self, flags: int) -> Inode:
        """Return a new exchange."""
        return Exchange(self.overlay, self._lower, self._answer, *self._largest).opened(flags)


class Exchange(Device):
    """One open description of a door: the request written so far, or what is left of the answer."""

    __slots__ = ("_answer", "_max_answer", "_max_request", "_pending", "_request")

    seekable = False

    def __init__(self, overlay: Overlay, lower: LowerDevice, answer: Answer, max_request: int, max_answer: int) -> None:
        super().__init__(overlay, lower)
        self.nlink = 0
        self._max_request, self._max_answer = max_request, max_answer
        self._answer = answer
        self._request = bytearray()
        self._pending: memoryview | None = None

    def write_from(self, offset: int, source: memoryview) -> int:
        """Take a part of a request. EMSGSIZE when that gets too long, ENOSPC over the quota."""
        self._drop_answer()
        if len(self._request) + len(source) > self._max_request:
            raise FileSystemError(EMSGSIZE)
        self.overlay.quota.charge_bytes(len(source))
        self._request += source
        return len(source)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Give the answer's next part, 0 at its end or if nothing was asked.

        EIO when the callable raises or its answer is too long, its own errno for a FileSystemError, ENOSPC over the
        quota. The request is gone then.
        """
        if self._request:
            self._pending = self._ask()
        if not self._pending:
            return 0
        count = min(len(target), len(self._pending))
        target[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def poll(self, flags: int) -> int:
        """Always ready: the answer comes while it is read."""
        return POLLIN | POLLOUT

    def _ask(self) -> memoryview:
        request = self._take_request()
        try:
            answer = bytes(self._answer(request))
        except FileSystemError:
            raise
        except Exception as error:  # whatever went wrong there, the guest only learns that it did
            raise FileSystemError(EIO) from error
        if len(answer) > self._max_answer:
            raise FileSystemError(EIO)
        self.overlay.quota.charge_bytes(len(answer))
        return memoryview(answer)

    def _take_request(self) -> bytes:
        request = bytes(self._request)
        self.overlay.quota.charge_bytes(-len(request))
        self._request.clear()
        return request

    def _drop_answer(self) -> None:
        if self._pending is not None:
            answer = self._pending.obj
            assert isinstance(answer, bytes)
            self.overlay.quota.charge_bytes(-len(answer))
            self._pending = None

    def _free(self) -> None:
        self._take_request()
        self._drop_answer()
        super()._free()
