"""Whether a wheel is what its name says, and safe to give to a guest: the archive first, then what is in it.

A wheel may come from anyone. Its members become files of the guest's tree and its libraries are linked, so
nothing of it is used before all of this holds (the wheel format is PEP 427 and "Binary distribution format" of the
packaging guide; the archive is PKWARE's APPNOTE):

- every member has one plain relative name, however a reader compares names, and its own bytes in the file;
- it inflates to what it announces, within limits;
- `METADATA` and `WHEEL` say what the file's name says, and `RECORD` holds the hash of every member;
- machine code is there only if the tags say so, and is WebAssembly.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from cellblock_sandbox.errors import WheelInvalid
from cellblock_sandbox.image.packages.target import Target, is_pure

# The largest wheels of the Pyodide distribution hold 1,100 members and 47 MB; the guest's memory ends at 4 GB.
MAX_MEMBERS: Final = 50_000
MAX_TOTAL_BYTES: Final = 1 << 30
# Wheels of the distribution reach 7:1, deflate can't do better than 1,032:1. Below the free size a ratio does no harm.
MAX_RATIO: Final = 100
RATIO_FREE_BYTES: Final = 16 << 20
MAX_NAME_BYTES: Final = 1024
MAX_PART_BYTES: Final = 255
MAX_METADATA_BYTES: Final = 8 << 20

_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_WASM_MAGIC: Final = b"\0asm"
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UTF8: Final = 0x800
# An extra field that gives a member a second name, which some readers prefer (APPNOTE 4.6.9).
_UNICODE_PATH: Final = 0x7075
_CHUNK: Final = 1 << 18
_HASHES: Final = {"sha256", "sha384", "sha512"}
_LIBRARY = re.compile(r"\.(so(\.[0-9.]+)?|pyd|dylib)$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Contents:
    """What a wheel that passed holds. `modules` are the top-level names it makes importable."""

    name: str
    version: str
    pure: bool
    metadata: bytes
    modules: tuple[str, ...]
    libraries: tuple[str, ...]
    size: int


def inspect(path: Path, target: Target) -> Contents:
    """Check the wheel at `path` against its file name and for `target`; return what it holds. Raises `WheelInvalid`."""
    try:
        name, version, _, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as problem:
        raise WheelInvalid(path.name, "", f"has no proper wheel file name: {problem}") from None
    if target.rank(tags) is None:
        wrong = ", ".join(sorted(map(str, tags))[:4])
        raise WheelInvalid(path.name, "", f"is for {wrong}, not for {target.describe()}")
    with _opened(path) as archive:
        wheel = _Wheel(path.name, archive)
        wheel.check_record()
        wheel.check_metadata(name, version)
        wheel.check_wheel_file(target)
        wheel.check_libraries(pure=is_pure(tags))
        return Contents(
            name=name,
            version=str(version),
            pure=is_pure(tags),
            metadata=wheel.read("METADATA"),
            modules=wheel.modules(),
            libraries=tuple(member for member in sorted(wheel.heads) if _LIBRARY.search(member)),
            size=sum(info.file_size for info in archive.infolist()),
        )


def check_archive(path: Path) -> None:
    """Check a zip archive that isn't a wheel: names, layout, sizes and checksums. Raises `WheelInvalid`."""
    with _opened(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                _digest(path.name, archive, info, "sha256")


def _opened(path: Path) -> zipfile.ZipFile:
    """Open an archive whose index is sound; nothing has been inflated yet."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as problem:
        raise WheelInvalid(path.name, "", f"is not a zip archive: {problem}") from None
    try:
        infos = archive.infolist()
        _check_sizes(path.name, infos)
        for info in infos:
            _check_member(path.name, info)
        _check_names(path.name, infos)
        _check_layout(path, archive, infos)
    except BaseException:
        archive.close()
        raise
    return archive


def _check_sizes(wheel: str, infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_MEMBERS:
        raise WheelInvalid(wheel, "", f"has {len(infos):,} members; {MAX_MEMBERS:,} are allowed")
    total = sum(info.file_size for info in infos)
    if total > MAX_TOTAL_BYTES:
        raise WheelInvalid(wheel, "", f"would unpack to {total:,} bytes; {MAX_TOTAL_BYTES:,} are allowed")
    packed = sum(info.compress_size for info in infos)
    if total > RATIO_FREE_BYTES and total > packed * MAX_RATIO:
        raise WheelInvalid(wheel, "", f"would unpack to {total // max(packed, 1):,} times its size; it is a zip bomb")


def _check_member(wheel: str, info: zipfile.ZipInfo) -> None:
    member = info.orig_filename
    if why := _name_problem(member, plain=bool(info.flag_bits & _UTF8) or member.isascii()):
        raise WheelInvalid(wheel, member[:200], why)
    if info.flag_bits & _ENCRYPTED:
        raise WheelInvalid(wheel, member, "is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise WheelInvalid(wheel, member, f"is compressed by method {info.compress_type}; only deflate is allowed")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR and not info.is_dir()):
        raise WheelInvalid(wheel, member, f"is {'a symbolic link' if stat.S_ISLNK(kind) else 'not a regular file'}")
    if info.is_dir() and info.file_size:
        raise WheelInvalid(wheel, member, "is a folder that holds bytes")
    if _UNICODE_PATH in _extra_fields(info.extra):
        raise WheelInvalid(wheel, member, "has a second name in an extra field")


def _name_problem(member: str, *, plain: bool) -> str:
    """Tell what is wrong with a member's name, or return ''."""
    parts = member.removesuffix("/").split("/")
    problems = (
        (not plain, "has a name that isn't UTF-8"),
        (member.startswith("/"), "has an absolute name"),
        (len(member.encode("utf-8", "replace")) > MAX_NAME_BYTES, f"has a name of more than {MAX_NAME_BYTES} bytes"),
        ("\\" in member, "has a backslash in its name"),
        (_CONTROL.search(member) or not _encodable(member), "has a control character in its name"),
        (".." in parts, "leads out of the wheel"),
        ("" in parts or "." in parts, "has an empty part in its name"),
        (any(len(part.encode("utf-8", "replace")) > MAX_PART_BYTES for part in parts), "has a name that is too long"),
    )
    return next((why for found, why in problems if found), "")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _extra_fields(extra: bytes) -> set[int]:
    kinds, at = set(), 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        kinds.add(kind)
        at += 4 + size
    return kinds


def _check_names(wheel: str, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse names that some file system takes for the same one, and files that are folders to others."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for info in infos:
        key = _folded(info.filename.removesuffix("/"))
        if key in seen:
            raise WheelInvalid(wheel, info.filename, f"has the same name as {seen[key]!r}, but for case or spelling")
        seen[key] = info.filename
        parents = key.split("/")[: None if info.is_dir() else -1]
        folders.update({"/".join(parents[:count]): info.filename for count in range(1, len(parents) + 1)})
    for key, member in seen.items():
        if key in folders and not member.endswith("/"):
            raise WheelInvalid(wheel, folders[key], f"lies in {member!r}, which is a file")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name).casefold())


