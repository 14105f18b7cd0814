"""What a side module's start function computes, worked out at link time.

wasm-ld gives a side module a start function that does two things: it zeroes .bss, and it adds the memory base to
mutable globals that stand for addresses of the module's own data (`__wasm_init_memory`,
`__wasm_apply_global_relocs` in lld's wasm/Writer.cpp). Optimised builds do the same in other words: a short fill is
a store or two, and a sum may pass through a local variable. It must not run on a captured memory, which it would
wipe; so its sums become the globals' initial values, and .bss is zero anyway.
"""

from __future__ import annotations

from collections.abc import Callable

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import I32_CONST, Reader
from cellblock_sandbox.linking.wasm import CODE, GLOBAL_GET, I32_ADD, KIND_FUNCTION, START, Module

_END, _CALL, _GLOBAL_SET, _I64_CONST, _PREFIX, _MEMORY_FILL = 0x0B, 0x10, 0x24, 0x42, 0xFC, 11
_LOCAL_GET, _LOCAL_SET, _LOCAL_TEE = 0x20, 0x21, 0x22
_STORES = {0x36, 0x37, 0x3A, 0x3B}  # i32.store, i64.store, i32.store8, i32.store16


def started_globals(module: Module, base: Callable[[int], int]) -> dict[int, int]:
    """The values, by global index, that the start function gives to globals; `base(index)` gives those it reads.

    LinkError if the start function does anything but that and zeroing memory.
    """
    start = module.payload(START)
    if not module.has(START):
        return {}
    values: dict[int, int] = {}
    try:
        _run(module, Reader(start).uleb(), base, values)
    except (IndexError, RecursionError):
        raise LinkError("a start function takes from an empty stack, or calls itself") from None
    return values


def _run(module: Module, function: int, base: Callable[[int], int], values: dict[int, int]) -> None:
    reader, locals_, stack = _body(module, function), dict[int, int](), list[int]()
    while (opcode := reader.byte()) != _END:
        if opcode in (I32_CONST, _I64_CONST):
            stack.append(reader.sleb())
        elif opcode == GLOBAL_GET:
            index = reader.uleb()
            stack.append(values[index] if index in values else base(index))
        elif opcode == I32_ADD:
            stack.append((stack.pop() + stack.pop()) & 0xFFFFFFFF)
        elif opcode == _GLOBAL_SET:
            values[reader.uleb()] = stack.pop()
        elif opcode == _LOCAL_GET:
            stack.append(locals_.get(reader.uleb(), 0))
        elif opcode == _LOCAL_SET:
            locals_[reader.uleb()] = stack.pop()
        elif opcode == _LOCAL_TEE:
            locals_[reader.uleb()] = stack[-1]
        elif opcode == _CALL:
            _run(module, reader.uleb(), base, values)
        elif opcode in _STORES:
            reader.uleb(), reader.uleb()  # alignment, offset
            _only_zeroes(stack.pop())
            stack.pop()
        elif opcode == _PREFIX and reader.uleb() == _MEMORY_FILL and reader.byte() == 0:
            _, value, _ = (stack.pop() for _ in range(3))
            _only_zeroes(value)
        else:
            raise LinkError(f"a start function uses the unexpected instruction 0x{opcode:02x}")


def _only_zeroes(value: int) -> None:
    if value:
        raise LinkError("a start function writes something other than zeros to memory")


def _body(module: Module, function: int) -> Reader:
    """A cursor at the first instruction of a function."""
    position = function - len(module.imported(KIND_FUNCTION))
    reader = Reader(module.payload(CODE))
    if not 0 <= position < reader.uleb():
        raise LinkError(f"the start function calls function {function}, which the module does not define")
    for _ in range(position):
        reader.take(reader.uleb())
    body = Reader(reader.take(reader.uleb()))
    for _ in range(body.uleb()):  # groups of local variables, all zero at first: how many, and their type
        body.uleb(), body.byte()
    return body
