"""The list of packages: how it is put together by the operator's rules, searched, and gone beyond."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cellblock_sandbox.image.distribution import Distribution, Package, RemoteFile
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_service.errors import PackageUnavailable
from cellblock_service.images import offered
from cellblock_service.images.offered import LOOKING, Offer, Offered, nearest, offers_of, ranked
from packaging.specifiers import SpecifierSet

ABI = "cp314-cp314-pyemscripten_2026_0_wasm32"


def package(name: str, version: str, *imports: str, tag: str = "py3-none-any", library: bool = False) -> Package:
    file = RemoteFile(f"{name.replace('-', '_')}-{version}-{tag}.whl", "0" * 64)
    return Package(name, version, file, imports, (), library)


DISTRIBUTION = Distribution(
    "3.14.2",
    "2026_0",
    {
        each.name: each
        for each in (
            package("numpy", "2.4", "numpy", tag=ABI),
            package("numpy-tests", "2.4", "numpy"),
            package("scikit-learn", "1.8", "sklearn", tag=ABI),
            package("pyyaml", "6.0", "yaml", "_yaml", tag=ABI),
            package("strictyaml", "1.7", "strictyaml"),
            package("micropip", "0.11", "micropip"),
            package("libopenblas", "0.3", library=True),
            package("nothing", "1.0"),
        )
    },
)


def names(policy: Policy | None = None, **installed: str) -> dict[str, Offer]:
    found = offers_of(DISTRIBUTION, {"numpy": "2.4", "added": "1.0", **installed}, [], policy or Policy())
    return {each.name: each for each in found}


def test_what_is_on_the_list() -> None:
    found = names()
    assert list(found) == ["added", "micropip", "numpy", "pyyaml", "scikit-learn", "strictyaml"]
    assert found["numpy"] == Offer("numpy", "2.4", "", ("numpy",), True, True, "distribution")
    assert found["strictyaml"] == Offer("strictyaml", "1.7", "", ("strictyaml",), False, False, "distribution")
    assert found["added"] == Offer("added", "1.0", "", (), False, True, "index")
    assert found["micropip"].installed
    assert names(numpy="2.5")["numpy"].version == "2.5", "the image's, not the distribution's"


def test_the_rules_hold() -> None:
    assert set(names()) - set(names(Policy(deny=frozenset({"numpy", "pyyaml"})))) == {"numpy", "pyyaml"}
    allowed = names(Policy(allow=frozenset({"strictyaml"})))
    assert set(allowed) == {"added", "micropip", "numpy", "strictyaml"}, "what is there may be used"
    pinned = names(Policy(pins={"pyyaml": SpecifierSet("==5.0"), "numpy": SpecifierSet(">=2")}))
    assert set(names()) - set(pinned) == {"pyyaml"}


def test_summaries_come_from_wheels_and_damaged_ones_have_none(tmp_path: Path) -> None:
    good, bad, odd = (tmp_path / name for name in (f"numpy-2.4-{ABI}.whl", "pyyaml-6.0-py3-none-any.whl", "odd.whl"))
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr(
            "numpy-2.4.dist-info/METADATA", "Name: numpy\nSummary: Arrays\n  of numbers \x1b\n\nSummary: x"
        )
    bad.write_bytes(b"no zip")
    odd.write_bytes(b"")
    found = {each.name: each for each in offers_of(DISTRIBUTION, {"numpy": "2.4"}, [good, bad, odd], Policy())}
    assert found["numpy"].summary == "Arrays of numbers"
    assert found["numpy"].binary
    assert found["pyyaml"].summary == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yaml", ["pyyaml", "strictyaml"]),
        ("YAML", ["pyyaml", "strictyaml"]),
        ("Scikit_Learn", ["scikit-learn"]),
        ("sk", ["scikit-learn"]),
        ("p", ["pyyaml", "micropip", "numpy"]),
        ("mp", ["numpy"]),
        ("strictyaml", ["strictyaml"]),
        ("zzz", []),
        ("", ["added", "micropip", "numpy", "pyyaml", "scikit-learn", "strictyaml"]),
    ],
)
def test_search(text: str, expected: list[str]) -> None:
    assert [each.name for each in ranked(list(names().values()), text)] == expected


def test_the_nearest() -> None:
    assert nearest(list(names().values()), "Numpyy") == ["numpy"]
    assert nearest(list(names().values()), "tensorflow") == []


class Elsewhere:
    """Stands for the catalogue: an image, and a builder process that looks names up."""

    standard_id = "an image"
    store = None

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def look_up(self, name: str) -> dict[str, Any]:
        self.asked.append(name)
        await self.open.wait()
        if name == "humanize":
            return {"name": name, "version": "4.0", "binary": False, "origin": "index"}
        raise PackageUnavailable(f"{name} has no wheel for WebAssembly")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    monkeypatch.setattr(offered, "_offers", lambda *_: list(names().values()))
    return Elsewhere()


@pytest.mark.asyncio
async def test_what_no_name_begins_with_is_looked_up_once(elsewhere: Elsewhere) -> None:
    found = Offered(elsewhere)  # type: ignore[arg-type]
    for _ in range(2):
        told = await found.search("Humanize", 5)
        assert told["total"] == 1
        assert told["packages"][0]["name"] == "humanize"
        assert told["packages"][0]["origin"] == "index"
        told = await found.search("numpyy", 5)
        missing = {"name": "numpyy", "detail": "numpyy has no wheel for WebAssembly", "nearest": ["numpy"]}
        assert told == {"packages": [], "total": 0, "missing": missing}
    told = await found.search("ikit", 5)
    assert [each["name"] for each in told["packages"]] == ["scikit-learn"]
    assert told["missing"]["name"] == "ikit"
    assert elsewhere.asked == ["humanize", "numpyy", "ikit"]
    for text in ("sklearn", "num", "", "no name", "../x", "x" * 101, "-"):
        await found.search(text, 5)
    assert len(elsewhere.asked) == 3


@pytest.mark.asyncio
async def test_few_are_looked_up_at_a_time(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offered, "LOOK_UP_S", 0.2)
    elsewhere.open.clear()
    found = Offered(elsewhere)  # type: ignore[arg-type]
    told = await asyncio.gather(*(found.search(f"zz{number}", 5) for number in range(20)))
    assert len(elsewhere.asked) <= LOOKING
    assert all("couldn't be looked for" in each["missing"]["detail"] for each in told)
    elsewhere.open.set()
    assert (await found.search("humanize", 5))["total"] == 1
