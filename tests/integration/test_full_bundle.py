"""The full bundle: every extension module in it can be imported, in sandboxes that had nothing loaded."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
from cellblock_sandbox import Image, Limits
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store

SITE_PACKAGES = "/lib/python3.14/site-packages/"
# What every source of the distribution has; what indexes add to it changes from day to day.
PACKAGES = [
    "PIL",
    "contourpy",
    "jiter",
    "kiwisolver",
    "lxml",
    "matplotlib",
    "numpy",
    "pandas",
    "pydantic_core",
    "regex",
    "scipy",
    "sklearn",
    "tiktoken",
]
EXCEPTIONS = {
    "PIL._imagingtk": "needs Tk, which no Pyodide has; there, too, importing it ends the interpreter",
    "matplotlib.backends._tkagg": "needs Tk, which no Pyodide has",
    "scipy.libs.libopenblas": "a plain library, for other libraries",
    "scipy.linalg._matfuncs_sqrtm_triu": "works only when SciPy itself imports it, as elsewhere",
}
IMPORT = """
import importlib, warnings
warnings.simplefilter("ignore")
failed = {}
for name in data:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = f"{type(error).__name__}: {error}"
return failed
"""


@pytest.fixture(scope="module")
def links(image_home: Path) -> dict:
    bundle = Store(Home.find(image_home)).open("bundle", "full", verify=False)
    return json.loads(bundle.file("links.json").read_bytes())


@pytest.fixture(scope="module")
def modules(links: dict) -> dict[str, list[str]]:
    """The extension modules by top-level package."""
    found = defaultdict(list)
    for path in links["libraries"]:
        folder, _, file = path.removeprefix(SITE_PACKAGES).rpartition("/")
        name = ".".join([*filter(None, folder.split("/")), file.partition(".")[0]])
        found[name.partition(".")[0]].append(name)
    return found


@pytest.fixture(scope="module")
def core(image_home: Path) -> Image:
    return Image.open("core", home=image_home)


def test_it_holds_hundreds_of_libraries(links):
    assert len(links["libraries"]) >= 200


@pytest.mark.parametrize("package", PACKAGES)
def test_every_extension_module_can_be_imported(core, modules, package):
    names = [name for name in modules[package] if name not in EXCEPTIONS]
    assert names
    with core.sandbox(Limits(timeout_s=120, memory_mb=2048)) as sandbox:
        outcome = sandbox.run(IMPORT, data=names)
    assert outcome.status == "completed", outcome.error
    assert outcome.value == {}


def test_the_exceptions_are_some(core, modules):
    names = [name for name in EXCEPTIONS if name != "PIL._imagingtk"]
    assert all(name in modules[name.partition(".")[0]] for name in EXCEPTIONS)
    for name in names:
        with core.sandbox() as sandbox:
            assert sandbox.run(IMPORT, data=[name]).value.keys() == {name}
    with core.sandbox() as sandbox:
        assert sandbox.run(IMPORT, data=["PIL._imagingtk"]).error.type == "GuestCrashed"


def test_undefined_symbols_are_named_with_their_library(links):
    known = set(links["libraries"])
    assert links["undefined"]
    for line in links["undefined"]:
        library, _, symbol = line.partition(": ")
        assert library in known
        assert symbol
