"""The parts of a link that write: start functions worked out, glue, memory, and the rewritten modules."""

import pytest
import wasmtime
from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.glue import Glue
from cellblock_sandbox.linking.linker import link
from cellblock_sandbox.linking.memory import MemorySegment, first_memory
from cellblock_sandbox.linking.start import started_globals
from cellblock_sandbox.linking.wasm import DATA, MEMORY, START, Module
from cellblock_sandbox.machine.engine import engine
from cellblock_sandbox.machine.linear import PAGE

# ---- start functions


def started(body, *, globals_="(global $a (mut i32) (i32.const 4)) (global $b (mut i32) (i32.const 0))", more=""):
    text = f"""(module (import "env" "__memory_base" (global $base i32)) (import "env" "f" (func $f)) (memory 1)
      {globals_} (func $start {body}) {more} (start $start))"""
    return started_globals(Module.parse(bytes(wasmtime.wat2wasm(text))), {0: 5000, 1: 4, 2: 0}.__getitem__)


def test_no_start_function(main):
    assert started_globals(Module.parse(main), int) == {}


def test_relocated_globals():
    body = """(global.set $a (i32.add (global.get $base) (i32.const 12)))
      (global.set $b (i32.add (global.get $a) (i32.const -2)))"""
    assert started(body) == {1: 5012, 2: 5010}


def test_calls_and_zeroing_are_followed():
    body = "(memory.fill (global.get $base) (i32.const 0) (i32.const 100)) (call $more)"
    assert started(body, more="(func $more (global.set $b (i32.const 7)))") == {2: 7}


def test_optimised_code_is_followed():
    """Short fills are stores of zero there, and sums pass through local variables."""
    body = """(local i32 i64) (i64.store (global.get $base) (i64.const 0))
      (i32.store8 offset=8 (i32.const 0) (i32.const 0))
      (global.set $a (i32.add (local.tee 0 (global.get $base)) (i32.const 12)))
      (local.set 0 (i32.add (local.get 0) (i32.const 1))) (global.set $b (local.get 0))"""
    assert started(body) == {1: 5012, 2: 5001}


REFUSED = {
    "fill with something": "(memory.fill (i32.const 0) (i32.const 1) (i32.const 9))",
    "store": "(i32.store (i32.const 0) (i32.const 1))",
    "import": "(call $f)",
    "loop": "(loop $l (br $l))",
    "short store": "(i32.store8 (i32.const 0) (i32.const 1))",
    "itself": "(call $start)",
    "unreachable": "unreachable",
    "copy": "(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(body):
    with pytest.raises(LinkError):
        started(body)


# ---- glue

II_I, V_E, V_V, F_V = b"\x60\x02\x7f\x7f\x01\x7f", b"\x60\0\x01\x6f", b"\x60\0\0", b"\x60\x01\x7c\0"


def test_glue_is_a_valid_module():
    glue = Glue(5)
    assert glue.constant(7) == glue.constant(7) == "i32:7"
    glue.slot(5, "main", 'odd "name"\\', II_I)
    glue.slot(6, "lib0", "lib0:é", V_V)
    assert glue.trampoline_slot == 7
    names = [glue.stub("absent", II_I), glue.stub("absent", II_I), glue.stub("absent", V_V), glue.stub("_maybe_x", V_E)]
    assert names[0] == names[1] != names[2]
    assert glue.missing == ["absent", "absent"]
    module = wasmtime.Module(engine(), wasmtime.wat2wasm(glue.text(1040)))
    assert {each.name for each in module.exports} >= {"i32:7", "trampoline", "call_slot", *names}
    assert {(each.module, each.name) for each in module.imports} >= {("main", 'odd "name"\\'), ("lib0", "lib0:é")}


def test_glue_refuses_gaps_between_slots():
    glue = Glue(5)
    glue.slot(6, "main", "f", V_V)
    with pytest.raises(LinkError, match="consecutive"):
        glue.text(0)


def test_a_stub_that_can_answer_nothing_names_itself_instead():
    glue = Glue(5)
    glue.stub("_maybe_number", b"\x60\0\x01\x7c")
    assert glue.missing == ["_maybe_number"]
    wasmtime.wat2wasm(glue.text(0))


def test_a_stub_of_an_unknown_type():
    with pytest.raises(LinkError, match="unsupported type"):
        Glue(5).stub("vector", b"\x60\x01\x7b\0")


def instantiate_glue(store, glue):
    """The glue over a memory and a table of its own; `missing` is noted."""
    noted = []
    linker = wasmtime.Linker(engine())
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(1, None)))
    table = wasmtime.Table(store, wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(20, None)), None)
    linker.define(store, "main", "memory", memory)
    linker.define(store, "main", "__indirect_function_table", table)
    kind = wasmtime.FuncType([wasmtime.ValType.i32()], [])
    linker.define(store, "env", "missing", wasmtime.Func(store, kind, noted.append))
    module = wasmtime.Module(engine(), wasmtime.wat2wasm(glue.text(1040)))
    return linker.instantiate(store, module).exports(store), memory, table, noted


