"""The read-only tree under every sandbox: built once per image and process, then shared and never changed.

An image mounts its standard library, its wheels and its own small files here by path. Sandboxes see this tree through
the overlay of `inodes`, which makes per-sandbox nodes only for the paths a guest really looks at; so a LayerStack may
hold many thousands of files and a new sandbox still costs nothing. Building one reads the indexes of its archives and
makes no nodes: 20 ms for 41 wheels with 6,741 files (85 ms when it made a node for each), and 0.3 ms on top of another.

Mistakes in here are ours, not a guest's: they raise ValueError or OSError, never FileSystemError.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeVar

from cellblock_sandbox.abi.tables import S_IFDIR
from cellblock_sandbox.filesystem.archives import Archive
from cellblock_sandbox.filesystem.lower import (
    LowerDescriptors,
    LowerDevice,
    LowerDirectory,
    LowerFile,
    LowerLink,
    LowerNode,
    map_file,
)

Node = TypeVar("Node", bound=LowerNode)

DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr")


class LayerStack:
    """Builds the shared tree. /dev is always there; everything else is added by path.

    Directories on the way to an added path are made as needed; archives mounted over one another merge, the later one
    winning file by file, as wheels do when they are installed. Finish building before the first FileSystem is made.
    """

    def __init__(self) -> None:
        self._next_ino = 1
        self._steps: list[tuple[str, Callable[[LayerStack], object]]] = []
        self.root = self._adopt(LowerDirectory())
        for name in DEVICES:
            self._attach(LowerDevice(name), f"/dev/{name}")
        self._directory("/dev").children[b"fd"] = self._adopt(LowerDescriptors())

    @classmethod
    def standard(cls) -> LayerStack:
        """Return a stack with the directories that the guest's Python expects: /tmp, /home/pyodide, /lib."""
        stack = cls()
        stack.mkdir("/tmp", 0o1777)  # noqa: S108
        stack.mkdir("/dev/shm", 0o1777)  # noqa: S108
        stack.symlink("/dev/fd", "/proc/self/fd")
        stack.mkdir("/home/pyodide")
        stack.mkdir("/lib/python3.14/site-packages")
        return stack

    @classmethod
    def over(cls, base: LayerStack, without: Collection[str] = ()) -> LayerStack:
        """Return a stack that begins with all that `base` has, and may go on.

        Archives of the names in `without` (as "numpy-2.4.3-cp314-none-any.whl") are left out; what else there is, is
        shared rather than read again. `base` doesn't change. ValueError for a name that isn't mounted in it.
        """
        missing = set(without) - {name for name, _ in base._steps}
        if missing:
            raise ValueError(f"not mounted: {', '.join(sorted(missing))}")
        stack = cls()
        for name, step in base._steps:
            if name not in without:
                step(stack)
                stack._steps.append((name, step))
        return stack

    def mkdir(self, at: str, mode: int = 0o755) -> None:
        """Make the directory `at` and those above it, or set the mode of one that is there. ValueError if a file is."""
        self._do("", lambda stack: setattr(stack._directory(at), "mode", S_IFDIR | mode))

    def attach(self, node: LowerNode, at: str) -> None:
        """Put `node` at the path `at`, replacing a file of that name. ValueError if a directory is there."""
        self._do("", lambda stack: stack._attach(copy.copy(node), at))

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
        """Lay the members of a zip archive (a wheel, say) over the directory `at`.

        Contents are inflated when a file is opened. With `libraries_linked`, `.so` members are there by name only:
        libc's dlopen reads a library whole before it asks the host for it, megabytes for nothing. A file never takes a
        directory's place, nor the place of what `attach` puts there afterwards. OSError or zipfile.BadZipFile if the
        archive can't be read, ValueError if a member's name leaves `at`.
        """
        archive = Archive(path)
        self._do(path.name, lambda stack: stack._mount(archive, at, libraries_linked))

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

    def _do(self, name: str, step: Callable[[LayerStack], object]) -> None:
        """Take a step of building, and note it for stacks that begin with this one."""
        step(self)
        self._steps.append((name, step))

    def _directory(self, at: str) -> LowerDirectory:
        """Return the directory `at`, made if it isn't there."""
        directory = self.root
        for name in _parts(at):
            child = directory.children.get(name)
            if child is None:
                child = directory.children[name] = self._adopt(LowerDirectory())
            if not isinstance(child, LowerDirectory):
                raise ValueError(f"{at}: {name.decode()} is a file already")
            directory = child
        return directory

    def _attach(self, node: LowerNode, at: str) -> None:
        head, _, name = at.rpartition("/")
        directory = self._directory(head)
        key = _name(name, at)
        if isinstance(directory.children.get(key), LowerDirectory):
            raise ValueError(f"{at} is a directory already")
        directory.children[key] = self._adopt(node)

    def _mount(self, archive: Archive, at: str, linked: bool) -> None:
        self._directory(at).mount(archive.folder(self._next_ino, linked))
        self._next_ino += archive.inos

    def _adopt(self, node: Node) -> Node:
        node.ino = self._next_ino
        self._next_ino += 1
        return node


def _parts(at: str) -> list[bytes]:
    return [_name(part, at) for part in at.split("/") if part]


def _name(part: str, at: str) -> bytes:
    if part in ("", ".", "..") or "\0" in part:
        raise ValueError(f"{at!r} is not a plain path")
    return part.encode()
