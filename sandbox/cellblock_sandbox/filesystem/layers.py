"""The read-only tree under every sandbox: built once per image and process, then shared and never changed.

An image mounts its standard library, its wheels and its own small files here by path. Sandboxes see this tree through
the overlay of `inodes`, which makes per-sandbox nodes only for the paths a guest really looks at; so a LayerStack may
hold many thousands of files and a new sandbox still costs nothing.

Mistakes in here are ours, not a guest's: they raise ValueError or OSError, never FileSystemError.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Final, TypeVar

from cellblock_sandbox.abi.tables import S_IFDIR
from cellblock_sandbox.filesystem.archives import Archive
from cellblock_sandbox.filesystem.lower import (
    DEVICES,
    LowerDevice,
    LowerDirectory,
    LowerFile,
    LowerLink,
    LowerNode,
    map_file,
)

Node = TypeVar("Node", bound=LowerNode)

# The smallest WebAssembly module, the content of libraries that are linked already.
EMPTY_MODULE: Final = b"\0asm\1\0\0\0"


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
        stack.mkdir("/tmp", 0o1777)  # noqa: S108
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

    def mount_archive(self, path: Path, at: str, *, libraries_linked: bool = False) -> None:
        """Add the members of a zip archive (a wheel, say) under the directory `at`.

        Contents are inflated when a file is opened. With `libraries_linked`, `.so` members are there by name only:
        libc's dlopen reads a library whole before it asks the host for it, megabytes for nothing. OSError or
        zipfile.BadZipFile if the archive can't be read, ValueError if a member's name leaves `at`.
        """
        self.mkdir(at)
        for name, member in Archive(path).members():
            linked = libraries_linked and name.endswith(".so")
            self.attach(LowerFile(EMPTY_MODULE) if linked else member, f"{at}/{name}")

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


def _parts(at: str) -> list[bytes]:
    return [_name(part, at) for part in at.split("/") if part]


def _name(part: str, at: str) -> bytes:
    if part in ("", ".", "..") or "\0" in part:
        raise ValueError(f"{at!r} is not a plain path")
    return part.encode()
