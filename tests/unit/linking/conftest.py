"""A main module and side modules of a few lines, in the shape that wasm-ld gives them."""

import pytest
import wasmtime
from cellblock_sandbox.linking.encoding import name, section, uleb, vector
from cellblock_sandbox.linking.wasm import CUSTOM, MAGIC

MAIN = """(module
  (import "env" "host_add" (func $host_add (param i32 i32) (result i32)))
  (import "env" "absent" (func $absent (param f64)))
  (import "env" "_maybe_read_async" (func (param i32) (result externref)))
  (import "env" "_Py_CheckEmscriptenSignals_Helper" (func $signals (result i32)))
  (import "GOT.func" "glDraw" (global (mut i32)))
  (memory (export "memory") 2 100)
  (table (export "__indirect_function_table") 3 funcref)
  (elem (i32.const 1) func $twice)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 4096))
  (global (export "__heap_base") i32 (i32.const 9000))
  (global (export "Py_EMSCRIPTEN_SIGNAL_HANDLING") i32 (i32.const 1040))
  (global (export "greeting") i32 (i32.const 1024))
  (data (i32.const 1024) "hello")
  (func $twice (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "slotless") (result i32) (call $host_add (i32.const 2) (i32.const 3)))
  (func (export "call_absent") (call $absent (f64.const 1)))
  (func (export "check") (result i32) (call $signals))
  (func (export "call_by_slot") (param i32 i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 1) (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"""

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
  (func (export "own_address") (param i32) (result i32) (global.get $own))
  (global (export "own_data") i32 (i32.const 2))
  (func $relocate (global.set $own (i32.add (global.get $base) (i32.const 4))))
  (func (export "__wasm_call_ctors") (i32.store8 (i32.add (global.get $base) (i32.const 8)) (i32.const 77)))
  (start $relocate))"""


def wasm(text):
    return bytes(wasmtime.wat2wasm(text))


def with_dylink(module, *, memory=(16, 2), table=(1, 0), needed=(), paths=(), weak=()):
    parts = [bytes([1]) + _sized(b"".join(map(uleb, (*memory, *table))))]
    if needed:
        parts.append(bytes([2]) + _sized(vector(map(name, needed))))
    if weak:
        parts.append(bytes([4]) + _sized(vector(name(m) + name(s) + uleb(1) for m, s in weak)))
    if paths:
        parts.append(bytes([5]) + _sized(vector(map(name, paths))))
    return MAGIC + section(CUSTOM, name("dylink.0") + b"".join(parts)) + module[8:]


def _sized(content):
    return uleb(len(content)) + content


@pytest.fixture(scope="session")
def main():
    return wasm(MAIN)


@pytest.fixture(scope="session")
def main_without():
    """Make a main module that lacks something."""
    return lambda part: wasm(MAIN.replace(part, ""))


@pytest.fixture(scope="session")
def side():
    """Make a side module of the text above, or of another."""

    def make(text=SIDE, **dylink):
        return with_dylink(wasm(text), **dylink)

    return make
