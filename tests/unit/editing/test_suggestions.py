"""What jedi suggests for a block, with a folder of sources in place of the guest's packages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from cellblock_service.editing import suggestions
from cellblock_service.editing.suggestions import MAX_ITEMS, suggest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sources that must not be run, one of which this Python may not even be able to compile."""
    package = tmp_path / "somepackage"
    package.mkdir()
    (package / "__init__.py").write_text(
        "raise SystemExit('it was run')\ndef shout(text: str) -> str:\n    '''Loud.'''\n"
    )
    (package / "newer.py").write_text(
        "type Pair[T] = tuple[T, T]\nclass Newer[T]:\n    def method(self): return t'{self}'\n"
    )
    (tmp_path / "wide.py").write_text("\n".join(f"name_{number:03} = {number}" for number in range(300)))
    return tmp_path


def labels(code: str, *folders: Path, line: int | None = None, column: int | None = None) -> list[str]:
    return [each["label"] for each in items(code, *folders, line=line, column=column)]


def items(code: str, *folders: Path, line: int | None = None, column: int | None = None) -> list[dict[str, Any]]:
    """Suggest at the end of the code, or at a place."""
    lines = code.split("\n")
    found = suggest(code, line or len(lines), column or len(lines[-1]) + 1, folders)
    return found["items"]


def test_the_blocks_own_names_come_first(folder: Path) -> None:
    assert labels("dataset = 1\ndef data_of(): pass\nda") == ["data_of", "dataset", "data"]


def test_given_names_are_known() -> None:
    assert {"context", "data", "env", "flow", "global_", "inputs", "msg", "node"} <= {
        name for letter in "cdefgimn" for name in labels(letter)
    }
    assert labels("flow.")[:3] == ["get", "keys", "set"]
    assert labels("node.se") == ["send"]
    node = ["debug", "error", "id", "log", "name", "outputCount", "path", "send", "status", "trace", "warn"]
    assert sorted(name for name in labels("node.") if not name.startswith("_")) == node
    assert {"get", "items", "keys"} <= set(labels("env."))
    assert "items" in labels("msg.")
    assert labels("return node.sta") == ["status"]


def test_packages_are_read_and_not_run(folder: Path) -> None:
    (item,) = items("import somepackage\nsomepackage.sh", folder)
    assert item == {
        "label": "shout",
        "kind": "function",
        "detail": "shout(text: str) -> str",
        "documentation": "Loud.",
    }
    assert labels("from somepackage.newer import Newer\nNewer().me", folder) == ["method"]
    assert "somepackage" not in sys.modules


def test_what_isnt_a_package_here_isnt_one_there() -> None:
    assert "mypy" not in sys.modules
    assert labels("import mypy\nmypy.") == []
    assert "mypy" not in labels("import myp")


def test_an_answer_is_bounded(folder: Path) -> None:
    found = suggest("import wide\nwide.", 2, 6, [folder])
    assert len(found["items"]) == MAX_ITEMS
    assert found["incomplete"]


def test_items_without_time_have_a_label(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "DESCRIBE_S", -1.0)
    (item,) = items("import somepackage\nsomepackage.sh", folder)
    assert item == {"label": "shout", "kind": "statement", "detail": "", "documentation": ""}


def test_columns_are_characters_from_1() -> None:
    assert labels("äpfel = '\U0001f34e'; äp.x", line=1, column=16) == ["äpfel"]


@pytest.mark.parametrize("place", [(1, 6), (1, 99), (99, 99)])
def test_a_place_behind_the_end_is_the_end(place: tuple[int, int]) -> None:
    assert [each["label"] for each in suggest("msg.k", *place, [])["items"]] == ["keys"]


@pytest.mark.parametrize("code", ["x = 1\r\nmsg.k", "x = 1\rmsg.k", "x = '\x0b\u2028'\nmsg.k"])
def test_lines_end_where_python_ends_them(code: str) -> None:
    assert [each["label"] for each in suggest(code, 2, 6, [])["items"]] == ["keys"]
