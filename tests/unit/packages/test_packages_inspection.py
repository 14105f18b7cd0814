"""Bad wheels, each refused by name, member and reason; nothing of them is ever written."""

from __future__ import annotations

import stat
import struct
import zipfile

import pytest
from cellblock_sandbox.errors import WheelInvalid
from cellblock_sandbox.image.packages import inspection
from cellblock_sandbox.image.packages.inspection import check_archive, inspect

WASM = b"\0asm\1\0\0\0"
ABI_TAG = "cp314-cp314-pyemscripten_2026_0_wasm32"


@pytest.fixture
def check(tmp_path, target, make_wheel):
    """Make a wheel and inspect it under a name, by default its own."""

    def run(filename="demo-1.0-py3-none-any.whl", content=None, **options):
        path = tmp_path / filename
        path.write_bytes(make_wheel("demo", "1.0", **options) if content is None else content)
        return inspect(path, target)

    return run


def _refused(check, why, member=None, **options):
    with pytest.raises(WheelInvalid, match=why) as caught:
        check(**options)
    assert caught.value.wheel in str(caught.value)
    if member is not None:
        assert caught.value.member == member


def test_a_good_wheel_tells_what_it_holds(check):
    files = {"demo/sub/data.txt": b"x" * 1000, "single.py": b"", "folder/inside.txt": b""}
    contents = check(files=files, requires=("attrs",))
    assert (contents.name, contents.version, contents.pure) == ("demo", "1.0", True)
    assert contents.modules == ("demo", "folder", "single")
    assert b"Requires-Dist: attrs" in contents.metadata
    assert contents.size > 1000
    assert contents.libraries == ()


def test_a_binary_wheel_of_this_abi_passes(check):
    library = "demo/_fast.cpython-314-wasm32-emscripten.so"
    contents = check(f"demo-1.0-{ABI_TAG}.whl", tag=ABI_TAG, files={library: WASM})
    assert not contents.pure
    assert contents.libraries == (library,)


def _member(name, content=b"x", **attributes):
    info = zipfile.ZipInfo("placeholder")
    info.filename = info.orig_filename = name
    for key, value in attributes.items():
        setattr(info, key, value)
    return lambda archive: archive.writestr(info, content)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../outside.py", "leads out of the wheel"),
        ("demo/../../outside.py", "leads out of the wheel"),
        ("/etc/passwd", "absolute name"),
        ("demo\\..\\outside.py", "backslash"),
        ("C:\\outside.py", "backslash"),
        ("demo//twice.py", "empty part"),
        ("./demo/dot.py", "empty part"),
        ("demo/tab\there.py", "control character"),
        ("demo/" + "n" * 256, "too long"),
        ("/".join(["deep"] * 300), "more than 1024 bytes"),
        ("n" * 4096, "more than 1024 bytes"),
    ],
)
def test_names_that_arent_plain_are_refused(check, name, why):
    _refused(check, why, name[:200], write=_member(name))


def test_a_name_with_nul_is_refused_though_zipfile_cuts_it_off(check, make_wheel):
    content = make_wheel("demo", "1.0", write=_member("demo/aXb.py"))
    _refused(check, "control character", "demo/a\0b.py", content=content.replace(b"demo/aXb.py", b"demo/a\0b.py"))


def test_a_name_that_isnt_utf8_is_refused(check, make_wheel):
    content = make_wheel("demo", "1.0", write=_member("demo/aXXb.py"))
    _refused(check, "isn't UTF-8", content=content.replace(b"demo/aXXb.py", b"demo/a\xff\xfeb.py"))


def test_a_second_name_in_an_extra_field_is_refused(check):
    extra = struct.pack("<HHBI", 0x7075, 5 + 8, 1, 0) + b"../other"
    _refused(check, "second name", "demo/x.py", write=_member("demo/x.py", extra=extra))


@pytest.mark.parametrize(
    ("first", "second"),
    [("demo/Case.py", "demo/case.py"), ("demo/caf\u00e9.py", "demo/cafe\u0301.py"), ("demo/ﬁ.py", "demo/fi.py")],
)
def test_names_that_differ_only_by_case_or_spelling_are_refused(check, first, second):
    _refused(check, "same name as", second, files={first: b"", second: b""})


def test_a_member_that_is_there_twice_is_refused(check):
    with pytest.warns(UserWarning, match="Duplicate name"):
        _refused(check, "same name as", "demo/__init__.py", write=_member("demo/__init__.py", b"import os"))


def test_a_file_that_is_also_a_folder_is_refused(check):
    _refused(check, "lies in 'demo/x', which is a file", "demo/x/y.py", files={"demo/x": b"", "demo/x/y.py": b""})


@pytest.mark.parametrize(
    ("kind", "why"), [(stat.S_IFLNK, "symbolic link"), (stat.S_IFIFO, "regular file"), (stat.S_IFCHR, "regular file")]
)
def test_links_and_devices_are_refused(check, kind, why):
    _refused(check, why, "demo/link", write=_member("demo/link", b"/etc/passwd", external_attr=(kind | 0o777) << 16))


def test_encrypted_members_are_refused(check, make_wheel):
    content = bytearray(make_wheel("demo", "1.0"))
    at = content.index(b"PK\1\2")
    content[at + 8] |= 1
    _refused(check, "is encrypted", "demo/__init__.py", content=bytes(content))


