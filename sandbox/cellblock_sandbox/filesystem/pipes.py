"""Pipes within one sandbox.

With a single thread nobody can fill or drain the other end meanwhile, so
nothing waits: an operation that would have to wait fails with EAGAIN, as in Emscripten.
"""

from __future__ import annotations

from typing import Final

from cellblock_sandbox.abi.tables import (
    EAGAIN,
    EPIPE,
    O_WRONLY,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    S_IFIFO,
)
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, Overlay

CAPACITY: Final = 65536
# Writes of up to this many bytes (PIPE_BUF) are taken whole or not at all.
ATOMIC: Final = 4096


class Pipe(Inode):
    """A pipe; the descriptions opened with O_WRONLY are its writing end. Has no name, so goes with its last close."""

    __slots__ = ("_data", "_writers")

    seekable = False

    def __init__(self, overlay: Overlay) -> None:
        """EDQUOT when the sandbox has too many files of its own."""
        super().__init__(overlay, S_IFIFO | 0o600)
        self.nlink = 0
        self._data = bytearray()
        self._writers = 0

    def opened(self, flags: int) -> Inode:
        """Count writers apart."""
        if flags & O_WRONLY:
            self._writers += 1
        return super().opened(flags)

    def closed(self, flags: int) -> None:
        """Count writers apart; what is left unread goes with the last end."""
        if flags & O_WRONLY:
            self._writers -= 1
        super().closed(flags)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Take what is there. 0 at the end, when no writer is left; EAGAIN while the pipe is empty."""
        if not self._data and self._writers and len(target):
            raise FileSystemError(EAGAIN)
        count = min(len(target), len(self._data))
        target[:count] = self._data[:count]
        del self._data[:count]
        self.overlay.quota.charge_bytes(-count)
        return count

    def write_from(self, offset: int, source: memoryview) -> int:
        """Take as much as there is room for. EPIPE without a reader, EAGAIN without room, ENOSPC over the quota."""
        if self.opens == self._writers:
            raise FileSystemError(EPIPE)
        room = CAPACITY - len(self._data)
        if room == 0 or room < len(source) <= ATOMIC:
            raise FileSystemError(EAGAIN)
        taken = source[:room]
        self.overlay.quota.charge_bytes(len(taken))
        self._data += taken
        return len(taken)

    def poll(self, flags: int) -> int:
        """Tell of data and room, POLLHUP without a writer, POLLERR without a reader."""
        if flags & O_WRONLY:
            if self.opens == self._writers:
                return POLLOUT | POLLERR
            return POLLOUT if len(self._data) <= CAPACITY - ATOMIC else 0
        readable = POLLIN if self._data else 0
        return readable if self._writers else readable | POLLHUP

    def _free(self) -> None:
        self.overlay.quota.charge_bytes(-len(self._data))
        super()._free()
