"""The kinds of nodes that the shared, read-only tree is made of. They are made once and never changed."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

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


def map_file(path: Path) -> Content:
    """Return the content of a host file as a read-only view of its mapping."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return b""
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
