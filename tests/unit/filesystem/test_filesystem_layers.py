"""The shared tree and what sandboxes see of it."""

import zipfile

import pytest
from cellblock_sandbox.filesystem import FileSystem, FileSystemError, LayerStack, Quota
from cellblock_sandbox.filesystem.archives import Archive, InflateCache


def test_archive_members_read_as_files(fs):
    assert fs.get(b"/site/pkg/__init__.py") == b"x = 1\n"
    assert fs.get(b"/site/pkg/data.bin") == bytes(100_000)
    assert fs.get(b"/site/pkg/stored.bin") == b"stored"
    assert fs.stat(b"/site/pkg/data.bin").size == 100_000
    assert fs.stat(b"/site/pkg/__init__.py").mtime_ns == 1_714_979_290 * 10**9


def test_archives_merge_over_one_directory(tmp_path, layers, make):
    second = tmp_path / "second.whl"
    with zipfile.ZipFile(second, "w") as archive:
        archive.writestr("pkg/more.py", b"more")
        archive.writestr("pkg/stored.bin", b"newer")
    layers.mount_archive(second, "/site")
    fs = make()
    assert fs.get(b"/site/pkg/more.py") == b"more"
    assert fs.get(b"/site/pkg/stored.bin") == b"newer"
    assert fs.get(b"/site/pkg/__init__.py") == b"x = 1\n"


def test_linked_libraries_are_there_by_name_only(tmp_path, layers, make):
    path = tmp_path / "binary.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lib.so", bytes(100_000))
        archive.writestr("lib.so.txt", b"text")
    layers.mount_archive(path, "/site", libraries_linked=True)
    fs = make()
    assert fs.get(b"/site/lib.so") == b"\0asm\1\0\0\0"
    assert fs.get(b"/site/lib.so.txt") == b"text"


def test_damaged_member_is_named(tmp_path):
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"aaaaaaaaaaaaaaaaaaaa" * 50, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    checksum = content.index(b"PK\1\2") + 16
    content[checksum] ^= 1
    path.write_bytes(content)
    with pytest.raises(zipfile.BadZipFile, match="a: size or checksum"):
        dict(Archive(path).members())["a"].load()
    stack = LayerStack()
    stack.mount_archive(path, "/site")
    fs = FileSystem(stack, Quota(), lambda stream, chunk: None)
    fd = fs.open(b"/site/a", 0)
    with pytest.raises(FileSystemError, match="EIO"):
        fs.file(fd).read_into(memoryview(bytearray(10)))


def test_members_may_not_leave_their_directory(tmp_path):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil", b"")
    with pytest.raises(ValueError, match="plain path"):
        LayerStack().mount_archive(path, "/site")


def test_one_host_file_and_a_directory_of_files(tmp_path):
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "f.txt").write_bytes(b"deep")
    (tmp_path / "big.zip").write_bytes(b"z" * 70_000)
    (tmp_path / "empty").write_bytes(b"")
    stack = LayerStack()
    stack.mount_directory(tmp_path / "tree", "/opt")
    stack.mount_file(tmp_path / "big.zip", "/lib/big.zip")
    stack.mount_file(tmp_path / "empty", "/lib/empty")
    fs = FileSystem(stack, Quota(), lambda stream, chunk: None)
    assert fs.stat(b"/opt/sub/f.txt").size == 4
    assert fs.stat(b"/lib/big.zip").size == 70_000
    assert fs.stat(b"/lib/empty").size == 0


def test_host_links_are_not_carried(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(ValueError, match="neither a plain file"):
        LayerStack().mount_directory(tmp_path, "/opt")


def test_file_and_directory_don_t_replace_each_other(layers):
    with pytest.raises(ValueError, match="is a directory already"):
        layers.add_file(b"", "/site")
    with pytest.raises(ValueError, match="is a file already"):
        layers.mkdir("/etc/greeting/sub")


def test_mount_points_keep_their_modes(fs):
    assert fs.stat(b"/tmp").mode & 0o7777 == 0o1777
    fs_mode = fs.stat(b"/home/pyodide").mode & 0o777
    assert fs_mode == 0o755


def test_two_sandboxes_don_t_see_each_other(make):
    one, two = make(), make()
    one.put(b"/site/pkg/stored.bin", b"changed")
    one.unlink(b"/etc/greeting")
    assert one.get(b"/site/pkg/stored.bin") == b"changed"
    assert two.get(b"/site/pkg/stored.bin") == b"stored"
    assert two.get(b"/etc/greeting") == b"hello"
    with pytest.raises(FileSystemError, match="ENOENT"):
        one.get(b"/etc/greeting")


def test_content_of_the_layers_is_let_go_at_close(fs):
    fs.get(b"/site/pkg/data.bin")
    assert fs.stat(b"/site/pkg/data.bin")._data is None


def test_cache_drops_the_least_recent():
    cache = InflateCache(max_bytes=40)
    for key in "abcde":
        cache.put(key, b"0123456789")
    assert [key for key in "abcde" if cache.get(key)] == ["b", "c", "d", "e"]
    cache.put("big", bytes(11))
    assert cache.get("big") is None
