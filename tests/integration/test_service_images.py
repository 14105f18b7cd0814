"""Images on demand through the real service: what a block imports is there, and waiting for it is told."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store
from serving import Service

CODE = "import sympy, kiwisolver\nreturn str(sympy.factor(sympy.Symbol('x') ** 2 - 1))"


@pytest.fixture(scope="module")
def home(image_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with the standard images; their big files are those of the shared one."""
    own = tmp_path_factory.mktemp("home")
    for kind, wanted in (("bundles", ["full"]), ("images", ["core", "data"])):
        names = [image_home / kind / "by-name" / name for name in wanted]
        (own / kind / "by-name").mkdir(parents=True)
        for name in names:
            ident = name.read_text().strip()
            shutil.copyfile(name, own / kind / "by-name" / name.name)
            if not (own / kind / ident).exists():
                shutil.copytree(image_home / kind / ident, own / kind / ident, copy_function=_link)
    return own


def _link(source: str, target: str) -> None:
    """Share a file's bytes, but for the manifest, whose date tells the last use."""
    if source.endswith("manifest.json"):
        shutil.copyfile(source, target)
    else:
        Path(target).hardlink_to(source)


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Service]:
    running = Service(home, CELLBLOCK_WORKERS="2", CELLBLOCK_OFFLINE="1")
    running.wait_ready()
    yield running
    running.stop()
    assert running.process.returncode == 0


def images(service: Service) -> dict:
    status, answer = service.get("/v1/images")
    assert status == 200
    return answer


def test_imports_are_there_without_being_named(service: Service) -> None:
    first = service.run(CODE)
    assert (first["status"], first["result"]) == ("completed", "(x - 1)*(x + 1)")
    second = service.run(CODE)
    assert second["result"] == first["result"]
    assert second["timings_ms"]["load"] < first["timings_ms"]["load"]
    made = [each for each in images(service)["images"] if "sympy" in each.get("imports", ())]
    assert len(made) == 1
    assert made[0]["status"] == "ready"
    assert made[0]["packages"]["sympy"]


def test_many_requests_for_one_missing_image_build_it_once(service: Service, home: Path) -> None:
    code = "import regex, cycler\nreturn regex.sub('a', 'b', data)"
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: service.run(code, data="banana"), range(6)))
    assert [each["result"] for each in answers] == ["bbnbnb"] * 6
    with_regex = [each for each in Store(Home.find(home)).list("image") if "regex" in each.manifest.details["preload"]]
    assert len(with_regex) == 1


def test_who_does_not_wait_is_told_how_far_it_is(service: Service) -> None:
    code = "import sklearn.cluster\nreturn sklearn.__name__"
    status, answer = service.post({"code": code}, Prefer="wait=0")
    assert (status, answer["error_key"]) == (503, "image_loading")
    assert answer["progress"]["status"] == "loading"
    deadline = time.monotonic() + 60
    shown = []
    while status == 503 and time.monotonic() < deadline:
        shown += images(service)["loading"]
        status, answer = service.post({"code": code}, Prefer="wait=1")
        assert status in (200, 503)
    assert any(each["status"] == "loading" and each["title"] for each in shown)
    assert answer["result"] == "sklearn"
    assert images(service)["loading"] == []


def test_a_listed_package_that_cant_be_had_is_refused_with_the_nearest(service: Service) -> None:
    status, answer = service.post({"code": "return 1", "packages": ["numpyy"]})
    assert (status, answer["error_key"]) == (422, "package_unavailable")
    assert "numpy" in answer["detail"]
    status, answer = service.post({"code": "return 1", "packages": ["not a requirement"]})
    assert (status, answer["error_key"]) == (422, "package_unavailable")
    assert service.run("return 1", packages=["numpy", "pandas"])["result"] == 1


def test_the_packages_there_are(service: Service) -> None:
    status, answer = service.get("/v1/packages?search=sklearn&limit=2")
    assert status == 200
    first = answer["packages"][0]
    assert (first["name"], first["binary"], first["installed"]) == ("scikit-learn", True, True)
    assert first["summary"]
    assert service.run("import sklearn\nreturn sklearn.__version__")["result"] == first["version"]
    _, everything = service.get("/v1/packages?limit=1000")
    assert everything["total"] == len(everything["packages"]) > 200
    names = [each["name"] for each in everything["packages"]]
    assert names == sorted(names)
    assert {"micropip", "numpy", "geopandas"} <= set(names)
    assert not any(name.endswith("-tests") or name == "libopenblas" for name in names)
    assert {each["installed"] for each in everything["packages"]} == {True, False}


def test_a_package_that_does_not_exist_is_named_with_the_nearest(service: Service) -> None:
    _, answer = service.get("/v1/packages?search=Numpyy")
    assert (answer["packages"], answer["total"]) == ([], 0)
    assert (answer["missing"]["name"], answer["missing"]["nearest"][0]) == ("Numpyy", "numpy")
    assert "CELLBLOCK_OFFLINE" in answer["missing"]["detail"]
    _, answer = service.get("/v1/packages?search=no%20name")
    assert "no name of a package" in answer["missing"]["detail"]


def test_an_import_that_cant_be_had_fails_where_it_stands(service: Service) -> None:
    answer = service.run("x = 1\nimport geopandas")
    assert (answer["error"]["type"], answer["error"]["line"]) == ("ModuleNotFoundError", 2)
    assert (
        service.run("try:\n    import geopandas\nexcept ImportError:\n    return 'another way'")["result"]
        == "another way"
    )


def test_micropip_says_no_in_the_block(service: Service) -> None:
    code = "import micropip\ntry:\n    await micropip.install('humanize')\nexcept ValueError as error:\n    "
    assert "humanize" in service.run(code + "return str(error)")["result"]


def test_an_image_that_went_away_is_built_again(service: Service, home: Path) -> None:
    service.run(CODE)
    store = Store(Home.find(home))
    for entry in store.list("image"):
        if "sympy" in entry.manifest.details["preload"]:
            store.remove("image", entry.id)
    for pid in service.workers():
        os.kill(pid, signal.SIGKILL)  # they have it open
    time.sleep(0.5)
    service.wait_ready()
    assert service.run(CODE)["result"] == "(x - 1)*(x + 1)"


@pytest.mark.network
def test_micropip_through_the_service(home: Path) -> None:
    running = Service(home, CELLBLOCK_WORKERS="1", CELLBLOCK_PACKAGES_DENY="iniconfig")
    try:
        running.wait_ready()
        code = "import micropip\nawait micropip.install(data)\nimport humanize\nreturn humanize.naturalsize(10**9)"
        first, second = running.run(code, data="humanize==4.13.0"), running.run(code, data="humanize==4.13.0")
        assert (first["result"], second["result"]) == ("1.0 GB", "1.0 GB")
        refused = running.run(code, data="iniconfig")
        assert (refused["status"], refused["error"]["type"]) == ("error", "PackageError")
        assert "CELLBLOCK_PACKAGES_DENY" in refused["error"]["message"]
        answer = running.run("import humanize\nreturn humanize.__version__", packages=["humanize==4.13.0"])
        assert answer["result"] == "4.13.0"
    finally:
        running.stop()
