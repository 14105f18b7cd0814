"""The exception tree: its drawing, its families, and what a worker can send to the service."""

from __future__ import annotations

import pickle

import pytest
from cellblock_sandbox import errors
from cellblock_sandbox.errors import CellblockError, OurFault, UserFault

EXAMPLES = [
    errors.ImageMissing("image", "data", "/home/images", ["core"]),
    errors.ImageDamaged("image", "data", "memory.bin", "aa", "bb"),
    errors.ImageMismatch("bundle", "default", "engine", "wasmtime 49", "wasmtime 50"),
    errors.MemoryTooSmall(16, 75),
    errors.SandboxClosed(),
    errors.GuestCrashed("unreachable"),
    errors.SettingInvalid("CELLBLOCK_SOURCES", "foo:bar", "folders"),
    errors.PackageUnknown("panda", "Pyodide", ["pandas", "geopandas"]),
    errors.SourceUnavailable("a.whl", [("folder /x", "it has no such file")]),
    errors.HashMismatch("a.whl", "folder /x", "aa", "bb"),
    errors.ToolMissing("node", "there is no node command", "Install Node.js."),
    errors.HomeUnusable("/home", "No space left on device"),
    errors.InUse("bundle", "default", ["image data"]),
    errors.LinkError("duplicate symbol", module="x.so"),
    errors.RequirementInvalid("a @ b", "it names an address"),
    errors.VersionConflict("a", [(">=2", "b 1.0"), ("<2", "the requirement 'a<2'")], ["3.0", "1.0"], ["b needs it"]),
    errors.WheelMissing("polars 1.33", "cp314", ["linux", "macos"], asked_by="b 1.0", nearest="pandas"),
    errors.PackageDenied("a", "CELLBLOCK_PACKAGES_DENY names it", "b 1.0"),
    errors.IndexUnavailable("http://127.0.0.1/simple/", "a", "HTTP 500"),
    errors.BinaryWheel("a", "a-1.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl"),
    errors.WheelInvalid("a-1.0-py3-none-any.whl", "../x", "leads out of the wheel"),
    errors.ValueNotPortable("generator", "result['a'][3]"),
]
BRANCHES = {CellblockError, UserFault, OurFault, errors.SandboxError, errors.BuildError}


def _all(kind: type[CellblockError]) -> set[type[CellblockError]]:
    return {kind}.union(*(_all(child) for child in kind.__subclasses__()))


def test_every_error_has_an_example_here() -> None:
    ours = {kind for kind in _all(CellblockError) if kind.__module__ == errors.__name__}
    assert {type(error) for error in EXAMPLES} == ours - BRANCHES


def test_the_drawing_names_every_error_with_its_family() -> None:
    drawing = (errors.__doc__ or "").splitlines()
    for error in EXAMPLES:
        family = "user" if isinstance(error, UserFault) else "ours"
        assert any(f"-- {type(error).__name__} " in line and f" {family} " in line for line in drawing), type(error)


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_of_one_family_says_what_to_do_and_survives_pickling(error: CellblockError) -> None:
    assert isinstance(error, UserFault) != isinstance(error, OurFault)
    assert error.todo
    assert str(error).endswith(error.todo)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_keys_are_unique() -> None:
    keys = [type(error).key for error in EXAMPLES]
    assert len(set(keys)) == len(keys)


def test_messages_name_both_values() -> None:
    assert str(EXAMPLES[2]) == (
        "The bundle 'default' was made for engine wasmtime 49; this is engine wasmtime 50.\n"
        "Build it again with: cellblock bundle build default"
    )
    assert str(EXAMPLES[-1]).startswith("result['a'][3]: a generator can't travel.")
