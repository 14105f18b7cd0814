"""The same for real: the public index, the pinned distribution. Versions move, so only what has to hold is asked."""

from __future__ import annotations

import pytest
from cellblock_sandbox.errors import VersionConflict, WheelMissing
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.inspection import inspect
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.provide import provide
from cellblock_sandbox.image.packages.target import Target
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.sources import Folder, configured_sources

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def distribution():
    """The real lock, from the downloads of the machine's own home."""
    return Fetcher(Home.find(), SilentProgress()).distribution()


@pytest.fixture
def get(home, distribution):
    """`provide` in a new home. The distribution's wheels are out of reach unless `sources` says otherwise."""

    def run(*requirements, installed=None, sources="", **rules):
        return provide(
            requirements,
            home=home,
            distribution=distribution,
            policy=Policy(**rules),
            installed=installed or {},
            progress=SilentProgress(),
            sources=configured_sources(Home.find(), SilentProgress(), sources) if sources else [Folder(home.root)],
        )

    return run


def test_a_pure_package(get):
    ((wheel, path),) = get("humanize>=4")
    assert (wheel.name, wheel.origin, wheel.pure, wheel.depends) == ("humanize", "index", True, ())
    assert path.name.startswith("humanize-")
    assert get("humanize>=4", offline=True) == [(wheel, path)]


def test_a_package_that_needs_what_is_installed(get):
    added = {wheel.name: wheel for wheel, _ in get("xarray", installed={"numpy": "2.4.3", "pandas": "3.0.2"})}
    assert {"numpy", "packaging", "pandas"} <= set(added["xarray"].depends)
    assert not {"numpy", "pandas"} & added.keys()


def test_a_binary_wheel_of_this_abi_from_the_index(get, distribution):
    added = {wheel.name: (wheel, path) for wheel, path in get("pydantic")}
    wheel, path = added["pydantic-core"]
    assert not wheel.pure
    assert wheel.file.name.endswith("pyemscripten_2026_0_wasm32.whl")
    assert [name for name in inspect(path, Target.of(distribution)).libraries if "_pydantic_core" in name]
    assert list(added)[-1] == "pydantic"


def test_a_package_that_exists_only_natively(get):
    with pytest.raises(WheelMissing, match=r"linux, .*none for WebAssembly(.|\n)*polars-[\d.]+-cp314") as caught:
        get("polars")
    assert {"linux", "macos", "windows"} <= set(caught.value.platforms)
    with pytest.raises(WheelMissing, match=r"polars 1.33.1 has wheels for linux"):
        get("polars==1.33.1")


def test_versions_that_dont_go_together(get):
    with pytest.raises(VersionConflict) as caught:
        get("requests>=2.32,<2.34", "urllib3<1.21")
    assert caught.value.name == "urllib3"
    assert {asker.partition(" ")[0] for _, asker in caught.value.wanted} == {"requests", "the"}
