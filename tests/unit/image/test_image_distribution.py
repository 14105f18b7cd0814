"""Reading the lock: names however written, closures, providers, suggestions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cellblock_sandbox.errors import PackageUnknown
from cellblock_sandbox.image.distribution import Distribution


def _entry(name: str, *depends: str, imports: tuple[str, ...] = (), kind: str = "package") -> dict[str, Any]:
    return {
        "name": name,
        "version": "1.0",
        "file_name": f"{name}-1.0-py3-none-any.whl",
        "sha256": "0" * 64,
        "imports": list(imports or (name.lower(),)),
        "depends": list(depends),
        "package_type": kind,
    }


@pytest.fixture
def distribution(tmp_path: Path) -> Distribution:
    entries = [
        _entry("numpy"),
        _entry("pandas", "numpy", "python_dateutil"),
        _entry("python-dateutil", "Six", imports=("dateutil",)),
        _entry("six"),
        _entry("scikit-learn", "scipy", imports=("sklearn",)),
        _entry("scipy", "numpy", "libopenblas"),
        _entry("libopenblas", kind="shared_library"),
        _entry("Pillow", imports=("PIL",)),
        _entry("egg", "hen"),
        _entry("hen", "egg"),
        _entry("numpy-tests", "numpy", imports=("numpy",)),
    ]
    lock = tmp_path / "pyodide-lock.json"
    info = {"python": "3.14.0", "abi_version": "2026_0"}
    lock.write_text(json.dumps({"info": info, "packages": {entry["name"].lower(): entry for entry in entries}}))
    return Distribution.load(lock)


def test_names_are_compared_canonically(distribution: Distribution) -> None:
    assert distribution["PILLOW"] is distribution["pillow"]
    assert distribution["Python.Dateutil"].name == "python-dateutil"
    assert "python_dateutil" in distribution
    assert "nothing" not in distribution


def test_a_closure_lists_each_package_after_what_it_needs(distribution: Distribution) -> None:
    names = [package.name for package in distribution.closure(["Pandas", "scikit_learn", "numpy"])]
    assert sorted(names) == sorted(set(names))
    assert names.index("six") < names.index("python-dateutil") < names.index("pandas")
    assert names.index("libopenblas") < names.index("scipy") < names.index("scikit-learn")
    assert distribution["libopenblas"].is_library


def test_a_closure_depends_on_the_set_not_on_its_order(distribution: Distribution) -> None:
    assert distribution.closure(["scipy", "pandas"]) == distribution.closure(["pandas", "scipy", "pandas"])


def test_a_circle_of_dependencies_ends(distribution: Distribution) -> None:
    assert {package.name for package in distribution.closure(["egg"])} == {"egg", "hen"}


def test_a_module_has_a_provider(distribution: Distribution) -> None:
    provided = {module: distribution.provider(module) for module in ("PIL.Image", "sklearn.svm", "numpy", "nothing")}
    assert {module: package and package.name for module, package in provided.items()} == {
        "PIL.Image": "pillow",
        "sklearn.svm": "scikit-learn",
        "numpy": "numpy",
        "nothing": None,
    }


def test_an_unknown_package_is_named_with_the_nearest(distribution: Distribution) -> None:
    with pytest.raises(PackageUnknown, match=r"no package 'pandsa'.*2026_0.*\nDid you mean pandas") as caught:
        distribution["pandsa"]
    assert caught.value.nearest[0] == "pandas"
    assert distribution.nearest("sklearn")[0] == "scikit-learn"
    with pytest.raises(PackageUnknown, match="Check the spelling"):
        distribution.closure(["qqqqqqqq"])
