"""Open file descriptions and the table of descriptors that refer to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cellblock_sandbox.abi.tables import (
    EAGAIN,
    EBADF,
    EINVAL,
    EMFILE,
    ENOTDIR,
    EOVERFLOW,
    ESPIPE,
    O_APPEND,
    O_NONBLOCK,
    O_PATH,
    O_RDONLY,
    O_WRONLY,
    SEEK_CUR,
    SEEK_END,
    SEEK_SET,
)
from cellblock_sandbox.filesystem.directory import Directory
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, Overlay
from cellblock_sandbox.filesystem.locks import Lock
from cellblock_sandbox.filesystem.lower import LowerDirectory, LowerNode

MAX_DESCRIPTORS: Final = 1024
MAX_OFFSET: Final = (1 << 53) - 1
UNREADABLE: Final = O_WRONLY | O_PATH
SETTABLE: Final = O_APPEND | O_NONBLOCK
# What an entry of a listing takes of the host's memory: a row of three, and its place.
LISTED_BYTES: Final = 72


class OpenFile:
    """What open(2) makes and dup(2) shares: a node, the flags it was opened with, a position.

    For a directory the position is an index into the listing taken when reading began.
    """

    __slots__ = ("_listing", "_references", "flags", "inode", "position")

    def __init__(self, inode: Inode, flags: int) -> None:
        """Open the node; a device may refuse with its errno."""
        self.inode = inode.opened(flags)
        self.flags = flags
        self.position = 0
        self._references = 1
        self._listing: list[tuple[bytes, int, int]] | None = None

    def retain(self) -> OpenFile:
        """Count one more user, to be undone by release()."""
        self._references += 1
        return self

    def release(self) -> None:
        """Count one user less; the last one closes the node."""
        self._references -= 1
        if self._references == 0:
            if self._listing is not None:
                self._keep_listing(None)
            self.inode.overlay.locks.release(self)
            self.inode.closed(self.flags)

    def read_into(self, target: memoryview) -> int:
        """Fill `target` from the position on, and advance. EBADF if not open for reading; the node's errnos."""
        if self.flags & UNREADABLE:
            raise FileSystemError(EBADF)
        count = self.inode.read_into(self.position, target)
        self.position += count
        return count

    def write_from(self, source: memoryview) -> int:
        """Write at the position (at the end with O_APPEND), and advance. EBADF; the node's errnos."""
        self.require_writable()
        if self.flags & O_APPEND:
            self.position = self.inode.size
        count = self.inode.write_from(self.position, source)
        self.position += count
        return count

    def pread_into(self, offset: int, target: memoryview) -> int:
        """Fill `target` from `offset` on. EBADF, EINVAL (negative), ESPIPE."""
        self.require_readable()
        self._require_offset(offset)
        return self.inode.read_into(offset, target)

    def pwrite_from(self, offset: int, source: memoryview) -> int:
        """Write at `offset`. EBADF, EINVAL (negative), ESPIPE; the node's errnos."""
        self.require_writable()
        self._require_offset(offset)
        return self.inode.write_from(offset, source)

    def seek(self, offset: int, whence: int) -> int:
        """Move the position and return it. EINVAL, EOVERFLOW, ESPIPE."""
        if not self.inode.seekable:
            raise FileSystemError(ESPIPE)
        if whence == SEEK_CUR:
            offset += self.position
        elif whence == SEEK_END:
            offset += self.inode.end()
        elif whence != SEEK_SET:
            raise FileSystemError(EINVAL)
        if offset < 0:
            raise FileSystemError(EINVAL)
        if offset > MAX_OFFSET:
            raise FileSystemError(EOVERFLOW)
        self.position = offset
        return offset

    def listing(self) -> list[tuple[bytes, int, int]]:
        """Return (name, inode number, mode) of each entry, taken anew when the position is 0. ENOTDIR, ENOSPC."""
        if not isinstance(self.inode, Directory):
            raise FileSystemError(ENOTDIR)
        if self._listing is None or self.position == 0:
            return self._keep_listing(self.inode.listing())
        return self._listing

    def _keep_listing(self, listing: list[tuple[bytes, int, int]] | None) -> list[tuple[bytes, int, int]]:
        """Keep a listing, charged to the quota, in place of the one before. ENOSPC; then there is none."""
        quota = self.inode.overlay.quota
        quota.charge_bytes(-LISTED_BYTES * len(self._listing or ()))
        self._listing = None
        quota.charge_bytes(LISTED_BYTES * len(listing or ()))
        self._listing = listing
        return listing or []

    def lock(self, start: int, end: int, exclusive: bool) -> None:
        """Lock a range of bytes for this description. EBADF, EAGAIN if another one's lock is in the way, ENOLCK."""
        if exclusive:
            self.require_writable()
        else:
            self.require_readable()
        wanted = Lock(self, exclusive, start, end)
        if self.inode.overlay.locks.conflict(wanted):
            raise FileSystemError(EAGAIN)
        self.inode.overlay.locks.acquire(wanted)

    def unlock(self, start: int, end: int) -> None:
        """Give a range of bytes back, locked or not. ENOLCK."""
        self.inode.overlay.locks.release(self, start, end)

    def set_status_flags(self, flags: int) -> None:
        """Change O_APPEND and O_NONBLOCK, as fcntl's F_SETFL does; other bits are ignored."""
        self.flags = self.flags & ~SETTABLE | flags & SETTABLE

    def require_readable(self) -> None:
        """EBADF unless open for reading."""
        if self.flags & UNREADABLE:
            raise FileSystemError(EBADF)

    def require_writable(self) -> None:
        """EBADF unless open for writing."""
        if self.flags & O_PATH or self.flags & 3 == O_RDONLY:
            raise FileSystemError(EBADF)

    def _require_offset(self, offset: int) -> None:
        if not self.inode.seekable:
            raise FileSystemError(ESPIPE)
        if offset < 0 or offset > MAX_OFFSET:
            raise FileSystemError(EINVAL)