def test_the_trampoline_pads_or_drops_arguments():
    store = wasmtime.Store(engine())
    exports, memory, table, _ = instantiate_glue(store, Glue(10))
    text = """(module
      (func (export "0") (result i32) (i32.const 1000))
      (func (export "1") (param i32) (result i32) (local.get 0))
      (func (export "2") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "3") (param i32 i32 i32) (result i32)
        (i32.add (local.get 0) (i32.add (local.get 1) (local.get 2))))
      (func (export "4") (param i64) (result i32) (i32.const 7)))"""
    functions = wasmtime.Instance(store, wasmtime.Module(engine(), wasmtime.wat2wasm(text)), []).exports(store)
    for number in range(5):
        table.set(store, number, functions[str(number)])
    answers = []
    for number in range(5):
        memory.write(store, b"\1", 64)
        answer = exports["trampoline"](store, 64, number, 1, 20, 300)
        answers.append((answer, memory.read(store, 64, 65)))
    assert answers == [(1000, b"\1"), (1, b"\1"), (21, b"\1"), (321, b"\1"), (0, b"\0")]


def test_the_interrupt_helper_answers_and_clears():
    store = wasmtime.Store(engine())
    exports, memory, _, _ = instantiate_glue(store, Glue(10))
    memory.write(store, b"\1\0\0\0", 1040)
    assert exports["_Py_CheckEmscriptenSignals_Helper"](store) == 2
    assert memory.read(store, 1040, 1044) == bytes(4)


def test_stubs_at_run_time():
    store, glue = wasmtime.Store(engine()), Glue(10)
    trapping, null = glue.stub("absent", F_V), glue.stub("_maybe_read_async", V_E)
    exports, _, _, noted = instantiate_glue(store, glue)
    assert exports[null](store) is None
    with pytest.raises(wasmtime.Trap):
        exports[trapping](store, 1.0)
    assert noted == [glue.missing.index("absent")]


# ---- memory


def test_later_segments_win():
    segments = [MemorySegment(10, b"aaaa"), MemorySegment(12, b"bb"), MemorySegment(2 * PAGE - 1, b"z")]
    contents = first_memory(segments, 2)
    assert (len(contents), contents[10:14], contents[-1:]) == (2 * PAGE, b"aabb", b"z")
    assert contents.count(0) == 2 * PAGE - 5


@pytest.mark.parametrize("segment", [MemorySegment(PAGE - 1, b"ab"), MemorySegment(2**32 - 1, b"a")])
def test_segments_outside_memory(segment):
    with pytest.raises(LinkError, match="outside memory"):
        first_memory([segment], 1)


# ---- the linker, up to the merge


