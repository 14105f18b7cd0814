"""The kinds of nodes that the shared, read-only tree is made of. What they hold never changes once guests see them."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Protocol

from cellblock_sandbox.abi.tables import S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG

Content = bytes | memoryview

# Files of an image carry one fixed time, the earliest that zip archives can hold (1980-01-01 UTC): the same image has
# the same bytes wherever and whenever it is built.
IMAGE_TIME_NS: Final = 315_532_800 * 1_000_000_000


class LowerNode:
    """A file, directory, link or device of the read-only tree."""

    __slots__ = ("ino", "mode", "mtime_ns")

    def __init__(self, mode: int, mtime_ns: int = IMAGE_TIME_NS) -> None:
        self.mode = mode
        self.mtime_ns = mtime_ns
        self.ino = 0  # given by the stack that adopts the node


class LowerFile(LowerNode):
    """A read-only file whose content is already at hand."""

    __slots__ = ("_content", "size")

    def __init__(self, content: Content, mode: int = 0o644, mtime_ns: int = IMAGE_TIME_NS) -> None:
        super().__init__(S_IFREG | mode, mtime_ns)
        self._content = content
        self.size = len(content)

    def load(self) -> Content:
        """Return the whole content. Subclasses may fetch it only now; zipfile.BadZipFile if it is damaged."""
        return self._content


class Folder(Protocol):
    """One directory of an archive, whose nodes are made when someone looks."""

    def names(self) -> Iterable[bytes]:
        """Return the names of its files."""
        ...

    def files(self) -> dict[bytes, LowerNode]:
        """Make the nodes of its files."""
        ...

    def folders(self) -> Mapping[bytes, tuple[Folder, int]]:
        """Return its directories, each with an inode number for the node made of it."""
        ...


class LowerDirectory(LowerNode):
    """A read-only directory: what was put in it, and the archives' folders that are mounted on it.

    The nodes of a folder are made when `children` is first asked for: a stack of many thousand files is built in
    milliseconds, and most of it is never looked at. The same name twice: the later mount wins, but directories merge,
    and a directory wins over a file.
    """

    __slots__ = ("_children", "_folders", "_under")

    def __init__(
        self, mode: int = 0o755, under: LowerDirectory | None = None, mtime_ns: int = IMAGE_TIME_NS, ino: int = 0
    ) -> None:
        """Make a directory, empty or with what `under` has; `under` itself stays as it is."""
        super().__init__(S_IFDIR | mode if under is None else under.mode, mtime_ns)
        self.ino = under.ino if under is not None else ino
        self._under = under
        self._children: dict[bytes, LowerNode] = {}
        self._folders: list[Folder] = []

    @property
    def children(self) -> dict[bytes, LowerNode]:
        """The nodes in here, by name."""
        if self._under is not None:
            self._children = dict(self._under.children)
            self._under = None
        while self._folders:
            self._merge(self._folders.pop(0))
        return self._children

    def mount(self, folder: Folder) -> None:
        """Lay an archive's folder over what is here."""
        self._folders.append(folder)

    def _merge(self, folder: Folder) -> None:
        children = self._children
        for name, node in folder.files().items():
            if not isinstance(children.get(name), LowerDirectory):
                children[name] = node
        for name, (inner, ino) in folder.folders().items():
            before = children.get(name)
            under = before if isinstance(before, LowerDirectory) else None
            # Made anew, never changed in place: the one before may belong to another stack as well.
            directory = children[name] = LowerDirectory(under=under, mtime_ns=self.mtime_ns, ino=ino)
            directory.mount(inner)


class LowerDescriptors(LowerDirectory):
    """/dev/fd: what is in it, each sandbox's open descriptors say (descriptors.py)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(0o555)


class LowerLink(LowerNode):
    """A symbolic link."""

    __slots__ = ("target",)

    def __init__(self, target: bytes) -> None:
        super().__init__(S_IFLNK | 0o777)
        self.target = target


class LowerDevice(LowerNode):
    """A character device of /dev, by its name there. What it does is made per sandbox (devices.py)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(S_IFCHR | 0o666)
        self.name = name


def map_file(path: Path) -> Content:
    """Return the content of a host file as a read-only view of its mapping."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