class DescriptorTable:
    """Descriptors 0 to MAX_DESCRIPTORS - 1; a new one takes the lowest free number."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: list[OpenFile | None] = []

    def get(self, fd: int) -> OpenFile:
        """Return what a descriptor refers to. EBADF."""
        try:
            file = self._files[fd]
        except IndexError:
            file = None
        # A negative number counts from the end of the list.
        if file is None or fd < 0:
            raise FileSystemError(EBADF)
        return file

    def open_count(self) -> int:
        """Return how many descriptors are open."""
        return sum(file is not None for file in self._files)

    def items(self) -> Iterator[tuple[int, OpenFile]]:
        """Yield every open descriptor with what it refers to."""
        return ((fd, file) for fd, file in enumerate(self._files) if file is not None)

    def room(self) -> None:
        """Check that a descriptor is free, before anything is opened for it. EMFILE."""
        self._lowest(0)

    def add(self, file: OpenFile, lowest: int = 0) -> int:
        """Give `file` the lowest free descriptor that is at least `lowest`. EMFILE; EINVAL for a `lowest` out of range.

        The table takes over the caller's reference.
        """
        if not 0 <= lowest < MAX_DESCRIPTORS:
            raise FileSystemError(EINVAL)
        fd = self._lowest(lowest)
        self._set(fd, file)
        return fd

    def close(self, fd: int) -> None:
        """Free a descriptor. EBADF."""
        file = self.get(fd)
        self._files[fd] = None
        file.release()

    def forget(self) -> None:
        """Drop all descriptors, and tell nobody: the sandbox is at its end."""
        self._files.clear()

    def replace(self, fd: int, file: OpenFile) -> None:
        """Make `fd` refer to `file`, closing what it was. EBADF if out of range."""
        if not 0 <= fd < MAX_DESCRIPTORS:
            raise FileSystemError(EBADF)
        if fd < len(self._files) and self._files[fd] is not None:
            self.close(fd)
        self._set(fd, file)

    def _lowest(self, lowest: int) -> int:
        try:
            return self._files.index(None, lowest)
        except ValueError:
            fd = max(len(self._files), lowest)
        if fd >= MAX_DESCRIPTORS:
            raise FileSystemError(EMFILE)
        return fd

    def _set(self, fd: int, file: OpenFile) -> None:
        missing = fd + 1 - len(self._files)
        if missing > 0:
            self._files.extend([None] * missing)
        self._files[fd] = file


class DescriptorFolder(Directory):
    """/dev/fd: the nodes behind the open descriptors, by number. Opening one opens its node anew, as in Linux."""

    __slots__ = ("_table",)

    fleeting = True

    def __init__(
        self,
        overlay: Overlay,
        parent: Directory,
        wrap: Callable[[LowerNode, Directory], Inode],
        lower: LowerDirectory,
        table: DescriptorTable,
    ) -> None:
        super().__init__(overlay, lower.mode, parent, wrap, lower)
        self._table = table

    def lookup(self, name: bytes) -> Inode | None:
        """Return the node behind the descriptor whose number `name` is."""
        return next((file.inode for fd, file in self._table.items() if name == b"%d" % fd), None)

    def listing(self) -> list[tuple[bytes, int, int]]:
        """Return number, inode number and mode of every open descriptor, `.` and `..` first."""
        rows = [(b"%d" % fd, file.inode.ino, file.inode.mode) for fd, file in self._table.items()]
        return super().listing() + rows
