"""Directories as one sandbox sees them: its own entries over those of the layers.

A directory makes the nodes of its children when they are first looked up, so a new sandbox starts with a root and
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from cellblock_sandbox.abi.tables import EISDIR, S_IFDIR
from cellblock_sandbox.filesystem.errors import FileSystemError
from cellblock_sandbox.filesystem.inodes import Inode, Overlay
from cellblock_sandbox.filesystem.lower import Folder, LowerDirectory, LowerNode


class Directory(Inode):
    """A directory: its own entries, then those of the layers that it doesn't hide.

    `_entries` holds the nodes made so far; None hides an entry of the layers that the guest has removed.
    """

    __slots__ = ("_entries", "_lower", "_wrap", "parent")

    fleeting: ClassVar[bool] = False
    """Whether its entries come and go without anyone saying so: what was found in here must not be remembered."""

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
        self.overlay.paths.clear()
        self.touch()

    def mount(self, folder: Folder, now_ns: int) -> None:
        """Lay an archive's folder under the sandbox's own entries and over those of the layers.

        Nodes of the layers that have been looked at but not changed give way to the archive's, and so does what hides
        a removed name: it hid another file. Directories get the time `now_ns`, since Python's import system keeps
        listings of directories until that changes.
        """
        before = {} if self._lower is None else self._lower.children
        self._lower = LowerDirectory(under=self._lower, mtime_ns=now_ns)
        self._lower.mount(folder)
        inner = folder.folders()
        for name in self._entries.keys() & {*folder.names(), *inner}:
            node = self._entries[name]
            if isinstance(node, Directory):
                if name in inner:
                    node.mount(inner[name][0], now_ns)
            elif node is None:
                del self._entries[name]
            elif node.untouched and name in before and before[name].ino == node.ino:
                del self._entries[name]
                node.unlinked()
        self.overlay.paths.clear()
        self.touch()

    def listing(self) -> list[tuple[bytes, int, int]]:
        """Return name, inode number and mode of every entry, `.` and `..` first."""
        rows = [(b".", self.ino, self.mode), (b"..", self.parent.ino, self.parent.mode)]
        rows += [(name, node.ino, node.mode) for name, node in self._entries.items() if node is not None]
        if self._lower is not None:
            entries = self._entries
            rows += [(name, node.ino, node.mode) for name, node in self._lower.children.items() if name not in entries]
        return rows

    def forget(self) -> list[Directory]:
        """Drop the nodes made so far; give the directories among them, which hold their own."""
        inner = [node for node in self._entries.values() if isinstance(node, Directory)]
        self._entries.clear()
        return inner

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
