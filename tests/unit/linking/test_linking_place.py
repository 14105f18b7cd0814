"""dylink.0, and where symbols.py puts what it asks for."""

import pytest
import wasmtime
from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.dylink import read_dylink
from cellblock_sandbox.linking.symbols import place
from cellblock_sandbox.linking.wasm import Module

EMPTY = "(module)"


def test_dylink_section(side):
    data = side(EMPTY, memory=(100, 4), table=(7, 1), needed=["a.so", "b.so"], paths=["$ORIGIN/x"], weak=[("env", "w")])
    info = read_dylink(Module.parse(data), "x.so")
    assert (info.memory_size, info.memory_alignment, info.table_size, info.table_alignment) == (100, 4, 7, 1)
    assert (info.needed, info.runtime_paths) == (["a.so", "b.so"], ["$ORIGIN/x"])
    assert info.weak_imports == {("env", "w")}


def test_no_dylink_section(main):
    with pytest.raises(LinkError, match=r"/lib/x.so is not a WebAssembly side module"):
        place(main, {"/lib/x.so": main})


def test_truncated_dylink_section(side):
    module = Module.parse(side(EMPTY))
    for length in range(len(b"\x08dylink.0") + 1, len(module.sections[0][1])):
        module.sections[0] = (0, module.sections[0][1][:length])
        with pytest.raises(LinkError):
            read_dylink(module, "x.so")


def test_placement_and_alignment(main, side):
    layout = place(main, {"/b.so": side(memory=(10, 12), table=(1, 3)), "/a.so": side(memory=(100, 0), table=(5, 0))})
    first, second = layout.libraries
    assert [first.path, second.path] == ["/a.so", "/b.so"]
    assert (first.memory_base, second.memory_base) == (9008, 12288)  # at least 16 bytes, as malloc's blocks
    assert (first.table_base, second.table_base) == (3, 8)
    assert layout.heap_start == 12304
    assert layout.first_new_slot == 9
    assert layout.pages == 2


def test_memory_grows_to_what_libraries_need(main, side):
    assert place(main, {"/a.so": side(memory=(10 * 65536, 0))}).pages == 11


def test_one_function_has_one_slot(main, side):
    text = '(module (func $f (export "f")) (export "alias" (func $f)) (func (export "g")))'
    layout = place(main, {"/a.so": side(text, table=(0, 0))})
    slots = layout.libraries[0].slots
    assert slots["f"] == slots["alias"] != slots["g"]
    assert layout.main.slots["twice"] == 1  # the one its element segment gives it
    assert layout.main.slots["slotless"] >= layout.first_new_slot
    every = [slot for slot, _, _ in layout.new_slots]
    assert every == list(range(layout.first_new_slot, layout.table_size))


def test_slots_of_a_library_follow_its_base(main, side):
    layout = place(main, {"/a.so": side(), "/b.so": side()})
    assert [unit.slots["thrice"] for unit in layout.libraries] == [3, 4]


def test_addresses(main, side):
    layout = place(main, {"/a.so": side()})
    unit = layout.libraries[0]
    assert layout.main.address("greeting") == 1024
    assert unit.address("own_data") == unit.memory_base + 2
    assert unit.address("greeting") is None


def test_a_global_that_is_passed_on_is_no_definition(main, side):
    text = """(module (import "env" "__memory_base" (global $base i32)) (export "base" (global $base))
      (global (export "own") i32 (i32.const 4)))"""
    unit = place(main, {"/a.so": side(text)}).libraries[0]
    assert unit.address("base") is None
    assert unit.address("own") == unit.memory_base + 4


ORIGIN = {
    "beside": ("/site/p/a.so", ["/site/p/b.so", "/other/b.so"], [], "b.so", "/site/p/b.so"),
    "runtime path": ("/s/p/a.so", ["/s/p/b.so", "/s/libs/b.so"], ["$ORIGIN/../libs"], "b.so", "/s/libs/b.so"),
    "absolute path": ("/site/a.so", ["/usr/b.so"], ["/usr"], "b.so", "/usr/b.so"),
    "anywhere": ("/site/a.so", ["/else/where/b.so"], [], "b.so", "/else/where/b.so"),
}  # fmt: skip


@pytest.mark.parametrize(("importer", "others", "paths", "wanted", "expected"), ORIGIN.values(), ids=ORIGIN.keys())
def test_needed_libraries(main, side, importer, others, paths, wanted, expected):
    files = {path: side(EMPTY) for path in others} | {importer: side(EMPTY, needed=[wanted], paths=paths)}
    unit = next(each for each in place(main, files).libraries if each.path == importer)
    assert [each.path for each in unit.needed] == [expected]


def test_a_needed_library_that_is_nowhere(main, side):
    with pytest.raises(LinkError, match=r"/a.so needs gone.so"):
        place(main, {"/a.so": side(EMPTY, needed=["gone.so"])})


def test_where_symbols_are_looked_up(main, side):
    """The main module, then what is needed, breadth first, then the importer; circles do no harm."""
    define = '(module (func (export "{}")) (func (export "both")))'
    layout = place(
        main,
        {
            "/a.so": side('(module (func (export "own")))', needed=["b.so", "c.so"]),
            "/b.so": side(define.format("deep"), needed=["d.so", "a.so"]),
            "/c.so": side(define.format("deep")),
            "/d.so": side(define.format("deeper")),
        },
    )
    importer = layout.libraries[0]
    assert [unit.path for unit in importer.scope(layout.main)] == ["", "/b.so", "/c.so", "/d.so", "/a.so"]
    found = {each: layout.find_function(importer, each) for each in ("twice", "both", "deep", "deeper", "own", "no")}
    assert {name: unit and unit.path for name, unit in found.items()} == {
        "twice": "", "both": "/b.so", "deep": "/b.so", "deeper": "/d.so", "own": "/a.so", "no": None,
    }  # fmt: skip


def test_a_main_module_without_heap_base(main_without):
    with pytest.raises(LinkError, match="does not export __heap_base"):
        place(main_without('(export "__heap_base")'), {})


def test_a_main_module_without_elements(main_without):
    assert place(main_without("(elem (i32.const 1) func $twice)"), {}).main.slots["twice"] == 3


def test_a_main_module_without_table():
    data = bytes(wasmtime.wat2wasm('(module (global (export "__heap_base") i32 (i32.const 1)))'))
    with pytest.raises(LinkError, match="does not define a function table"):
        place(data, {})
