"""Fetching: checked, whole or not at all, by several at once, and an error that helps when offline."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cellblock_sandbox.errors import HashMismatch, HomeUnusable, SourceUnavailable
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.sources import Folder, configured_sources

CONTENT = b"wheel" * 100_000
FILE = RemoteFile("a.whl", hashlib.sha256(CONTENT).hexdigest())

FETCH = """
import sys
from pathlib import Path
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import LineProgress
from cellblock_sandbox.image.sources import Folder
root, folder, name, digest = sys.argv[1:]
fetcher = Fetcher(Home(Path(root)), LineProgress(sys.stdout), [Folder(Path(folder))])
print(fetcher.get([RemoteFile(name, digest)])[name])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / FILE.name).write_bytes(CONTENT)
    return folder


def _fetcher(home: Home, *folders: Path) -> Fetcher:
    return Fetcher(home, SilentProgress(), [Folder(folder) for folder in folders])


def _leftovers(home: Home) -> list[Path]:
    return list(home.root.rglob(".work-*"))


def test_a_file_is_kept_by_its_content(home: Home, folder: Path) -> None:
    place = _fetcher(home, folder).get([FILE])["a.whl"]
    assert place == home.downloads / FILE.sha256 / "a.whl"
    assert place.read_bytes() == CONTENT
    assert _fetcher(home).get([FILE])["a.whl"] == place
    assert not _leftovers(home)


def test_a_kept_file_that_changed_is_fetched_again(home: Home, folder: Path) -> None:
    place = _fetcher(home, folder).get([FILE])["a.whl"]
    place.write_bytes(CONTENT[:-1] + b"x")
    assert _fetcher(home, folder).get([FILE])["a.whl"].read_bytes() == CONTENT


def test_a_wrong_file_is_passed_over_for_the_next_source(home: Home, folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / FILE.name).write_bytes(b"tampered")
    assert _fetcher(home, bad, folder).get([FILE])["a.whl"].read_bytes() == CONTENT
    with pytest.raises(HashMismatch) as caught:
        _fetcher(Home(tmp_path / "other"), bad).get([FILE])
    error = caught.value
    assert (error.file, error.source, error.expected) == ("a.whl", f"folder {bad}", FILE.sha256)
    assert error.got == hashlib.sha256(b"tampered").hexdigest()
    assert not _leftovers(Home(tmp_path / "other"))


def test_offline_every_source_is_named_with_its_reason(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: Callable[[str, str], None]
) -> None:
    commands("npm", "echo npm error network request to registry failed, reason: getaddrinfo ENOTFOUND; exit 1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    sources = configured_sources(
        home, SilentProgress(), f"{tmp_path} npm:pyodide@1.0 pypi:mirror==1.0:x/ http://127.0.0.1:9/full/"
    )
    fetcher = Fetcher(home, SilentProgress(), sources)
    began = time.monotonic()
    with pytest.raises(SourceUnavailable) as caught:
        fetcher.get([FILE, pins.core_file(pins.LOCK)])
    with pytest.raises(SourceUnavailable) as again:
        fetcher.get([pins.core_file(pins.LOCK)])
    assert time.monotonic() - began < 20
    assert [source for source, _ in caught.value.tried] == [source.name for source in sources]
    text = str(again.value)
    assert "No source could give pyodide-lock.json:" in text
    assert f"- folder {tmp_path}: it has no such file" in text
    assert "- npm:pyodide@1.0: the registry can't be reached: request to registry failed" in text
    assert "- pypi:mirror==1.0: the package index can't be reached" in text
    assert "- http://127.0.0.1:9/full/: can't be reached" in text
    assert "CELLBLOCK_SOURCES" in text


def test_a_killed_fetch_leaves_a_part_that_the_next_one_removes(
    home: Home, folder: Path, tmp_path: Path, program: Callable[..., object], kill_when: Callable[..., None]
) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    os.mkfifo(slow / FILE.name)
    child = program(FETCH, home.root, slow, FILE.name, FILE.sha256)
    with (slow / FILE.name).open("wb") as pipe:
        pipe.write(CONTENT[:-1000])
        pipe.flush()
        kill_when(child, lambda: any(path.stat().st_size for path in home.downloads.glob(".work-*/a.whl")))
    assert not (home.downloads / FILE.sha256 / FILE.name).exists()
    assert _leftovers(home)
    assert _fetcher(home, folder).get([FILE])["a.whl"].read_bytes() == CONTENT
    assert not _leftovers(home)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _has_open(pid: int, path: Path) -> bool:
    return any(descriptor.resolve() == path for descriptor in Path(f"/proc/{pid}/fd").iterdir())


def test_two_fetches_of_one_file_take_turns(home: Home, tmp_path: Path, program: Callable[..., object]) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    os.mkfifo(slow / FILE.name)
    first = program(FETCH, home.root, slow, FILE.name, FILE.sha256)
    with (slow / FILE.name).open("wb") as pipe:
        second = program(FETCH, home.root, slow, FILE.name, FILE.sha256)
        # Its next step is to find the lock taken, and to say so.
        _wait_until(lambda: _has_open(second.pid, home.locks / f"download-{FILE.sha256}.lock"))
        time.sleep(0.2)
        pipe.write(CONTENT)
    outputs = [child.communicate(timeout=20)[0] for child in (first, second)]
    assert [child.returncode for child in (first, second)] == [0, 0], outputs
    assert f"waiting for another build (pid {first.pid})" in outputs[1]
    assert (home.downloads / FILE.sha256 / FILE.name).read_bytes() == CONTENT
    assert not _leftovers(home)


def test_a_home_that_cant_be_made_is_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(HomeUnusable, match=r"can't write to .*file/home: Not a directory(.|\n)*CELLBLOCK_HOME"):
        _fetcher(Home(tmp_path / "file" / "home"), folder).get([FILE])


@pytest.mark.network
def test_the_pinned_files_can_be_fetched_for_real(home: Home) -> None:
    fetcher = Fetcher(home, SilentProgress(), configured_sources(home, SilentProgress(), "default"))
    distribution = fetcher.distribution()
    fetcher.get([pins.core_file(pins.MAIN_MODULE), pins.core_file(pins.STDLIB)])
    fetcher.get(package.file for package in distribution.closure(["six"]))
