"""Character devices: /dev/null, /dev/zero, /dev/full, /dev/random and the standard streams.

Reads and writes are capped per call (callers repeat a short one), so no single call makes the host allocate as much as
the guest cares to name. Numbers are Linux's (Documentation/admin-guide/devices.txt).
"""

from __future__ import annotations

import os
from typing import Final

from cellblock_sandbox.abi.tables import ENOSPC, ENXIO, S_IFCHR
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, Overlay
from cellblock_sandbox.filesystem.lower import LowerNode

CHUNK: Final = 1024 * 1024

# Major and minor numbers, as stat's st_rdev holds them.
NUMBERS: Final = {"null": 0x103, "zero": 0x105, "full": 0x107, "random": 0x108, "urandom": 0x109, "tty": 0x500}


class Device(Inode):
    """A device that takes everything and gives nothing: /dev/null."""

    __slots__ = ()

    def __init__(self, overlay: Overlay, lower: LowerNode) -> None:
        super().__init__(overlay, S_IFCHR | 0o666, lower)

    def read_into(self, offset: int, target: memoryview) -> int:
        """Be at the end."""
        return 0

    def write_from(self, offset: int, source: memoryview) -> int:
        """Take everything."""
        return len(source)

    def truncate(self, size: int) -> None:
        """Do nothing: opening a device with O_TRUNC is no error."""


class ZeroDevice(Device):
    """/dev/zero."""

    __slots__ = ()

    def read_into(self, offset: int, target: memoryview) -> int:
        """Give zeros."""
        count = min(len(target), CHUNK)
        target[:count] = bytes(count)
        return count


class FullDevice(ZeroDevice):
    """/dev/full: zeros to read, and never any room."""

    __slots__ = ()

    def write_from(self, offset: int, source: memoryview) -> int:
        """Refuse: ENOSPC."""
        raise FileSystemError(ENOSPC)


class RandomDevice(Device):
    """/dev/random and /dev/urandom: the host's random numbers. What is written is ignored."""

    __slots__ = ()

    def read_into(self, offset: int, target: memoryview) -> int:
        """Give random bytes."""
        count = min(len(target), CHUNK)
        target[:count] = os.urandom(count)
        return count


class Terminal(Device):
    """/dev/tty: there is no terminal."""

    __slots__ = ()

    def opened(self, flags: int) -> Inode:
        """Refuse: ENXIO."""
        raise FileSystemError(ENXIO)


class StandardInput(Device):
    """/dev/stdin: always at its end."""

    __slots__ = ()

    seekable = False


class StandardOutput(Device):
    """/dev/stdout and /dev/stderr: what is written goes to the sandbox's output callback.

    The callback may raise FileSystemError to refuse, or anything else to end the run.
    """

    __slots__ = ("_stream",)

    seekable = False

    def __init__(self, overlay: Overlay, stream: str, lower: LowerNode) -> None:
        super().__init__(overlay, lower)
        self._stream = stream

    def write_from(self, offset: int, source: memoryview) -> int:
        """Hand at most CHUNK bytes to the callback."""
        chunk = bytes(source[:CHUNK])
        self.overlay.on_output(self._stream, chunk)
        return len(chunk)


def make_device(overlay: Overlay, name: str, lower: LowerNode) -> Device:
    """Return the device of /dev called `name`, one of `layers.DEVICES`."""
    if name in ("stdout", "stderr"):
        return StandardOutput(overlay, name, lower)
    kinds: dict[str, type[Device]] = {
        "null": Device,
        "zero": ZeroDevice,
        "full": FullDevice,
        "tty": Terminal,
        "stdin": StandardInput,
    }
    device = kinds.get(name, RandomDevice)(overlay, lower)
    device.rdev = NUMBERS.get(name, 0)
    return device
