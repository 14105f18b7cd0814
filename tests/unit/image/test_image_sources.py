"""Each kind of source, with real folders, a real local server, real pip without an index, and a scripted npm."""

from __future__ import annotations

import contextlib
import functools
import http.server
import io
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from cellblock_sandbox.errors import HomeUnusable, SettingInvalid
from cellblock_sandbox.image import clients, pins
from cellblock_sandbox.image.archives import NpmPackage, PypiWheel
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.problems import FileAbsentError, SourceError
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.sources import BaseUrl, Folder, Source, configured_sources

FILE = RemoteFile("some.bin", "0" * 64)
SILENT = SilentProgress()
CLOSED_PORT = "http://127.0.0.1:9/"


def _read(source: Source, file: RemoteFile = FILE) -> bytes:
    with source.open(file) as stream:
        return stream.read()


def make_wheel(folder: Path, content: bytes = b"inside a wheel") -> None:
    """Write the smallest wheel that pip takes, with a file under `mirror/files/`."""
    with zipfile.ZipFile(folder / "mirror-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("mirror/files/some.bin", content)
        wheel.writestr("mirror-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mirror\nVersion: 1.0\n")
        wheel.writestr("mirror-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("mirror-1.0.dist-info/RECORD", "")


def make_tarball(path: Path, content: bytes = b"inside a tarball") -> None:
    with tarfile.open(path, "w:gz") as tarball:
        member = tarfile.TarInfo("package/some.bin")
        member.size = len(content)
        tarball.addfile(member, io.BytesIO(content))


@pytest.fixture
def pip_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only place pip looks in."""
    folder = tmp_path / "links"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "some.bin").write_bytes(b"over http")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_setting_is_read_in_order(home: Home) -> None:
    setting = "/srv/wheels, npm:pyodide@1.0\npypi:a-b==1.0:x/y/ https://host/full/"
    assert [source.name for source in configured_sources(home, SILENT, setting)] == [
        "folder /srv/wheels",
        "npm:pyodide@1.0",
        "pypi:a-b==1.0",
        "https://host/full/",
    ]


def test_default_stands_for_the_pinned_sources(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELLBLOCK_SOURCES", raising=False)
    default = configured_sources(home, SILENT)
    assert [type(source) for source in default] == [NpmPackage, PypiWheel, BaseUrl]
    assert configured_sources(home, SILENT, "/x,default") == [Folder(Path("/x")), *default]
    assert pins.pyodide_version() in default[0].name


@pytest.mark.parametrize("word", ["foo:bar", "pypi:name", "npm:name", "ftp://x/"])
def test_what_is_no_source_is_refused(home: Home, word: str) -> None:
    with pytest.raises(SettingInvalid, match="CELLBLOCK_SOURCES holds"):
        configured_sources(home, SILENT, word)


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "some.bin").write_bytes(b"here")
    assert _read(Folder(tmp_path)) == b"here"
    with pytest.raises(FileAbsentError, match="no such file"):
        _read(Folder(tmp_path), RemoteFile("other", ""))
    with pytest.raises(SourceError, match="no such folder"):
        _read(Folder(tmp_path / "nowhere"))


def test_a_base_url(server: str) -> None:
    assert _read(BaseUrl(f"{server}/")) == b"over http"
    with pytest.raises(FileAbsentError, match="HTTP 404"):
        _read(BaseUrl(server), RemoteFile("other", ""))
    with pytest.raises(SourceError, match=r"can't be reached: .*refused"):
        _read(BaseUrl(CLOSED_PORT))


def test_a_wheel_is_downloaded_once_and_read_from_afterwards(home: Home, pip_from: Path) -> None:
    make_wheel(pip_from)
    source = PypiWheel("mirror==1.0", "mirror/files/", home, SILENT)
    assert _read(source) == b"inside a wheel"
    (pip_from / "mirror-1.0-py3-none-any.whl").unlink()
    assert _read(source) == b"inside a wheel"
    with pytest.raises(FileAbsentError, match="mirror/files/"):
        _read(source, RemoteFile("other", ""))


def test_a_damaged_archive_is_removed_and_downloaded_again(home: Home, pip_from: Path) -> None:
    make_wheel(pip_from)
    source = PypiWheel("mirror==1.0", "mirror/files/", home, SILENT)
    _read(source)
    (kept,) = home.archives.glob("pypi-*/*.whl")
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(SourceError, match="was damaged"):
        _read(source)
    assert _read(source) == b"inside a wheel"


def test_pip_says_why(home: Home, pip_from: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match=r"Could not find a version .* mirror==1.0"):
        _read(PypiWheel("mirror==1.0", "", home, SILENT))
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"{CLOSED_PORT}simple")
    with pytest.raises(SourceError, match=r"index can't be reached: .*refused"):
        _read(PypiWheel("mirror==1.0", "", home, SILENT))


def test_an_npm_package(home: Home, tmp_path: Path, commands: Callable[[str, str], None]) -> None:
    make_tarball(tmp_path / "thing-1.0.tgz")
    commands("npm", f'if [ $1 = config ]; then echo /nowhere; else cp {tmp_path}/thing-1.0.tgz "$4"; fi')
    source = NpmPackage("thing@1.0", home, SILENT)
    assert _read(source) == b"inside a tarball"
    commands("npm", "exit 1")
    assert _read(source, RemoteFile("thing-1.0.tgz", "")) == (tmp_path / "thing-1.0.tgz").read_bytes()
    for absent in ("other", "some.whl"):
        with pytest.raises(FileAbsentError):
            _read(source, RemoteFile(absent, ""))


def test_npm_says_why(home: Home, commands: Callable[[str, str], None]) -> None:
    source = NpmPackage("thing@1.0", home, SILENT)
    with pytest.raises(SourceError, match="npm command isn't installed"):
        _read(source)
    commands("npm", "echo npm error code ENOTFOUND; echo npm error network request to x failed, reason: y; exit 1")
    with pytest.raises(SourceError, match="registry can't be reached: request to x failed, reason: y"):
        _read(source)
    assert not list(home.archives.glob(".work-*"))


def test_a_client_that_stalls_is_ended(
    home: Home, commands: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_STALL_S", 0.5)
    commands("npm", "if [ $1 = pack ]; then exec sleep 60; fi")
    with pytest.raises(SourceError, match="nothing arrived for"):
        _read(NpmPackage("thing@1.0", home, SILENT))


@pytest.mark.parametrize("ends", ["exit 1", "exec sleep 60"])
@pytest.mark.parametrize("asked", ["for it", "whether it has it"])
def test_a_full_disk_is_no_fault_of_the_source(
    home: Home, commands: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, asked: str, ends: str
) -> None:
    """Though there is room again when the client has ended: pip takes it for a broken connection, and tidies up."""
    monkeypatch.setattr(clients, "_STALL_S", 1)
    commands("npm", f"if [ $1 = pack ]; then sleep 0.5; {ends}; fi")
    free = iter([0])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=1 << 40, free=next(free, 1 << 30)))
    fetcher = Fetcher(home, SILENT, [NpmPackage("thing@1.0", home, SILENT)])
    with pytest.raises(HomeUnusable, match="No space left on device"):
        fetcher.get([FILE]) if asked == "for it" else fetcher.has(FILE)


def test_a_disk_that_is_full_elsewhere_or_does_not_tell_is_the_sources_trouble(
    home: Home, commands: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands("npm", "if [ $1 = pack ]; then echo npm error ENOSPC: no space left on device, write; exit 1; fi")
    for total in (0, 1 << 40):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, total=total: SimpleNamespace(total=total, free=total))
        with pytest.raises(SourceError, match=r"^no space left on device$"):
            _read(NpmPackage("thing@1.0", home, SILENT))


def test_what_a_build_runs_ends_with_it() -> None:
    """However the builder ends: a linker would go on for minutes."""
    program = """
import sys, time
from cellblock_sandbox.image import children
print(children.start(["sleep", "1000"]).pid, flush=True)
time.sleep(1000)
"""
    builder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert builder.stdout is not None
    child = int(builder.stdout.readline())
    assert runs(child)
    builder.kill()
    builder.communicate()
    until = time.monotonic() + 20
    while runs(child):
        assert time.monotonic() < until, "it goes on"
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether there is such a process, and it hasn't ended: whoever adopts it may be slow to notice."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_what_a_client_removes_while_it_is_watched_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "wheel").write_bytes(b"x" * 1000)
    done = threading.Event()

    def unpack() -> None:  # as pip does with metadata
        while not done.is_set():
            (tmp_path / "unpacked" / "a" / "b").mkdir(parents=True)
            shutil.rmtree(tmp_path / "unpacked")

    client = threading.Thread(target=unpack)
    client.start()
    try:
        assert {clients._size(tmp_path) for _ in range(2000)} == {1000}
    finally:
        done.set()
        client.join()


def test_what_can_be_read_without_a_network(home: Home, tmp_path: Path, pip_from: Path) -> None:
    make_wheel(pip_from)
    assert Folder(tmp_path).at_hand
    assert not BaseUrl(CLOSED_PORT).at_hand
    assert not NpmPackage("some@1.0", home, SILENT).at_hand
    wheel = PypiWheel("mirror==1.0", "mirror/files/", home, SILENT)
    assert not wheel.at_hand
    assert _read(wheel) == b"inside a wheel"
    assert wheel.at_hand