def test_other_compression_is_refused(check):
    _refused(check, "only deflate", write=_member("demo/x", b"x" * 100, compress_type=zipfile.ZIP_BZIP2))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(check):
    _refused(check, "zip bomb", files={"demo/zeros.bin": bytes(32 << 20)})


def test_size_and_count_have_limits(check, monkeypatch):
    monkeypatch.setattr(inspection, "MAX_TOTAL_BYTES", 10_000)
    _refused(check, "would unpack to 20,", files={"demo/data.bin": bytes(20_000)})
    monkeypatch.setattr(inspection, "MAX_MEMBERS", 3)
    _refused(check, "has 4 members; 3 are allowed")


def test_a_member_larger_than_announced_is_refused(check, make_wheel):
    content = bytearray(make_wheel("demo", "1.0", files={"demo/data.bin": bytes(1000)}))
    at = content.rindex(b"demo/data.bin") - 46  # its entry in the archive's index
    content[at + 24 : at + 28] = struct.pack("<I", 10)
    _refused(check, "can't be unpacked", "demo/data.bin", content=bytes(content))


def test_members_that_overlap_are_refused(check, make_wheel):
    content = bytearray(make_wheel("demo", "1.0", files={"demo/one.bin": b"1" * 9, "demo/two.bin": b"2" * 9}))
    entries = [content.rindex(name) - 46 for name in (b"demo/one.bin", b"demo/two.bin")]
    content[entries[1] + 42 : entries[1] + 46] = content[entries[0] + 42 : entries[0] + 46]
    _refused(check, "overlaps", content=bytes(content))


def test_something_before_the_archive_is_refused(check, make_wheel):
    _refused(check, "before its first member", content=b"#!/bin/sh\nexit\n" + make_wheel("demo", "1.0"))


@pytest.mark.parametrize("keep", [0, 100, -30])
def test_half_an_archive_is_refused(check, make_wheel, keep):
    _refused(check, "is not a zip archive", content=make_wheel("demo", "1.0")[:keep])


@pytest.mark.parametrize(
    ("filename", "why"),
    [
        ("demo.whl", "no proper wheel file name"),
        ("demo-1.0-cp314-cp314-manylinux_2_28_x86_64.whl", "is for cp314-cp314-manylinux_2_28_x86_64, not for cp314"),
        ("demo-1.0-cp313-cp313-pyemscripten_2025_0_wasm32.whl", "is for cp313-cp313-pyemscripten_2025_0_wasm32"),
        ("other-1.0-py3-none-any.whl", "says it is demo 1.0"),
        ("demo-1.1-py3-none-any.whl", "says it is demo 1.0"),
    ],
)
def test_a_file_name_that_lies_is_refused(check, filename, why):
    _refused(check, why, filename=filename)


def test_metadata_that_lies_is_refused(check):
    _refused(check, "says it is other 1.0", metadata="Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    _refused(check, "says it is demo nonsense", metadata="Metadata-Version: 2.1\nName: demo\nVersion: nonsense\n")
    _refused(check, "says it is  ", metadata="")


def test_a_wheel_file_that_lies_is_refused(check):
    _refused(check, "is of wheel version '2.0'", wheel_file="Wheel-Version: 2.0\nTag: py3-none-any\n")
    _refused(check, "says it is for cp311-", wheel_file="Wheel-Version: 1.0\nTag: cp311-cp311-win_amd64\n")
    _refused(check, "says it is for nothing", wheel_file="Wheel-Version: 1.0\n")


def test_two_dist_info_folders_or_none_are_refused(check, tmp_path, target):
    _refused(check, "should have one .dist-info", files={"other-1.0.dist-info/METADATA": b""})
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo.py", b"")
    with pytest.raises(WheelInvalid, match="and has none"):
        inspect(path, target)


def test_record_covers_every_member(check):
    _refused(check, "has no hash in RECORD", "demo/extra.py", write=_member("demo/extra.py"))
    _refused(check, "its hash differs", record=lambda lines: [lines[0].replace("sha256=", "sha256=AA"), *lines[1:]])
    _refused(check, "has no hash in RECORD", record=lambda lines: [lines[0].replace("sha256", "md5"), *lines[1:]])
    _refused(check, "isn't there", "demo/gone.py", record=lambda lines: [*lines, "demo/gone.py,sha256=AA,1"])
    _refused(check, "lists a file twice", record=lambda lines: [*lines, lines[0]])


def test_machine_code_in_a_pure_wheel_is_refused(check):
    _refused(check, "whose tag says it is pure", "demo/_x.so", files={"demo/_x.so": WASM})
    _refused(check, "whose tag says it is pure", "demo.libs/libx.so.3", files={"demo.libs/libx.so.3": WASM})


def test_machine_code_of_another_machine_is_refused(check):
    _refused(
        check,
        "isn't WebAssembly",
        "demo/_x.so",
        filename=f"demo-1.0-{ABI_TAG}.whl",
        tag=ABI_TAG,
        files={"demo/_x.so": b"\x7fELF\2\1\1"},
    )


def test_an_archive_that_isnt_a_wheel_is_checked_too(tmp_path, make_wheel):
    path = tmp_path / "library-1.0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lib.so", WASM)
    check_archive(path)
    path.write_bytes(path.read_bytes().replace(WASM, WASM[:-1] + b"\7", 1))
    with pytest.raises(WheelInvalid, match="can't be unpacked"):
        check_archive(path)
