"""What the main module asks of its host is what the unit tests go by, and nothing but the refused lacks a function."""

import json
from pathlib import Path

from cellblock_sandbox.image import pins
from cellblock_sandbox.image.bundle import LINKS
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.linking.encoding import Reader
from cellblock_sandbox.linking.wasm import Module
from cellblock_sandbox.syscalls.refusals import REFUSALS

LIST = Path(__file__).parents[1] / "unit/syscalls/main_imports.txt"
LETTERS = {0x7F: "i", 0x7E: "j", 0x7D: "f", 0x7C: "d", 0x6F: "e"}
FUNCTION = 0


def signature(module, each):
    reader = Reader(module.type_at(Reader(each.type).uleb()), 1)
    parameters, results = (reader.vector(reader.byte) for _ in range(2))
    return "".join(map(LETTERS.get, parameters)) + "->" + "".join(map(LETTERS.get, results))


def test_the_list_of_imports_is_the_modules(image_home):
    fetched = Fetcher(Home(image_home), SilentProgress()).get([pins.core_file(pins.MAIN_MODULE)])
    module = Module.parse(fetched[pins.MAIN_MODULE].read_bytes())
    imports = [f"{each.module} {each.name} {signature(module, each)}" for each in module.imported(FUNCTION)]
    assert imports == LIST.read_text().splitlines()


def test_stubs_are_refusals(image_home):
    store = Store(Home(image_home))
    bundle = store.open("bundle", store.open("image", "core").manifest.inputs["bundle"])
    links = json.loads(bundle.file(LINKS).read_text())
    of_libraries = {each.rpartition(": ")[2] for each in links["undefined"]}
    refused = {name for name, refusal in REFUSALS.items() if refusal.errno is None}
    assert set(links["missing"]) - of_libraries == refused
