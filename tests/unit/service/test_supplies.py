"""What workers on other machines fetch: all that they need, nothing else, and nothing that was changed on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cellblock_sandbox.errors import HashMismatch
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store
from cellblock_service.errors import ServiceError
from cellblock_service.images import supplies
from cellblock_service.workers import supply as supplying
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.supply import NotSupplied, Supply

SHA = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A home with a bundle, an image of it, a wheel, and a secret beside them."""
    made = Store(Home(tmp_path / "service"))
    with made.create("bundle", "small", {"code": "1"}) as draft:
        (draft.folder / "code").write_bytes(bytes(range(256)) * 100)
        (draft.folder / "wheels").mkdir()
        (draft.folder / "wheels" / "a.whl").write_bytes(b"wheel")
    with made.create("image", "data", {"bundle": made.resolve("bundle", "small")}) as draft:
        (draft.folder / "memory").write_bytes(b"m" * 1000)
        draft.packages["numpy"] = "2"
    (made.home.root / "tokens.json").write_text("secret")
    return made


def supply(store: Store, tmp_path: Path, change: Any = lambda content, request: content) -> Supply:
    def ask(request: dict[str, Any]) -> Frame:
        try:
            return Frame({"kind": "reply"}, (change(supplies.piece(store, request), request),))
        except ServiceError as error:
            return Frame({"kind": "reply", "error": error.detail})

    return Supply(Home(tmp_path / "worker"), ask)


def test_an_image_comes_with_its_bundle_and_once(store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(supplying, "PIECE_BYTES", 1000)
    monkeypatch.setattr(supplies, "PIECE_BYTES", 1000)
    asked: list[dict[str, Any]] = []
    fetching = supply(store, tmp_path, lambda content, request: asked.append(request) or content)
    ident = fetching.image("data")
    theirs = Store(Home(tmp_path / "worker"))
    assert theirs.open("image", ident).manifest.packages == {"numpy": "2"}
    bundle = theirs.open("bundle", theirs.open("image", ident).manifest.inputs["bundle"])
    assert bundle.file("code").read_bytes() == bytes(range(256)) * 100
    assert bundle.file("wheels/a.whl").read_bytes() == b"wheel"
    # 25,600 bytes are 26 pieces, 1,000 are one and an empty one.
    assert sum(request["file"] == "code" for request in asked) == 26
    assert sum(request["file"] == "memory" for request in asked) == 2
    asked.clear()
    assert fetching.image("data") == ident
    assert all(request["file"] == "" for request in asked)


def test_a_byte_that_was_changed_on_the_way_is_noticed(store, tmp_path) -> None:
    fetching = supply(store, tmp_path, lambda content, request: content[::-1] if request["file"] == "code" else content)
    with pytest.raises(HashMismatch, match="code"):
        fetching.image("data")
    assert Store(Home(tmp_path / "worker")).list("bundle") == []


def test_a_wheel_comes_by_its_hash(store, tmp_path) -> None:
    place = store.home.downloads / SHA
    place.mkdir(parents=True)
    (place / "x-1-py3-none-any.whl").write_bytes(b"not what the hash says")
    fetching = supply(store, tmp_path)
    with pytest.raises(HashMismatch, match="x-1"):
        fetching.wheel(SHA, "x-1-py3-none-any.whl")
    assert not (tmp_path / "worker" / "downloads" / SHA).exists()
    with pytest.raises(NotSupplied):
        fetching.wheel("cd" * 32, "x-1-py3-none-any.whl")


@pytest.mark.parametrize(
    "request_",
    [
        {"what": "image", "id": "data", "file": "../../tokens.json", "offset": 0},
        {"what": "image", "id": "../..", "file": "tokens.json", "offset": 0},
        {"what": "image", "id": "data", "file": "memory", "offset": -1},
        {"what": "image", "id": "data", "file": "memory", "offset": 2**80},
        {"what": "image", "id": "data", "file": "memory", "offset": "0"},
        {"what": "image", "id": "data", "file": "manifest.sha256", "offset": 0},
        {"what": "image", "id": "none", "file": "", "offset": 0},
        {"what": "wheel", "id": "..", "file": "tokens.json", "offset": 0},
        {"what": "wheel", "id": SHA, "file": "../../tokens.json", "offset": 0},
        {"what": "wheel", "id": SHA, "file": "a/../../../x.whl", "offset": 0},
        {"what": "wheel", "id": SHA, "file": "", "offset": 0},
        {"what": "home", "id": "", "file": "tokens.json", "offset": 0},
        {"what": ["image"], "id": "data", "file": "", "offset": 0},
        {"what": "image"},
    ],
)
def test_nothing_else_is_given(store, request_) -> None:
    with pytest.raises(ServiceError, match="can't be given"):
        supplies.piece(store, request_)