class NoMerge:
    """Stands for binaryen: keeps what it would get."""

    def __init__(self):
        self.inputs = {}
        self.exports = set()

    def inline_calls(self, module):
        return module

    def merge(self, inputs, *, exports):
        self.inputs = {key: path.read_bytes() for path, key in inputs}
        self.exports = set(exports)
        return b"".join(self.inputs.values())


@pytest.fixture
def linked(main, side, tmp_path):
    def run(libraries, provided=("host_add",)):
        merger, notes = NoMerge(), []
        outcome = link(
            main, libraries, provided=provided, exports={"twice"}, merger=merger, workdir=tmp_path, note=notes.append
        )
        return outcome, merger, notes

    return run


def test_every_rewritten_module_is_valid(linked, side):
    outcome, merger, notes = linked({"/a.so": side(), "/b.so": side(needed=["a.so"])})
    assert list(merger.inputs) == ["main", "lib0", "lib1", "link"]
    assert merger.exports == {"twice", "call_slot", "__indirect_function_table"}
    for key, data in merger.inputs.items():
        wasmtime.Module(engine(), bytes(wasmtime.wat2wasm(data)) if key == "link" else data)
    for key in ("main", "lib0", "lib1"):
        module = Module.parse(merger.inputs[key])
        assert not any(module.has(each) for each in (START, DATA, MEMORY))
    assert notes[0].startswith("4 modules")
    assert outcome.trampoline_slot == len({*range(outcome.trampoline_slot)})


def test_where_imports_go(linked, side):
    _, merger, _ = linked({"/a.so": side()})
    imports = {each.name: each.module for each in Module.parse(merger.inputs["main"]).imports}
    assert imports["host_add"] == "env"
    assert imports["_Py_CheckEmscriptenSignals_Helper"] == "link"
    assert imports["memory"] == "image"
    names = {(each.module, each.name) for each in Module.parse(merger.inputs["lib0"]).imports}
    assert names >= {
        ("main", "memory"),
        ("main", "twice"),
        ("link", "i32:9008"),
        ("link", "i32:1024"),
        ("link", "i32:1"),
    }


def test_tables_of_the_outcome(linked, side):
    outcome, _, _ = linked({"/a.so": side()})
    library = outcome.libraries["/a.so"]
    assert outcome.heap_start == 9024
    assert outcome.missing == ["absent"]
    assert outcome.undefined == []
    assert outcome.main_symbols["greeting"] == 1024
    assert library.symbols["thrice"] == 3
    assert library.starters == [library.symbols["__wasm_call_ctors"]]
    assert outcome.tables()["libraries"]["/a.so"]["needed"] == []
    memory = outcome.memory
    assert (memory[1024:1029], memory[9008:9012]) == (b"hello", b"data")


def test_what_nobody_defines_is_named(linked, side):
    text = """(module (import "env" "nowhere" (func $f)) (import "GOT.mem" "no_data" (global (mut i32)))
      (import "GOT.mem" "weak_data" (global (mut i32))))"""
    outcome, _, _ = linked({"/a.so": side(text, weak=[("GOT.mem", "weak_data")])})
    assert outcome.undefined == ["/a.so: GOT.mem.no_data", "/a.so: nowhere"]
    assert "nowhere" in outcome.missing


def test_an_unknown_base(linked, side):
    with pytest.raises(LinkError, match=r"/a.so imports the unknown global env.__tls_base"):
        linked({"/a.so": side('(module (import "env" "__tls_base" (global i32)))')})


def test_the_same_inputs_give_the_same_bytes(linked, side):
    libraries = {f"/{name}.so": side(needed=["a.so"] if name > "a" else []) for name in "cab"}
    first, _, _ = linked(libraries, provided=["host_add", "x"])
    second, _, _ = linked(dict(reversed(libraries.items())), provided={"x", "host_add"})
    assert (first.code, first.memory, first.tables()) == (second.code, second.memory, second.tables())
