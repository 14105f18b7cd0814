"""Zip archives (wheels) as files of the read-only tree.

The archive is mapped and its index read once, in 3 us a member (the zipfile module takes 10). A member stored
uncompressed is a window of the mapping, a deflated one is inflated when first opened. What was inflated stays in a
small cache, because sandboxes of one process open the same few files over and over.

The format is PKWARE's APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end).
Archives of 4 GiB and more, or of 65,535 members and more ("zip64"), several disks and encryption are refused.
"""

from __future__ import annotations

import calendar
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cellblock_sandbox.filesystem.lower import IMAGE_TIME_NS, Content, LowerFile, LowerNode, map_file

LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
LOCAL_MAGIC: Final = b"PK\x03\x04"
# magic, flags, method, time, date, checksum, compressed and real size, lengths of name, extra field and comment,
# external attributes, offset of the local header.
ENTRY: Final = struct.Struct("<4s4xHHHHIIIHHH4xII")
ENTRY_MAGIC: Final = b"PK\x01\x02"
# magic, number of this disk and of the index's, members on this disk and in all, size and offset of the index, length
# of the comment that follows.
END: Final = struct.Struct("<4sHHHHIIH")
END_MAGIC: Final = b"PK\x05\x06"
COMMENT_MAX: Final = 65535
NEEDS_ZIP64: Final = 0xFFFF_FFFF

ENCRYPTED: Final = 1
UTF8_NAME: Final = 0x800
# How deep directories in an archive may be: each level takes memory, and an index can name very many.
MAX_DEPTH: Final = 64

_NOT_NAMES: Final = (b".", b"..")

CACHE_BYTES: Final = 32 * 1024 * 1024

# The smallest WebAssembly module, the content of libraries that are linked already.
EMPTY_MODULE: Final = b"\0asm\1\0\0\0"


class InflateCache:
    """The most recently inflated members, up to a number of bytes, for all archives of the process."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._contents: OrderedDict[tuple[Archive, int], bytes] = OrderedDict()

    def get(self, key: tuple[Archive, int]) -> bytes | None:
        """Return a member's content (archive and place in its index) if it is here, and make it the most recent."""
        content = self._contents.get(key)
        if content is not None:
            self._contents.move_to_end(key)
        return content

    def put(self, key: tuple[Archive, int], content: bytes) -> None:
        """Keep a content, dropping the least recent ones. One too large for the cache isn't kept."""
        if len(content) > self._max_bytes // 4:
            return
        self._contents[key] = content
        self._bytes += len(content)
        while self._bytes > self._max_bytes:
            _, dropped = self._contents.popitem(last=False)
            self._bytes -= len(dropped)


_cache: Final = InflateCache()


class ArchiveMember(LowerFile):
    """One file of a zip archive, by the place of its entry in the index."""

    __slots__ = ("_archive", "_place")

    def __init__(self, archive: Archive, place: int) -> None:
        _, _, _, time, date, _, _, size, _, _, _, attributes, _ = archive.entry(place)
        permissions = attributes >> 16 & 0o777
        super().__init__(b"", permissions | 0o444 if permissions else 0o644, _time_ns(date, time))
        self.size = size
        self._archive = archive
        self._place = place

    def load(self) -> Content:
        """Return the content, inflated. zipfile.BadZipFile if it isn't what the index promised."""
        key = self._archive, self._place
        cached = _cache.get(key)
        if cached is not None:
            return cached
        content = self._archive.content(self._place)
        if isinstance(content, bytes):
            _cache.put(key, content)
        return content


