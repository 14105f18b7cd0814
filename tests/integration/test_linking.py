"""A whole link, with the real binaryen: tiny modules joined, and run as one."""

import pytest
import wasmtime
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.toolchain import Toolchain
from cellblock_sandbox.linking.encoding import name, section, uleb
from cellblock_sandbox.linking.linker import link
from cellblock_sandbox.linking.merge import Merger
from cellblock_sandbox.linking.wasm import CUSTOM, MAGIC, Module
from cellblock_sandbox.machine.engine import engine
from cellblock_sandbox.machine.instance import Definition, Program
from cellblock_sandbox.machine.linear import MemoryImage

MAIN = """(module
  (import "env" "host_add" (func $host_add (param i32 i32) (result i32)))
  (import "env" "absent" (func $absent))
  (memory (export "memory") 2 100)
  (table (export "__indirect_function_table") 3 funcref)
  (elem (i32.const 1) func $twice)
  (global (export "__heap_base") i32 (i32.const 9000))
  (global (export "Py_EMSCRIPTEN_SIGNAL_HANDLING") i32 (i32.const 1040))
  (global (export "greeting") i32 (i32.const 1024))
  (data (i32.const 1024) "hello")
  (func $twice (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "add") (param i32 i32) (result i32) (call $host_add (local.get 0) (local.get 1)))
  (func (export "call_absent") (call $absent))
  (func (export "by_slot") (param i32 i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 1) (local.get 0))))"""

SIDE = """(module
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__table_base" (global $slots i32))
  (import "GOT.mem" "greeting" (global $greeting (mut i32)))
  (import "GOT.func" "twice" (global $twice_slot (mut i32)))
  (import "env" "twice" (func $twice (param i32) (result i32)))
  (global $own (mut i32) (i32.const 0))
  (data (global.get $base) "data")
  (elem (global.get $slots) func $thrice)
  (func $thrice (export "thrice") (param i32) (result i32) (i32.add (call $twice (local.get 0)) (local.get 0)))
  (func (export "first_of_greeting") (param i32) (result i32) (i32.load8_u (global.get $greeting)))
  (func (export "slot_of_twice") (param i32) (result i32) (global.get $twice_slot))
  (func (export "own_byte") (param i32) (result i32) (i32.load8_u (global.get $own)))
  (func $relocate (global.set $own (i32.add (global.get $base) (i32.const 8))))
  (func (export "__wasm_call_ctors") (i32.store8 (global.get $own) (i32.const 77)))
  (start $relocate))"""


@pytest.fixture(scope="module")
def linked(image_home, tmp_path_factory):
    """The outcome of the same link done twice."""
    toolchain = Toolchain(Home(image_home), SilentProgress())
    dylink = section(CUSTOM, name("dylink.0") + b"\1\4" + b"".join(map(uleb, (16, 2, 1, 0))))
    side = MAGIC + dylink + bytes(wasmtime.wat2wasm(SIDE))[8:]

    def run():
        workdir = tmp_path_factory.mktemp("link")
        return link(
            bytes(wasmtime.wat2wasm(MAIN)),
            {"/a.so": side, "/b.so": side},
            provided={"host_add", "missing"},
            exports={"add", "twice", "by_slot", "call_absent"},
            merger=Merger(toolchain.run, workdir),
            workdir=workdir,
            note=str,
        )

    return run(), run()


@pytest.fixture
def instance(linked, tmp_path):
    outcome = linked[0]
    missing = []
    calls = [
        Definition("env", "host_add", "ii->i", lambda a, b: a + b),
        Definition("env", "missing", "i->", missing.append),
    ]
    program = Program(wasmtime.Module(engine(), outcome.code), calls)
    path = tmp_path / "memory.bin"
    MemoryImage.write(path, outcome.memory)
    made = program.instantiate(MemoryImage(path), 10 * 65536)
    made.missing = missing
    yield made
    made.close()


def test_main_and_libraries_run_as_one(linked, instance):
    outcome = linked[0]
    assert instance.call("twice", 4) == 8
    assert instance.call("add", 4, -5) == -1
    for library in outcome.libraries.values():
        symbols = library.symbols
        assert instance.call("by_slot", symbols["thrice"], 5) == 15
        assert instance.call_slot(symbols["first_of_greeting"], 0) == ord("h")
        assert instance.call_slot(symbols["slot_of_twice"], 0) == outcome.main_symbols["twice"] == 1
        assert instance.call_slot(symbols["own_byte"], 0) == 0
        for slot in library.starters:
            instance.call("call_slot", slot)
        assert instance.call_slot(symbols["own_byte"], 0) == 77


def test_libraries_share_nothing_of_their_own(linked, instance):
    first, second = linked[0].libraries.values()
    for slot in first.starters:
        instance.call("call_slot", slot)
    assert instance.call_slot(first.symbols["own_byte"], 0) == 77
    assert instance.call_slot(second.symbols["own_byte"], 0) == 0


def test_a_stub_names_itself(linked, instance):
    with pytest.raises(wasmtime.Trap, match="unreachable"):
        instance.call("call_absent")
    assert [linked[0].missing[number] for number in instance.missing] == ["absent"]


def test_only_what_is_asked_for_is_exported(linked):
    exports = {each.name for each in wasmtime.Module(engine(), linked[0].code).exports}
    assert exports == {"add", "twice", "by_slot", "call_absent", "call_slot", "__indirect_function_table"}


def test_addresses_become_constants_in_the_code(linked):
    """The engine sets every global of every instance: the full bundle's would be 17,000."""
    assert b"\x41\x80\x08" in linked[0].code  # i32.const 1024, where the main module has its greeting
    assert not Module.parse(linked[0].code).globals


def test_the_same_inputs_give_the_same_bytes(linked):
    first, second = linked
    assert first.code == second.code
    assert first.memory == second.memory
    assert first.tables() == second.tables()
