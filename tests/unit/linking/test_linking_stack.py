"""Functions that check the C stack get a frame on it."""

import pytest
import wasmtime
from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.stack import FRAME_BYTES, with_stack_frames

# The check as clang writes it: the limit comes out of a thread state, its first argument.
MODULE = """(module
  (memory (export "memory") 1)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 32768))
  (func (export "_Py_ReachedRecursionLimitWithMargin") (param i32 i32) (result i32)
    (i32.lt_u (global.get $sp) (i32.load offset=712 (local.get 0))))
  (func $down (export "down") (param i32 i64) (result i64)
    (if (i32.lt_u (global.get $sp) (i32.load offset=712 (local.get 0))) (then (return (local.get 1))))
    (call $down (local.get 0) (i64.add (local.get 1) (i64.const 1))))
  (func (export "other") (param i32) (result i32) (i32.load offset=712 (local.get 0)))
  (func (export "pointer") (result i32) (global.get $sp))
  (data (i32.const 712) "\\00\\40\\00\\00"))"""


@pytest.fixture
def call():
    store = wasmtime.Store(wasmtime.Engine())
    module = wasmtime.Module(store.engine, with_stack_frames(bytes(wasmtime.wat2wasm(MODULE))))
    exports = wasmtime.Instance(store, module, []).exports(store)
    return lambda name, *arguments: exports[name](store, *arguments)


def test_recursion_meets_the_limit(call):
    """Without a frame it would go on until the engine's own stack is full."""
    assert call("down", 0, 0) == (32768 - 16384) // FRAME_BYTES


def test_the_pointer_comes_back(call):
    call("down", 0, 0)
    assert call("pointer") == 32768


def test_other_functions_are_left_alone(call):
    assert call("other", 0) == 16384


def test_a_module_without_the_check():
    module = bytes(wasmtime.wat2wasm("(module)"))
    assert with_stack_frames(module) == module


def test_a_check_that_reads_no_limit():
    changed = MODULE.replace("(i32.load offset=712 (local.get 0))))\n  (func $down", "(local.get 1)))\n  (func $down")
    with pytest.raises(LinkError, match="doesn't read the limit"):
        with_stack_frames(bytes(wasmtime.wat2wasm(changed)))
