"""The guest as installers see it."""

from __future__ import annotations

import pytest
from cellblock_sandbox.image.distribution import Distribution
from cellblock_sandbox.image.packages.target import Target, is_pure, platforms_in_words
from packaging.markers import Marker, default_environment
from packaging.tags import parse_tag


def test_the_patch_release_is_the_pinned_one_while_the_lock_is_of_that_python():
    assert Target.of(Distribution("3.14.0", "2026_0", {})) == Target("3.14.2", "2026_0")
    assert Target.of(Distribution("3.15.1", "2027_0", {})) == Target("3.15.1", "2027_0")


def test_every_marker_variable_has_a_value(target):
    assert target.environment.keys() == default_environment().keys()


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("sys_platform == 'emscripten'", True),
        ("sys_platform == 'linux'", False),
        ("platform_machine == 'wasm32'", True),
        ("python_version >= '3.14'", True),
        ("python_full_version < '3.14.2'", False),
        ("os_name == 'nt'", False),
        ("implementation_name == 'cpython'", True),
    ],
)
def test_markers(target, marker, holds):
    assert Marker(marker).evaluate(target.environment) is holds


@pytest.mark.parametrize(
    "tag",
    [
        "cp314-cp314-pyemscripten_2026_0_wasm32",
        "cp314-abi3-pyemscripten_2026_0_wasm32",
        "cp32-abi3-pyemscripten_2026_0_wasm32",
        "cp314-none-pyemscripten_2026_0_wasm32",
        "py3-none-pyemscripten_2026_0_wasm32",
        "cp314-none-any",
        "py2.py3-none-any",
        "py30-none-any",
    ],
)
def test_tags_the_guest_can_import(target, tag):
    assert target.rank(parse_tag(tag)) is not None


@pytest.mark.parametrize(
    "tag",
    [
        "cp313-cp313-pyemscripten_2026_0_wasm32",
        "cp314-cp314-pyemscripten_2025_0_wasm32",
        "cp314-cp314-manylinux_2_28_x86_64",
        "cp314-cp314t-pyemscripten_2026_0_wasm32",
        "cp315-abi3-pyemscripten_2026_0_wasm32",
        "py2-none-any",
        "cp314-cp314-any",
    ],
)
def test_tags_the_guest_cant_import(target, tag):
    assert target.rank(parse_tag(tag)) is None


def test_the_more_specific_tag_is_the_better_one(target):
    order = [
        "cp314-cp314-pyemscripten_2026_0_wasm32",
        "cp39-abi3-pyemscripten_2026_0_wasm32",
        "py3-none-pyemscripten_2026_0_wasm32",
        "py3-none-any",
    ]
    ranks = [target.rank(parse_tag(tag)) for tag in order]
    assert ranks == sorted(ranks)


def test_platforms_are_told_in_words():
    tags = "cp314-cp314-manylinux_2_28_x86_64.manylinux2014_x86_64", "cp314-cp314-win_amd64", "cp313-none-any"
    assert platforms_in_words(tag for text in tags for tag in parse_tag(text)) == {
        "linux",
        "windows",
        "another Python (cp313)",
    }
    assert platforms_in_words(parse_tag("cp313-cp313-pyodide_2025_0_wasm32")) == {
        "another WebAssembly (cp313, pyodide_2025_0_wasm32)"
    }


def test_pure_means_any_platform():
    assert is_pure(parse_tag("py2.py3-none-any"))
    assert not is_pure(parse_tag("py3-none-pyemscripten_2026_0_wasm32"))


@pytest.mark.parametrize(("requires", "meets"), [(">=3.8", True), ("<3.14", False), ("", True), (">=3.x", True)])
def test_requires_python(target, requires, meets):
    assert target.meets(requires) is meets
