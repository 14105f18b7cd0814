"""Reading and writing the binary format, and what isn't one."""

import pytest
import wasmtime
from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import Reader, i32_const, name, sleb, uleb, vector
from cellblock_sandbox.linking.wasm import (
    ELEMENT,
    KIND_FUNCTION,
    KIND_GLOBAL,
    MAGIC,
    Export,
    Global,
    Module,
    evaluate,
    function_indices,
)

U = [0, 1, 127, 128, 16383, 16384, 2**31, 2**32 - 1, 2**63, 2**64 - 1]
S = [0, 1, -1, 63, 64, -64, -65, 127, -128, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]


@pytest.mark.parametrize("value", U)
def test_uleb(value):
    reader = Reader(uleb(value) + b"\xff")
    assert (reader.uleb(), reader.position) == (value, len(uleb(value)))


@pytest.mark.parametrize("value", S)
def test_sleb(value):
    reader = Reader(sleb(value) + b"\xff")
    assert (reader.sleb(), reader.position) == (value, len(sleb(value)))


@pytest.mark.parametrize(("value", "raw"), [(624485, b"\xe5\x8e\x26"), (0, b"\0")])
def test_uleb_as_in_the_specification(value, raw):
    assert uleb(value) == raw


@pytest.mark.parametrize(("value", "raw"), [(-123456, b"\xc0\xbb\x78"), (64, b"\xc0\x00"), (-64, b"\x40")])
def test_sleb_as_in_the_specification(value, raw):
    assert sleb(value) == raw


@pytest.mark.parametrize("read", [Reader.uleb, Reader.sleb])
@pytest.mark.parametrize("raw", [b"", b"\x80", b"\xff" * 9, b"\xff" * 11 + b"\0", b"\x80" * 100_000])
def test_numbers_without_end(read, raw):
    with pytest.raises(LinkError):
        read(Reader(raw))


@pytest.mark.parametrize("raw", [b"", b"\5abc", b"\2\xff\xfe", b"\xff\xff\xff\xff\x0f"])
def test_names_that_are_none(raw):
    with pytest.raises(LinkError):
        Reader(raw).name()


def test_a_vector_longer_than_its_bytes():
    with pytest.raises(LinkError):
        Reader(uleb(2**32 - 1) + b"\1\2").vector(Reader(b"").byte)


def test_round_trip(main, side):
    for data in (main, side(), side(needed=["a.so"], paths=["$ORIGIN"])):
        assert Module.parse(data).encode() == data


def test_parts_of_a_module(main):
    module = Module.parse(main)
    assert [each.name for each in module.imported(KIND_FUNCTION)][:2] == ["host_add", "absent"]
    assert module.exported(KIND_GLOBAL)["__heap_base"] == 2
    assert module.function_type(module.exported(KIND_FUNCTION)["twice"]) == b"\x60\x01\x7f\x01\x7f"
    (data,) = module.data_segments()
    assert (evaluate(data.offset, {}.__getitem__), data.rest) == (1024, b"hello")
    (elements,) = module.element_segments()
    assert function_indices(elements) == [module.exported(KIND_FUNCTION)["twice"]]


def test_what_is_changed_is_written(main):
    module = Module.parse(main)
    module.exports = [each for each in module.exports if each.name == "twice"] + [Export("memory", 2, 0)]
    module.globals[1] = Global(module.globals[1].type, i32_const(-5))
    read = Module.parse(module.encode(ELEMENT=None))
    assert {each.name for each in read.exports} == {"twice", "memory"}
    assert evaluate(read.globals[1].initialiser, {}.__getitem__) == 2**32 - 5
    assert not read.has(ELEMENT)


TYPES = """(module
  (import "a" "tag" (tag (param i32)))
  (import "a" "ref" (global (ref null func)))
  (import "a" "table" (table 1 5 externref))
  (import "a" "memory" (memory 1 2))
  (func (export "f") (param externref (ref null extern) i64) (result f32) (f32.const 0))
  (global f64 (f64.const 1.5)) (global f32 (f32.const 1.5)) (global i64 (i64.const -7))
  (global externref (ref.null extern)) (global funcref (ref.func 0)) (global i32 (i32.const -1)))"""


def test_every_kind_of_import_and_global():
    data = bytes(wasmtime.wat2wasm(TYPES))
    module = Module.parse(data)
    assert [each.kind for each in module.imports] == [4, 3, 1, 2]
    assert len(module.globals) == 6
    assert module.encode() == data


@pytest.mark.parametrize("data", [b"", b"\0asm", b"\x7fELF\1\1\1\0", b"\0asm\2\0\0\0", MAGIC[::-1]])
def test_other_files(data):
    with pytest.raises(LinkError, match="not a WebAssembly module"):
        Module.parse(data)


def test_truncated_anywhere(main):
    """A cut between two sections leaves a shorter module; anywhere else it is noticed."""
    between = 0
    for length in range(8, len(main)):
        try:
            module = Module.parse(main[:length])
            list(module.data_segments())
            between += 1
        except LinkError:
            continue
    assert between < 15


def test_changed_anywhere(main):
    """Nothing but LinkError, whatever one byte is changed to."""
    for position in range(8, len(main)):
        for value in (0, 0x7F, 0x80, 0xFF):
            changed = bytearray(main)
            changed[position] = value
            try:
                module = Module.parse(bytes(changed))
                list(module.data_segments())
                list(module.element_segments())
            except LinkError:
                continue


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (i32_const(5), 5),
        (i32_const(2**32 - 1), 2**32 - 1),
        (b"\x23\x03\x0b", 300),
        (b"\x23\x03\x41\x05\x6a\x0b", 305),
        (b"\x41\x05\x23\x03\x6b\x0b", 2**32 - 295),
        (b"\x41\x05\x23\x03\x6c\x0b", 1500),
    ],
)
def test_constant_expressions(expression, value):
    assert evaluate(expression, lambda index: index * 100) == value


@pytest.mark.parametrize(
    "expression", [b"\x0b", b"\x6a\x0b", b"\x41\x01\x6a\x0b", b"\x41\1\x41\1\x0b", b"\x41\1", b"\0\x0b"]
)
def test_expressions_that_give_nothing(expression):
    with pytest.raises(LinkError):
        evaluate(expression, int)


@pytest.mark.parametrize("payload", [b"\1\1\x41\0\x0b\1a", b"\1\2\0\x41\0\x0b\1a"])
def test_other_data_segments_are_refused(payload):
    module = Module([(11, payload)])
    with pytest.raises(LinkError, match="unsupported form"):
        list(module.data_segments())


def test_name_and_vector():
    assert name("é") == b"\2\xc3\xa9"
    assert vector([b"ab", b"c"]) == b"\2abc"
