"""The store: whole or not there, checked when opened, by several builders at once."""

from __future__ import annotations

import dataclasses
import errno
import shutil
from collections.abc import Callable

import pytest
from cellblock_sandbox.errors import ImageDamaged, ImageMismatch, ImageMissing, InUse, SettingInvalid
from cellblock_sandbox.image import identity
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Identity, Kind
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store, Stored

INPUTS = {"pyodide": "314", "numpy": "aa"}

BUILD = """
import sys, time
from pathlib import Path
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import LineProgress
from cellblock_sandbox.image.store import Store
root, linger, text = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
store, inputs = Store(Home(root)), {"pyodide": "314", "numpy": "aa"}
ident = store.id_for("bundle", inputs)
with store.building("bundle", ident, LineProgress(sys.stdout)):
    if store.find("bundle", ident):
        print("found")
    else:
        with store.create("bundle", "default", inputs) as draft:
            (draft.folder / "code.cwasm").write_text(text)
            (root / f"ready-{text}").touch()
            time.sleep(linger)
        print("built")
"""


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home)


def _build(store: Store, name: str = "default", inputs: dict[str, str] = INPUTS) -> Stored:
    with store.create("bundle", name, inputs) as draft:
        (draft.folder / "code.cwasm").write_bytes(b"compiled" * 1000)
        (draft.folder / "layers").mkdir()
        (draft.folder / "layers" / "site.zip").write_bytes(b"zip")
        draft.packages["numpy"] = "2.4.3"
        draft.details["table_base"] = 20_000
    return store.open("bundle", name)


def _image_of(store: Store, bundle: Stored, name: str = "data") -> None:
    with store.create("image", name, {"bundle": bundle.id}) as draft:
        (draft.folder / "memory.bin").write_bytes(b"pages")


def test_what_is_stored_is_found_by_name_and_by_id(store: Store) -> None:
    stored = _build(store)
    assert stored.id == store.id_for("bundle", INPUTS)
    assert store.open("bundle", stored.id) == stored
    manifest = stored.manifest
    assert (manifest.packages, manifest.details) == ({"numpy": "2.4.3"}, {"table_base": 20_000})
    assert manifest.inputs == INPUTS
    assert [file.name for file in manifest.files] == ["code.cwasm", "layers/site.zip"]
    assert manifest.size == 8003
    assert stored.file("layers/site.zip").read_bytes() == b"zip"


def test_the_id_says_what_it_was_made_from(store: Store) -> None:
    assert store.id_for("bundle", INPUTS) == store.id_for("bundle", dict(reversed(INPUTS.items())))
    assert store.id_for("bundle", INPUTS) != store.id_for("bundle", {**INPUTS, "numpy": "ab"})
    assert store.id_for("bundle", INPUTS) != store.id_for("image", INPUTS)


def test_two_names_may_mean_the_same(store: Store) -> None:
    first = _build(store)
    assert _build(store, "science").id == first.id
    (entry,) = store.list("bundle")
    assert (entry.names, entry.problem) == (("default", "science"), "")


@pytest.mark.parametrize("file", ["code.cwasm", "layers/site.zip", "manifest.json", "manifest.sha256"])
def test_a_changed_byte_is_refused_by_name(store: Store, file: str) -> None:
    path = _build(store).file(file)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ImageDamaged, match="bundle 'default' is damaged") as caught:
        store.open("bundle", "default")
    named = file if file != "manifest.sha256" else "manifest.json"
    assert caught.value.file == named
    assert caught.value.expected != caught.value.got
    assert [damage.file for damage in store.verify("bundle", "default")] == [named]
    assert store.find("bundle", "default") is None


def test_every_byte_of_the_manifest_counts(store: Store) -> None:
    path = _build(store).file("manifest.json")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ImageDamaged):
            store.open("bundle", "default")


def test_verify_lists_all_damage(store: Store) -> None:
    stored = _build(store)
    assert store.verify("bundle", "default") == []
    stored.file("code.cwasm").write_bytes(b"short")
    stored.file("layers/site.zip").unlink()
    damages = [dataclasses.astuple(damage) for damage in store.verify("bundle", "default")]
    assert damages == [("code.cwasm", "8000 bytes", "5 bytes"), ("layers/site.zip", "3 bytes", "missing")]


def test_a_damaged_one_is_replaced_by_building_it_again(store: Store) -> None:
    _build(store).file("code.cwasm").write_bytes(b"x" * 8000)
    assert _build(store).file("code.cwasm").read_bytes() == b"compiled" * 1000


def test_checking_can_be_left_to_a_parent(store: Store) -> None:
    _build(store).file("code.cwasm").write_bytes(b"x" * 8000)
    assert store.open("bundle", "default", verify=False).manifest.name == "default"


@pytest.mark.parametrize(
    ("what", "current"),
    [("engine", Identity("1", "wasmtime 0", "1")), ("build", Identity("1", "", "0"))],
)
def test_another_identity_is_refused_with_both_values(
    store: Store, monkeypatch: pytest.MonkeyPatch, what: str, current: Identity
) -> None:
    manifest = _build(store).manifest
    current = dataclasses.replace(current, engine=current.engine or manifest.identity.engine)
    monkeypatch.setattr(Identity, "current", lambda kind: current)
    with pytest.raises(ImageMismatch) as caught:
        store.open("bundle", "default")
    assert caught.value.what == what
    assert getattr(manifest.identity, what) in str(caught.value)
    assert getattr(current, what) in str(caught.value)
    assert "made for" in store.list("bundle")[0].problem
    assert store.verify("bundle", "default") == []


