"""Locks of open file descriptions (fcntl's F_OFD_*), on ranges of a file's bytes.

Those are the only ones that can be in anyone's way here: fcntl's older kind belongs to the process, and there is one.
See fcntl_locking(2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from cellblock_sandbox.abi.tables import ENOLCK
from cellblock_sandbox.filesystem.errors import FileSystemError

if TYPE_CHECKING:
    from cellblock_sandbox.filesystem.descriptors import OpenFile

MAX_LOCKS: Final = 1024


class Lock(NamedTuple):
    """A lock on the bytes from `start` to before `end`."""

    owner: OpenFile
    exclusive: bool
    start: int
    end: int


class LockTable:
    """All locks of a sandbox."""

    __slots__ = ("_locks",)

    def __init__(self) -> None:
        self._locks: list[Lock] = []

    def forget(self) -> None:
        """Drop all locks, and with them the files that they are on."""
        self._locks.clear()

    def conflict(self, wanted: Lock) -> Lock | None:
        """Return a lock of another description of the same file that doesn't allow `wanted`."""
        for lock in self._locks:
            same = lock.owner is not wanted.owner and lock.owner.inode is wanted.owner.inode
            if same and _overlap(lock, wanted) and (lock.exclusive or wanted.exclusive):
                return lock
        return None

    def release(self, owner: OpenFile, start: int = 0, end: int | None = None) -> None:
        """Take what `owner` has locked from `start` on, all or to before `end`. ENOLCK if too many parts stay."""
        if not self._locks:
            return
        kept: list[Lock] = []
        for lock in self._locks:
            last = lock.end if end is None else end
            if lock.owner is not owner or not _overlap(lock, Lock(owner, True, start, last)):
                kept.append(lock)
                continue
            if lock.start < start:
                kept.append(lock._replace(end=start))
            if last < lock.end:
                kept.append(lock._replace(start=last))
        if len(kept) > max(MAX_LOCKS, len(self._locks)):
            raise FileSystemError(ENOLCK)
        self._locks = kept

    def acquire(self, wanted: Lock) -> None:
        """Lock a range nobody else holds (conflict), in place of what the owner has of it. ENOLCK when too many."""
        self.release(wanted.owner, wanted.start, wanted.end)
        if len(self._locks) >= MAX_LOCKS:
            raise FileSystemError(ENOLCK)
        self._locks.append(wanted)


def _overlap(one: Lock, other: Lock) -> bool:
    return one.start < other.end and other.start < one.end
