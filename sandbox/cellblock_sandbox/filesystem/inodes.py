"""Files and links as one sandbox sees them: a copy-on-write overlay over the shared layers.

A node wraps a node of the layers until the guest changes it: a file's content is copied only when it is written to.
Everything the guest adds is charged to the sandbox's quota first. Directories are in directory.py.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import ClassVar, Final

from cellblock_sandbox.abi.tables import (
    EBADF,
    EINVAL,
    EIO,
    ENOSPC,
    ESPIPE,
    POLLIN,
    POLLOUT,
    S_IFLNK,
    S_IFREG,
)
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.locks import LockTable
from cellblock_sandbox.filesystem.lower import Content, LowerFile, LowerNode
from cellblock_sandbox.filesystem.quota import Quota

OnOutput = Callable[[str, bytes], None]

# Numbers of the layers' nodes start at 1; a sandbox's own start far above, so that they never meet.
FIRST_OWN_INO: Final = 1 << 32

SMALL: Final = 65536


class Overlay:
    """What the nodes of one sandbox share: its quota, clock, output, locks and inode numbers.

    `paths` is what walks have found, so that the next one needn't look (tree.py); to be cleared by whoever takes a name
    away or changes the permissions of a directory.
    """

    __slots__ = ("_next_ino", "locks", "now_ns", "on_output", "paths", "quota")

    def __init__(self, quota: Quota, on_output: OnOutput, now_ns: Callable[[], int]) -> None:
        self.quota = quota
        self.on_output = on_output
        self.now_ns = now_ns
        self.locks = LockTable()
        self.paths: dict[tuple[Inode, bytes, bool], Inode] = {}
        self._next_ino = FIRST_OWN_INO

    def new_ino(self, count: int = 1) -> int:
        """Return the first of `count` inode numbers not used before in this sandbox."""
        first = self._next_ino
        self._next_ino += count
        return first


class Inode:
    """A node of the tree. Attributes are those of stat(2); `own` tells that it counts against the quota of files.

    `packed` is for stat(2): the wire form of the attributes, None since one of them has changed. Whoever changes one
    calls changed() or touch(). Packing them takes 1.5 us, and importing a package asks thousands of times.
    """

    seekable: ClassVar[bool] = True
    """Whether descriptors of this node have a position."""

    __slots__ = (
        "atime_ns",
        "ctime_ns",
        "gid",
        "ino",
        "mode",
        "mtime_ns",
        "nlink",
        "opens",
        "overlay",
        "own",
        "packed",
        "rdev",
        "uid",
    )

    def __init__(self, overlay: Overlay, mode: int, lower: LowerNode | None = None) -> None:
        """Wrap `lower`, or make a new node. EDQUOT when the sandbox has too many files of its own."""
        self.overlay = overlay
        self.mode = mode
        self.uid = self.gid = self.rdev = 0
        self.packed: bytes | None = None
        self.nlink = 1
        self.opens = 0
        self.own = lower is None
        if lower is None:
            overlay.quota.charge_file()
            self.ino = overlay.new_ino()
            self.atime_ns = self.mtime_ns = self.ctime_ns = overlay.now_ns()
        else:
            self.ino = lower.ino
            self.atime_ns = self.mtime_ns = self.ctime_ns = lower.mtime_ns

    @property
    def untouched(self) -> bool:
        """Whether this is a node of the layers, with the content it has there."""
        return not self.own

    @property
    def size(self) -> int:
        """The size that stat reports."""
        return 0

    def touch(self) -> None:
        """Note that the content has changed now."""
        self.mtime_ns = self.ctime_ns = self.overlay.now_ns()
        self.packed = None

    def changed(self) -> None:
        """Note that an attribute has changed now."""
        self.ctime_ns = self.overlay.now_ns()
        self.packed = None

    def opened(self, flags: int) -> Inode:
        """Count one more open file description of this node, and return the node it is of: this one.

        Devices may refuse with any errno, and may give each description a node of its own.
        """
        self.opens += 1
        return self

    def closed(self, flags: int) -> None:
        """Count one open file description less, and free the node if that was its last use."""
        self.opens -= 1
        self._free_if_unused()

    def unlinked(self) -> None:
        """Count one name less, and free the node if that was its last use."""
        self.nlink = 0
        self.changed()
        self._free_if_unused()

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill `target` from `offset` on; return how many bytes there were."""
        raise FileSystemError(EBADF)

    def write_from(self, offset: int, source: memoryview) -> int:
        """Write `source` at `offset`; return how many bytes were taken."""
        raise FileSystemError(EBADF)

    def truncate(self, size: int) -> None:
        """Make the content `size` bytes long."""
        raise FileSystemError(EINVAL)

    def poll(self, flags: int) -> int:
        """Return the poll(2) events that hold now for a description opened with `flags`."""
        return POLLIN | POLLOUT

    def end(self) -> int:
        """Return the offset that SEEK_END counts from. ESPIPE for a node without positions."""
        if not self.seekable:
            raise FileSystemError(ESPIPE)
        return self.size

    def _free_if_unused(self) -> None:
        if self.nlink == 0 and self.opens == 0:
            self._free()

    def _free(self) -> None:
        if self.own:
            self.overlay.quota.release_file()