def _check_layout(path: Path, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> None:
    """Every member has its own bytes, between the start of the file and the archive's index."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [info.header_offset for info in ordered[1:]] + [archive.start_dir]
    with path.open("rb") as file:
        if ordered and ordered[0].header_offset != 0:
            raise WheelInvalid(path.name, "", "has something before its first member")
        for info, end in zip(ordered, ends, strict=True):
            file.seek(info.header_offset)
            header = file.read(_LOCAL_HEADER.size)
            if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_MAGIC):
                raise WheelInvalid(path.name, info.filename, "isn't where the archive's index says")
            _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
            if info.header_offset + _LOCAL_HEADER.size + name_length + extra_length + info.compress_size > end:
                raise WheelInvalid(path.name, info.filename, "overlaps what follows it in the archive")


def _digest(wheel: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, algorithm: str) -> tuple[bytes, bytes]:
    """Inflate a member; return its first bytes and its digest. Reading stops at the size the index announces."""
    digest = hashlib.new(algorithm)
    head = b""
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                head = head or chunk[:4]
                digest.update(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        raise WheelInvalid(wheel, info.filename, f"can't be unpacked: {problem}") from None
    return head, digest.digest()


class _Wheel:
    """A sound archive, read as a wheel. `heads` holds the first bytes of every member once RECORD was checked."""

    def __init__(self, name: str, archive: zipfile.ZipFile) -> None:
        self.name = name
        self.archive = archive
        self.members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        self.heads: dict[str, bytes] = {}
        self.dist_info = self._find_dist_info()

    def _find_dist_info(self) -> str:
        found = {top for member in self.members if (top := member.split("/")[0]).endswith(".dist-info")}
        if len(found) != 1:
            listed = ", ".join(sorted(found)) or "none"
            raise WheelInvalid(self.name, "", f"should have one .dist-info folder and has {listed}")
        return found.pop()

    def read(self, file: str) -> bytes:
        """Return a file of the .dist-info folder."""
        member = f"{self.dist_info}/{file}"
        info = self.members.get(member)
        if info is None:
            raise WheelInvalid(self.name, member, "is missing")
        if info.file_size > MAX_METADATA_BYTES:
            raise WheelInvalid(self.name, member, f"has {info.file_size:,} bytes")
        try:
            return self.archive.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
            raise WheelInvalid(self.name, member, f"can't be unpacked: {problem}") from None

    def check_record(self) -> None:
        """Every member but RECORD and its signatures is listed there with the hash it has."""
        record = f"{self.dist_info}/RECORD"
        listed = self._record(record)
        exempt = {record, f"{record}.jws", f"{record}.p7s"}
        for member, info in self.members.items():
            entry = listed.pop(member, "")
            algorithm, _, expected = entry.partition("=")
            checked = algorithm in _HASHES
            if not checked and member not in exempt:
                raise WheelInvalid(self.name, member, "has no hash in RECORD")
            self.heads[member], digest = _digest(self.name, self.archive, info, algorithm if checked else "sha256")
            if checked and member not in exempt and _urlsafe(digest) != expected.rstrip("="):
                raise WheelInvalid(self.name, member, "isn't what RECORD says: its hash differs")
        if absent := sorted(set(listed) - exempt):
            raise WheelInvalid(self.name, absent[0], "is listed in RECORD and isn't there")

    def _record(self, record: str) -> dict[str, str]:
        try:
            rows = [row for row in csv.reader(io.StringIO(self.read("RECORD").decode())) if row]
        except (UnicodeDecodeError, csv.Error) as problem:
            raise WheelInvalid(self.name, record, f"can't be read: {problem}") from None
        listed = {row[0].replace("\\", "/"): row[1] if len(row) > 1 else "" for row in rows}
        if len(listed) != len(rows):
            raise WheelInvalid(self.name, record, "lists a file twice")
        return listed

    def check_metadata(self, name: str, version: Version) -> None:
        """The .dist-info folder and METADATA are of the name and version in the file's name."""
        headers = self._headers("METADATA")
        told = headers.get("Name", ""), headers.get("Version", "")
        folder = self.dist_info.removesuffix(".dist-info").rpartition("-")
        for where, (its_name, its_version) in (("METADATA", told), (self.dist_info, (folder[0], folder[2]))):
            if canonicalize_name(its_name) != name or not _same_version(its_version, version):
                raise WheelInvalid(self.name, where, f"says it is {its_name} {its_version}")

    def check_wheel_file(self, target: Target) -> None:
        """WHEEL is of a version that is known, and has a tag of the guest's."""
        headers = self._headers("WHEEL")
        version = headers.get("Wheel-Version", "")
        if not version.startswith("1."):
            raise WheelInvalid(self.name, "WHEEL", f"is of wheel version {version!r}; 1.x is known")
        try:
            tags = {tag for text in headers.get_all("Tag", []) for tag in parse_tag(text)}
        except ValueError:
            tags = set()
        if target.rank(tags) is None:
            raise WheelInvalid(self.name, "WHEEL", f"says it is for {', '.join(sorted(map(str, tags))) or 'nothing'}")

    def _headers(self, file: str) -> Message:
        return HeaderParser().parsestr(self.read(file).decode("utf-8", "surrogateescape"), headersonly=True)

    def check_libraries(self, *, pure: bool) -> None:
        """A pure wheel has no machine code; that of a binary one is WebAssembly."""
        for member, head in self.heads.items():
            if not _LIBRARY.search(member):
                continue
            if pure:
                raise WheelInvalid(self.name, member, "is machine code, in a wheel whose tag says it is pure Python")
            if head != _WASM_MAGIC:
                raise WheelInvalid(self.name, member, "is machine code and isn't WebAssembly")

    def modules(self) -> tuple[str, ...]:
        """Return the top-level names that importing finds: modules, extensions and packages, namespaces included."""
        found = set()
        for member in self.heads:
            top, _, below = member.partition("/")
            name = top if below else top.split(".")[0] if top.endswith((".py", ".so")) else ""
            if name.isidentifier():
                found.add(name)
        return tuple(sorted(found))


def _urlsafe(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _same_version(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False
