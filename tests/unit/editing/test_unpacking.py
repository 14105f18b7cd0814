"""Sources laid out as folders: only sources, only inside, once."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest
from cellblock_service.editing import unpacking
from cellblock_service.editing.unpacking import sweep, unpacked


def archive(path: Path, **files: str) -> str:
    with zipfile.ZipFile(path, "w") as content:
        for name, text in files.items():
            content.writestr(name, text)
    return str(path)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_only_sources_are_laid_out(tmp_path: Path) -> None:
    one = archive(
        tmp_path / "one.whl",
        **{"p/__init__.py": "1", "p/a.pyi": "2", "p/lib.so": "3", "p/tests/t.py": "4", "p.txt": ""},
    )
    two = archive(tmp_path / "two.whl", **{"p/__init__.py": "other", "q.py": "5"})
    folder = unpacked(tmp_path / "root", "id1", [one, two])
    assert names(folder) == ["p/__init__.py", "p/a.pyi", "q.py"]
    assert (folder / "p/__init__.py").read_text() == "1"


def test_nothing_leaves_the_folder(tmp_path: Path) -> None:
    evil = archive(tmp_path / "evil.whl", **{"../../up.py": "1", "/abs.py": "2", "a/../../../b.py": "3"})
    unpacked(tmp_path / "deep" / "root", "id1", [evil])
    assert [path for path in tmp_path.rglob("*.py") if "id1" not in path.parts] == []
    assert not Path("/abs.py").exists()


def test_it_is_done_once(tmp_path: Path) -> None:
    path = archive(tmp_path / "one.whl", **{"a.py": "1"})
    folder = unpacked(tmp_path / "root", "id1", [path])
    (folder / "mark").touch()
    assert unpacked(tmp_path / "root", "id1", [str(tmp_path / "gone.whl")]) == folder
    assert (folder / "mark").exists()
    assert [each.name for each in (tmp_path / "root").iterdir()] == ["id1"]


def test_what_cant_be_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_FILE", 10)
    (tmp_path / "broken.whl").write_bytes(b"PK\3\4 no zip")
    large = archive(tmp_path / "large.whl", **{"large.py": "x" * 11, "a.py": "1", "a.py/b.py": "2"})
    folder = unpacked(tmp_path / "root", "id1", [str(tmp_path / "broken.whl"), large])
    assert names(folder) == ["a.py"]


def test_what_nothing_needs_is_removed(tmp_path: Path) -> None:
    root, store = tmp_path / "root", tmp_path / "bundles"
    for name in ("id1", "id2", ".work-old", ".work-new"):
        (root / name).mkdir(parents=True)
    (store / "id2").mkdir(parents=True)
    past = time.time() - 7200
    os.utime(root / ".work-old", (past, past))
    sweep(root, [store, tmp_path / "absent"])
    assert sorted(each.name for each in root.iterdir()) == [".work-new", "id2"]
    sweep(tmp_path / "absent", [store])