class Archive:
    """A zip archive on the host, mapped, and its index: the places of files by directory and name.

    OSError or zipfile.BadZipFile if it can't be read, ValueError if a member's name isn't a plain relative path.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._bytes = memoryview(map_file(path))
        try:
            count, size, start = self._end()
            self._index = self._bytes[start : start + size]
            self._folders: dict[bytes, _Names] = {b"": _Names(0)}
            self._read_index(count)
        except (struct.error, UnicodeDecodeError) as error:
            raise zipfile.BadZipFile(f"{path.name}: the index is damaged: {error}") from error

    @property
    def inos(self) -> int:
        """How many inode numbers a mount of this archive needs."""
        return len(self._index) + len(self._folders)

    def folder(self, first_ino: int, linked: bool) -> MountedFolder:
        """Return the archive's root, to be mounted; its nodes are numbered from `first_ino` on.

        With `linked`, `.so` members are there by name only.
        """
        return MountedFolder(self, b"", first_ino, linked)

    def members(self) -> Iterator[tuple[str, ArchiveMember]]:
        """Yield every file with its path in the archive."""
        for head, names in self._folders.items():
            for name, place in names.files.items():
                yield (head + b"/" + name if head else name).decode(), ArchiveMember(self, place)

    def names(self, folder: bytes) -> _Names:
        """Return what is in a directory of the archive, which is there."""
        return self._folders[folder]

    def entry(self, place: int) -> tuple[int, ...]:
        """Return the fields (ENTRY) of the member at `place` in the index."""
        return ENTRY.unpack_from(self._index, place)

    def content(self, place: int) -> Content:
        """Return a member's content. zipfile.BadZipFile if it isn't there or isn't what the index promised."""
        _, _, method, _, _, checksum, compressed, size, *_, offset = self.entry(place)
        name = bytes(self._name(place)).decode(errors="replace")
        raw = self._raw(name, offset, compressed)
        if method == zipfile.ZIP_STORED:
            if compressed != size:
                raise zipfile.BadZipFile(f"{name}: size differs from the index")
            return raw
        if method != zipfile.ZIP_DEFLATED:
            raise zipfile.BadZipFile(f"{name}: compression method {method}")
        try:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, size + 1)
        except zlib.error as error:
            raise zipfile.BadZipFile(f"{name}: {error}") from error
        if len(content) != size or zlib.crc32(content) != checksum:
            raise zipfile.BadZipFile(f"{name}: size or checksum differs from the index")
        return content

    def _end(self) -> tuple[int, int, int]:
        """Return the number of members, the index's size, and where it starts."""
        tail = bytes(self._bytes[-(END.size + COMMENT_MAX) :])
        at = tail.rfind(END_MAGIC)
        if at < 0:
            raise zipfile.BadZipFile(f"{self.name} is not a zip archive, or is cut off")
        _, disk, index_disk, here, count, size, start, _ = END.unpack_from(tail, at)
        end = len(self._bytes) - len(tail) + at
        if disk or index_disk or here != count or count == COMMENT_MAX or start + size > end:
            raise zipfile.BadZipFile(f"{self.name}: an index that is damaged, or too large")
        return count, size, start

    def _read_index(self, count: int) -> None:
        folders, index, unpack, at = self._folders, bytes(self._index), ENTRY.unpack_from, 0
        for _ in range(count):
            magic, flags, _, _, _, _, compressed, size, named, extra, comment, _, offset = unpack(index, at)
            name = index[at + ENTRY.size : at + ENTRY.size + named]
            if magic != ENTRY_MAGIC or flags & ENCRYPTED or NEEDS_ZIP64 in (compressed, size, offset):
                raise zipfile.BadZipFile(f"{self.name}: an entry of the index that can't be read")
            name = name.decode().encode() if flags & UTF8_NAME or name.isascii() else name.decode("cp437").encode()
            head, _, tail = name.rpartition(b"/")
            folder = folders.get(head)
            if folder is None:
                folder = self._new_folder(head)
            if tail in _NOT_NAMES or b"\0" in tail or (not head and name[:1] == b"/"):
                raise self._not_plain(name)
            if tail:
                folder.files[tail] = at
            at += ENTRY.size + named + extra + comment

    def _new_folder(self, path: bytes) -> _Names:
        """Register a directory of the archive and those above it."""
        above, _, name = path.rpartition(b"/")
        if name in _NOT_NAMES or not name or b"\0" in name or path[:1] == b"/" or path.count(b"/") >= MAX_DEPTH:
            raise self._not_plain(path)
        if above not in self._folders:
            self._new_folder(above)
        self._folders[above].folders.append(name)
        names = self._folders[path] = _Names(len(self._folders))
        return names

    def _not_plain(self, path: bytes) -> ValueError:
        return ValueError(f"{path[:200]!r} in {self.name} is not a plain path")

    def _name(self, place: int) -> memoryview:
        named = self.entry(place)[8]
        return self._index[place + ENTRY.size : place + ENTRY.size + named]

    def _raw(self, name: str, start: int, size: int) -> memoryview:
        """Return a member's bytes as they are in the archive."""
        try:
            magic, name_length, extra_length = LOCAL_HEADER.unpack_from(self._bytes, start)
        except struct.error:
            magic, name_length, extra_length = b"", 0, 0
        # The local extra field may differ in length from the index's, so the offset is only known from here.
        begin = start + LOCAL_HEADER.size + name_length + extra_length
        if magic != LOCAL_MAGIC or begin + size > len(self._bytes):
            raise zipfile.BadZipFile(f"{name}: no such member at {start}")
        return self._bytes[begin : begin + size]


class _Names:
    """What is in one directory of an archive; `number` counts the directories."""

    __slots__ = ("files", "folders", "number")

    def __init__(self, number: int) -> None:
        self.files: dict[bytes, int] = {}
        self.folders: list[bytes] = []
        self.number = number


class MountedFolder:
    """A directory of an archive, mounted."""

    __slots__ = ("_archive", "_first_ino", "_linked", "path")

    def __init__(self, archive: Archive, path: bytes, first_ino: int, linked: bool) -> None:
        self._archive = archive
        self._first_ino = first_ino
        self._linked = linked
        self.path = path

    def names(self) -> Iterable[bytes]:
        """Return the names of the files in here."""
        return self._archive.names(self.path).files

    def files(self) -> dict[bytes, LowerNode]:
        """Make the nodes of the files in here."""
        return {name: self._file(name, place) for name, place in self._archive.names(self.path).files.items()}

    def folders(self) -> dict[bytes, tuple[MountedFolder, int]]:
        """Return the directories in here, with an inode number each."""
        found = {}
        for name in self._archive.names(self.path).folders:
            path = self.path + b"/" + name if self.path else name
            number = self._first_ino + self._archive.inos - 1 - self._archive.names(path).number
            found[name] = MountedFolder(self._archive, path, self._first_ino, self._linked), number
        return found

    def _file(self, name: bytes, place: int) -> LowerNode:
        node: LowerNode = ArchiveMember(self._archive, place)
        if self._linked and name.endswith(b".so"):
            node = LowerFile(EMPTY_MODULE)
        node.ino = self._first_ino + place
        return node


def _time_ns(date: int, time: int) -> int:
    """Return a member's time, read as UTC; the fixed time of images for a date that doesn't exist."""
    day = (1980 + (date >> 9), date >> 5 & 15, date & 31)
    try:
        return calendar.timegm((*day, time >> 11, time >> 5 & 63, (time & 31) * 2, 0, 0, 0)) * 1_000_000_000
    except ValueError:
        return IMAGE_TIME_NS
