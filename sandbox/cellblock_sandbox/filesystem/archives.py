"""Zip archives (wheels) as files of the read-only tree.

The archive is mapped, its index read once per process; a member stored uncompressed is a window of the mapping, a
deflated one is inflated when first opened. What was inflated stays in a small cache, because sandboxes of one process
open the same few files over and over.
"""

from __future__ import annotations

import calendar
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cellblock_sandbox.filesystem.lower import IMAGE_TIME_NS, Content, LowerFile, map_file

LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
LOCAL_MAGIC: Final = b"PK\x03\x04"

CACHE_BYTES: Final = 32 * 1024 * 1024


class InflateCache:
    """The most recently inflated members, up to a number of bytes, for all archives of the process."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._contents: OrderedDict[ArchiveMember, bytes] = OrderedDict()

    def get(self, member: ArchiveMember) -> bytes | None:
        """Return the member's content if it is here, and make it the most recent."""
        content = self._contents.get(member)
        if content is not None:
            self._contents.move_to_end(member)
        return content

    def put(self, member: ArchiveMember, content: bytes) -> None:
        """Keep a content, dropping the least recent ones. One too large for the cache isn't kept."""
        if len(content) > self._max_bytes // 4:
            return
        self._contents[member] = content
        self._bytes += len(content)
        while self._bytes > self._max_bytes:
            _, dropped = self._contents.popitem(last=False)
            self._bytes -= len(dropped)


_cache: Final = InflateCache()


class ArchiveMember(LowerFile):
    """One file of a zip archive."""

    __slots__ = ("_archive", "_info")

    def __init__(self, archive: Archive, info: zipfile.ZipInfo) -> None:
        permissions = (info.external_attr >> 16) & 0o777
        super().__init__(b"", permissions | 0o444 if permissions else 0o644, _time_ns(info))
        self.size = info.file_size
        self._archive = archive
        self._info = info

    def load(self) -> Content:
        """Return the content, inflated. zipfile.BadZipFile if it isn't what the index promised."""
        content = _cache.get(self)
        if content is not None:
            return content
        raw = self._archive.raw(self._info)
        if self._info.compress_type == zipfile.ZIP_STORED:
            return raw
        content = _inflate(raw, self._info)
        _cache.put(self, content)
        return content


class Archive:
    """A zip archive on the host, mapped."""

    def __init__(self, path: Path) -> None:
        self._bytes = memoryview(map_file(path))
        with zipfile.ZipFile(path) as index:
            self._infos = [info for info in index.infolist() if not info.is_dir()]

    def members(self) -> Iterator[tuple[str, ArchiveMember]]:
        """Yield every file with its path in the archive. Empty directories are left out."""
        for info in self._infos:
            yield info.filename, ArchiveMember(self, info)

    def raw(self, info: zipfile.ZipInfo) -> memoryview:
        """Return a member's bytes as they are in the archive. zipfile.BadZipFile if there is no such member there."""
        start = info.header_offset
        magic, name_length, extra_length = LOCAL_HEADER.unpack_from(self._bytes, start)
        if magic != LOCAL_MAGIC:
            raise zipfile.BadZipFile(f"{info.filename}: no local header at {start}")
        # The local extra field may differ in length from the index's, so the offset is only known from here.
        start += LOCAL_HEADER.size + name_length + extra_length
        return self._bytes[start : start + info.compress_size]


def _inflate(raw: memoryview, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile(f"{info.filename}: compression method {info.compress_type}")
    content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, info.file_size + 1)
    if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
        raise zipfile.BadZipFile(f"{info.filename}: size or checksum differs from the index")
    return content


def _time_ns(info: zipfile.ZipInfo) -> int:
    """Return a member's time, read as UTC; the fixed time of images for a date that doesn't exist."""
    try:
        return calendar.timegm((*info.date_time, 0, 0, 0)) * 1_000_000_000
    except ValueError:
        return IMAGE_TIME_NS