class RegularFile(Inode):
    """A file. Its content belongs to the layers (and is only loaded while open) until something is written."""

    __slots__ = ("_data", "_lower")

    def __init__(self, overlay: Overlay, mode: int, lower: LowerFile | None = None) -> None:
        super().__init__(overlay, S_IFREG | mode & 0o7777, lower)
        self._lower = lower
        self._data: Content | bytearray | None = bytearray() if lower is None else None

    @property
    def size(self) -> int:
        """The length of the content, known without loading it."""
        data = self._data
        if data is None:
            assert self._lower is not None
            return self._lower.size
        return len(data)

    @property
    def untouched(self) -> bool:
        """Whether this is a file of the layers, with the content it has there."""
        return self._lower is not None

    def closed(self, flags: int) -> None:
        """Let go of content that is still the layers' own: their shared cache decides how long to keep it."""
        super().closed(flags)
        if self.opens == 0 and self._lower is not None:
            self._data = None

    def read_into(self, offset: int, target: memoryview) -> int:
        """Copy what there is from `offset` on, nothing beyond the end. EIO if an archive's member is damaged."""
        content, wanted = self._data or self._content(), len(target)
        # A slice of bytes is a copy: for a few of them that is quicker than making a view first.
        chunk = (content if wanted <= SMALL else memoryview(content))[offset : offset + wanted]
        count = len(chunk)
        target[:count] = chunk
        return count

    def write_from(self, offset: int, source: memoryview) -> int:
        """Write, filling a gap before `offset` with zeros. ENOSPC when the quota doesn't allow it."""
        data = self._writable()
        end = offset + len(source)
        grown = end - len(data)
        if grown > 0 and len(source):
            self.overlay.quota.charge_bytes(grown)
            if offset > len(data):
                data.extend(bytes(offset - len(data)))
        if len(source):
            data[offset:end] = source
            self.touch()
        return len(source)

    def truncate(self, size: int) -> None:
        """Cut or extend with zeros. EINVAL for a negative size, ENOSPC when the quota doesn't allow it."""
        if size < 0:
            raise FileSystemError(EINVAL)
        data = self._writable(size)
        grown = size - len(data)
        self.overlay.quota.charge_bytes(grown)
        if grown > 0:
            data.extend(bytes(grown))
        else:
            del data[size:]
        self.touch()

    def _content(self) -> Content | bytearray:
        if self._data is None:
            assert self._lower is not None
            try:
                self._data = self._lower.load()
            except zipfile.BadZipFile as error:
                raise FileSystemError(EIO) from error
        return self._data

    def _writable(self, keep: int | None = None) -> bytearray:
        """Return the sandbox's own copy of the content, made now if there is none, of `keep` bytes at most."""
        if self._lower is None:
            assert isinstance(self._data, bytearray)
            return self._data
        size = self._lower.size if keep is None else min(keep, self._lower.size)
        self.overlay.quota.charge_bytes(size)
        self._data = bytearray(self._content()[:size] if size else b"")
        self._lower = None
        return self._data

    def _free(self) -> None:
        if self._lower is None and self._data is not None:
            self.overlay.quota.charge_bytes(-len(self._data))
        super()._free()


class Symlink(Inode):
    """A symbolic link. The target is charged as content."""

    __slots__ = ("target",)

    def __init__(self, overlay: Overlay, target: bytes, lower: LowerNode | None = None) -> None:
        """EDQUOT or ENOSPC when the quota doesn't allow it."""
        super().__init__(overlay, S_IFLNK | 0o777, lower)
        self.target = target
        if self.own:
            try:
                overlay.quota.charge_bytes(len(target))
            except FileSystemError:
                overlay.quota.release_file()
                raise FileSystemError(ENOSPC) from None

    @property
    def size(self) -> int:
        """The length of the target."""
        return len(self.target)

    def _free(self) -> None:
        if self.own:
            self.overlay.quota.charge_bytes(-len(self.target))
        super()._free()
