"""What one sandbox may keep on the host's side of the wall.

Guest files live in the host's memory, where the engine's memory limit doesn't reach, so every byte and every directory
entry a guest makes is charged here before it is made, and given back when the last use of it is gone.
"""

from __future__ import annotations

from cellblock_sandbox.abi.tables import EDQUOT, ENOSPC
from cellblock_sandbox.filesystem.errors import FileSystemError


class Quota:
    """Counters for bytes of content and for files (any kind of inode) that a sandbox has made or changed."""

    __slots__ = ("bytes_used", "files_used", "max_bytes", "max_files")

    def __init__(self, max_bytes: int = 256 * 1024 * 1024, max_files: int = 10_000) -> None:
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.bytes_used = 0
        self.files_used = 0

    def charge_bytes(self, count: int) -> None:
        """Account for `count` more bytes (fewer, if negative). ENOSPC when they don't fit; nothing is charged then."""
        used = self.bytes_used + count
        if count > 0 and used > self.max_bytes:
            raise FileSystemError(ENOSPC)
        self.bytes_used = used

    def charge_file(self) -> None:
        """Account for one more file. EDQUOT when there are too many; nothing is charged then."""
        if self.files_used >= self.max_files:
            raise FileSystemError(EDQUOT)
        self.files_used += 1

    def release_file(self) -> None:
        """Give one file back."""
        self.files_used -= 1