def test_the_guests_sources_are_part_of_an_images_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = set()
    for text in (b"a = 1", b"a = 2"):
        monkeypatch.setattr(identity, "guest_files", lambda text=text: {"runner.py": text})
        identity._guest_hash.cache_clear()
        builds.add(Identity.current("image").build)
    identity._guest_hash.cache_clear()
    assert len(builds) == 2


@pytest.mark.parametrize("name", ["nothing", "../bundles", "", "0123456789abcdef", "/etc"])
def test_what_isnt_there_is_missing(store: Store, name: str) -> None:
    with pytest.raises(ImageMissing, match="No bundle has been built there"):
        store.open("bundle", name)
    _build(store)
    with pytest.raises(ImageMissing, match="There are: default"):
        store.open("bundle", name)


def test_a_broken_name_file_is_named(store: Store) -> None:
    stored = _build(store)
    pointer = store.folder("bundle") / "by-name" / "default"
    pointer.write_text("rubbish")
    with pytest.raises(ImageDamaged, match="by-name/default should be an id and is 'rubbish'"):
        store.open("bundle", "default")
    pointer.write_text("0" * 16)
    with pytest.raises(ImageMissing):
        store.open("bundle", "default")
    assert store.open("bundle", stored.id) == stored


@pytest.mark.parametrize("name", ["", "A", "a/b", ".a", "0123456789abcdef", "a" * 65])
def test_a_name_that_cant_be_one_is_refused(store: Store, name: str) -> None:
    with pytest.raises(SettingInvalid), store.create("bundle", name, INPUTS):
        pass


def test_an_error_in_a_build_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.create("bundle", "default", INPUTS) as draft:
            (draft.folder / "code.cwasm").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.list("bundle") == []
    assert not list(store.folder("bundle").glob(".work-*"))


def test_a_killed_build_leaves_no_half_and_the_next_one_sweeps(
    store: Store, home: Home, program: Callable[..., object], kill_when: Callable[..., None]
) -> None:
    home.root.mkdir()
    kill_when(program(BUILD, home.root, 60, "dead"), (home.root / "ready-dead").exists)
    assert store.list("bundle") == []
    assert store.find("bundle", "default") is None
    assert list(home.bundles.glob(".work-*"))
    _build(store)
    assert store.open("bundle", "default")
    assert not list(home.bundles.glob(".work-*"))


def test_two_builders_of_one_bundle_take_turns(store: Store, home: Home, program: Callable[..., object]) -> None:
    home.root.mkdir()
    children = [program(BUILD, home.root, 0.7, text) for text in ("one", "two")]
    outputs = [child.communicate(timeout=20)[0] for child in children]
    assert sorted(output.splitlines()[-1] for output in outputs) == ["built", "found"], outputs
    assert sum("waiting for another build (pid" in output for output in outputs) == 1
    assert store.open("bundle", "default")


def test_two_builders_without_a_lock_dont_harm_each_other(store: Store) -> None:
    with store.create("bundle", "default", INPUTS) as slow:
        (slow.folder / "code.cwasm").write_bytes(b"slow")
        first = _build(store)
    assert store.open("bundle", "default") == first


def test_removing(store: Store) -> None:
    bundle = _build(store)
    _image_of(store, bundle)
    with pytest.raises(InUse, match="bundle 'default' is used by: image data"):
        store.remove("bundle", "default")
    store.remove("image", "data")
    assert store.remove("bundle", "default") == bundle.id
    assert store.list("bundle") == []
    assert not bundle.folder.exists()
    with pytest.raises(ImageMissing):
        store.remove("bundle", "default")


def test_a_bundle_in_use_and_a_damaged_one_can_be_removed(store: Store) -> None:
    bundle = _build(store)
    _image_of(store, bundle)
    bundle.file("manifest.json").write_bytes(b"{}")
    assert store.list("bundle")[0].problem
    store.remove("bundle", bundle.id, force=True)
    assert store.list("bundle") == []


def test_opening_writes_nothing(store: Store, home: Home) -> None:
    _build(store)
    shutil.rmtree(home.locks)
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}
    store.open("bundle", "default")
    store.list("image")
    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == before


def test_prune_removes_what_no_name_means_and_nothing_else(home: Home) -> None:
    store = Store(home)

    def build(kind: Kind, name: str, **inputs: str) -> str:
        with store.create(kind, name, inputs) as draft:
            (draft.folder / "content").write_bytes(repr(inputs).encode())
        return draft.id

    old_bundle = build("bundle", "default", version="1")
    old_image = build("image", "data", bundle=old_bundle, version="1")
    bundle = build("bundle", "default", version="2")
    assert store.prune(SilentProgress()) == (), "the old bundle still serves an image that has a name"
    image = build("image", "data", bundle=bundle, version="2")
    assert sorted(store.prune(SilentProgress())) == sorted([old_image, old_bundle])
    assert [entry.id for entry in store.list("image")] == [image]
    assert [entry.id for entry in store.list("bundle")] == [bundle]


def test_what_can_not_be_marked_as_used_is_there_all_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ident = _build(store).id

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("os.utime", refuse)
    assert store.use("bundle", ident)
    assert not store.use("bundle", "0123456789abcdef")
