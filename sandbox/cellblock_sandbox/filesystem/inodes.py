"""Files, directories and links as one sandbox sees them: a copy-on-write overlay over the shared layers.

A node wraps a node of the layers until the guest changes it. Directories make the wrappers of their children when
they are first looked up, so a new sandbox starts with a root and nothing else, and a file's content is copied only
when it is written to. Everything the guest adds is charged to the sandbox's quota first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cellblock_sandbox.abi.tables import (
    EBADF,
    EINVAL,
    EISDIR,
    ENOSPC,
    ESPIPE,
    POLLIN,
    POLLOUT,
    S_IFDIR,
    S_IFLNK,
    S_IFREG,
)
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.lower import Content, LowerDirectory, LowerFile, LowerNode
from cellblock_sandbox.filesystem.quota import Quota

OnOutput = Callable[[str, bytes], None]

# Numbers of the layers' nodes start at 1; a sandbox's own start far above, so that they never meet.
FIRST_OWN_INO: Final = 1 << 32


class Overlay:
    """What the nodes of one sandbox share: its quota, clock, output and inode numbers."""

    __slots__ = ("_next_ino", "now_ns", "on_output", "quota")

    def __init__(self, quota: Quota, on_output: OnOutput, now_ns: Callable[[], int]) -> None:
        self.quota = quota
        self.on_output = on_output
        self.now_ns = now_ns
        self._next_ino = FIRST_OWN_INO

    def new_ino(self) -> int:
        """Return an inode number not used before in this sandbox."""
        self._next_ino += 1
        return self._next_ino


class Inode:
    """A node of the tree. Attributes are those of stat(2); `own` tells that it counts against the quota of files."""

    __slots__ = ("atime_ns", "ctime_ns", "gid", "ino", "mode", "mtime_ns", "nlink", "opens", "overlay", "own", "uid")

    def __init__(self, overlay: Overlay, mode: int, lower: LowerNode | None = None) -> None:
        """Wrap `lower`, or make a new node. EDQUOT when the sandbox has too many files of its own."""
        self.overlay = overlay
        self.mode = mode
        self.uid = self.gid = 0
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
    def size(self) -> int:
        """The size that stat reports."""
        return 0

    @property
    def seekable(self) -> bool:
        """Whether descriptors of this node have a position."""
        return True

    def touch(self) -> None:
        """Note that the content has changed now."""
        self.mtime_ns = self.ctime_ns = self.overlay.now_ns()

    def opened(self, flags: int) -> None:
        """Count one more open file description of this node. Devices may refuse with any errno."""
        self.opens += 1

    def closed(self, flags: int) -> None:
        """Count one open file description less, and free the node if that was its last use."""
        self.opens -= 1
        self._free_if_unused()

    def unlinked(self) -> None:
        """Count one name less, and free the node if that was its last use."""
        self.nlink = 0
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
        if self._data is None and self._lower is not None:
            return self._lower.size
        return len(self._content())

    def closed(self, flags: int) -> None:
        """Let go of content that is still the layers' own: their shared cache decides how long to keep it."""
        super().closed(flags)
        if self.opens == 0 and self._lower is not None:
            self._data = None

    def read_into(self, offset: int, target: memoryview) -> int:
        """Copy what there is from `offset` on, nothing beyond the end."""
        content = self._content()
        chunk = memoryview(content)[offset : offset + len(target)]
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
            self._data = self._lower.load()
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


class Directory(Inode):
    """A directory: its own entries, then those of the layers that it doesn't hide.

    `_entries` holds the nodes made so far; None hides an entry of the layers that the guest has removed.
    """

    __slots__ = ("_entries", "_lower", "_wrap", "parent")

    def __init__(
        self,
        overlay: Overlay,
        mode: int,
        parent: Directory | None,
        wrap: Callable[[LowerNode, Directory], Inode],
        lower: LowerDirectory | None = None,
    ) -> None:
        """Make a directory under `parent` (None: the root, its own parent). `wrap` makes nodes of the layers'."""
        super().__init__(overlay, S_IFDIR | mode & 0o7777, lower)
        self.parent = self if parent is None else parent
        self.nlink = 2
        self._wrap = wrap
        self._lower = lower
        self._entries: dict[bytes, Inode | None] = {}

    @property
    def size(self) -> int:
        """One block, whatever is in it."""
        return 4096

    def read_into(self, offset: int, target: memoryview) -> int:
        """Refuse: EISDIR."""
        raise FileSystemError(EISDIR)

    def lookup(self, name: bytes) -> Inode | None:
        """Return the node called `name`, or None."""
        try:
            return self._entries[name]
        except KeyError:
            lower = None if self._lower is None else self._lower.children.get(name)
            if lower is None:
                return None
            node = self._entries[name] = self._wrap(lower, self)
            return node

    def add(self, name: bytes, node: Inode) -> None:
        """Enter `node` under a name that is free."""
        self._entries[name] = node
        if isinstance(node, Directory):
            node.parent = self
        self.touch()

    def remove(self, name: bytes) -> None:
        """Take away the entry `name`, which is there."""
        if self._lower is not None and name in self._lower.children:
            self._entries[name] = None
        else:
            del self._entries[name]
        self.touch()

    def listing(self) -> list[tuple[bytes, int, int]]:
        """Return name, inode number and mode of every entry, `.` and `..` first."""
        rows = [(b".", self.ino, self.mode), (b"..", self.parent.ino, self.parent.mode)]
        rows += [(name, node.ino, node.mode) for name, node in self._entries.items() if node is not None]
        if self._lower is not None:
            entries = self._entries
            rows += [(name, node.ino, node.mode) for name, node in self._lower.children.items() if name not in entries]
        return rows

    def is_empty(self) -> bool:
        """Tell whether there is nothing but `.` and `..`."""
        return len(self.listing()) == 2

    def name_of(self, child: Directory) -> bytes | None:
        """Return the name of a directory in here, or None if it is gone."""
        return next((name for name, node in self._entries.items() if node is child), None)

    def unlinked(self) -> None:
        """Cut the way up: a removed directory that is still open must not keep its removed parents alive as well."""
        self.parent = self
        super().unlinked()
