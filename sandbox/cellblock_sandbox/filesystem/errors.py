"""The one exception of this room. It carries a guest errno; whoever hosts the guest turns it into the wire number."""

from __future__ import annotations

from cellblock_sandbox.abi.tables import ERRNO_NAMES


class FileSystemError(Exception):
    """An operation the filesystem refused, for the reason `errno` (a number of `abi.tables`, which are WASI's)."""

    def __init__(self, errno: int) -> None:
        super().__init__(ERRNO_NAMES[errno])
        self.errno = errno
