"""The read-only tree under every sandbox: built once per image and process, then shared and never changed.

An image mounts its standard library, its wheels and its own small files here by path. Sandboxes see this tree through
the overlay of `inodes`, which makes per-sandbox nodes only for the paths a guest really looks at; so a LayerStack may
hold many thousands of files and a new sandbox still costs nothing.

Mistakes in here are ours, not a guest's: they raise ValueError or OSError, never FileSystemError.
"""

from __future__ import annotations

import mmap
from itertools import count
from pathlib import Path
from typing import Final, TypeVar

from cellblock_sandbox.abi.tables import S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG

Content = bytes | memoryview

# Files of an image carry one fixed time, the earliest that zip archives can hold (1980-01-01 UTC): the same image has
# the same bytes wherever and whenever it is built.
IMAGE_TIME_NS: Final = 315_532_800 * 1_000_000_000

DEVICES: Final = ("null", "zero", "random", "urandom", "tty", "stdin", "stdout", "stderr")


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
        """Return the whole content. Subclasses may fetch it only now."""
        return self._content


class LowerDirectory(LowerNode):
    """A read-only directory; `children` is filled while the stack is built."""

    __slots__ = ("children",)

    def __init__(self, mode: int = 0o755) -> None:
        super().__init__(S_IFDIR | mode)
        self.children: dict[bytes, LowerNode] = {}


class LowerLink(LowerNode):
    """A symbolic link."""

    __slots__ = ("target",)

    def __init__(self, target: bytes) -> None:
        super().__init__(S_IFLNK | 0o777)
        self.target = target


class LowerDevice(LowerNode):
    """A character device, one of DEVICES. What it does is made per sandbox."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(S_IFCHR | 0o666)
        self.name = name


Node = TypeVar("Node", bound=LowerNode)


class LayerStack:
    """Builds the shared tree. /dev is always there; everything else is added by path.

    Directories on the way to an added path are made as needed; archives mounted over one another merge, the later one
    winning file by file, as wheels do when they are installed. Finish building before the first FileSystem is made.
    """

    def __init__(self) -> None:
        self._inos = count(1)
        self.root = LowerDirectory()
        self.root.ino = next(self._inos)
        for name in DEVICES:
            self.attach(LowerDevice(name), f"/dev/{name}")

    @classmethod
    def standard(cls) -> LayerStack:
        """Return a stack with the directories that the guest's Python expects: /tmp, /home/pyodide, /lib."""
        stack = cls()
        stack.mkdir("/tmp", 0o1777)
        stack.mkdir("/home/pyodide")
        stack.mkdir("/lib/python3.14/site-packages")
        return stack

    def mkdir(self, at: str, mode: int = 0o755) -> LowerDirectory:
        """Make the directory `at` and those above it, or return the one that is there. ValueError if a file is."""
        directory = self.root
        for name in _parts(at):
            child = directory.children.get(name)
            if child is None:
                child = directory.children[name] = self._adopt(LowerDirectory())
            if not isinstance(child, LowerDirectory):
                raise ValueError(f"{at}: {name.decode()} is a file already")
            directory = child
        directory.mode = S_IFDIR | mode
        return directory

    def attach(self, node: LowerNode, at: str) -> None:
        """Put `node` at the path `at`, replacing a file of that name. ValueError if a directory is there."""
        head, _, name = at.rpartition("/")
        directory = self._directory(head)
        key = _name(name, at)
        if isinstance(directory.children.get(key), LowerDirectory):
            raise ValueError(f"{at} is a directory already")
        directory.children[key] = self._adopt(node)

    def add_file(self, data: bytes, at: str, mode: int = 0o644) -> None:
        """Add a file with this content."""
        self.attach(LowerFile(bytes(data), mode), at)

    def symlink(self, target: str, at: str) -> None:
        """Add a symbolic link."""
        self.attach(LowerLink(target.encode()), at)

    def mount_file(self, path: Path, at: str) -> None:
        """Add one host file, mapped into memory rather than read. The host file must not change afterwards."""
        self.attach(LowerFile(map_file(path)), at)

    def mount_archive(self, path: Path, at: str) -> None:
        """Add the members of a zip archive (a wheel, say) under the directory `at`.

        Contents are inflated when a file is opened. OSError or zipfile.BadZipFile if the archive can't be read,
        ValueError if a member's name leaves `at`.
        """
        from cellblock_sandbox.filesystem.archives import Archive

        self.mkdir(at)
        for name, member in Archive(path).members():
            self.attach(member, f"{at}/{name}")

    def mount_directory(self, path: Path, at: str) -> None:
        """Add a host directory of small files, read now. Symbolic links and special files are refused: ValueError."""
        self.mkdir(at)
        for entry in sorted(path.iterdir()):
            target = f"{at}/{entry.name}"
            if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
                raise ValueError(f"{entry} is neither a plain file nor a directory")
            if entry.is_dir():
                self.mount_directory(entry, target)
            else:
                self.add_file(entry.read_bytes(), target)

    def _directory(self, at: str) -> LowerDirectory:
        """Return the directory `at`, made if it isn't there, leaving the mode of one that is."""
        directory = self.root
        for name in _parts(at):
            child = directory.children.get(name)
            if not isinstance(child, LowerDirectory):
                return self.mkdir(at)
            directory = child
        return directory

    def _adopt(self, node: Node) -> Node:
        node.ino = next(self._inos)
        return node


def map_file(path: Path) -> Content:
    """Return the content of a host file as a read-only view of its mapping."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _parts(at: str) -> list[bytes]:
    return [_name(part, at) for part in at.split("/") if part]


def _name(part: str, at: str) -> bytes:
    if part in ("", ".", "..") or "\0" in part:
        raise ValueError(f"{at!r} is not a plain path")
    return part.encode()
