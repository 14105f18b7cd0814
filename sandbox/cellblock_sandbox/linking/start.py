"""What a side module's start function computes, worked out at link time.

wasm-ld gives a side module a start function that does two things: it zeroes .bss, and it adds the memory base to
mutable globals that stand for addresses of the module's own data (`__wasm_init_memory`,
`__wasm_apply_global_relocs` in lld's wasm/Writer.cpp). It must not run on a captured memory, which it would wipe; so
its sums become the globals' initial values, and .bss is zero anyway.
"""

from __future__ import annotations

from collections.abc import Callable

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import I32_CONST, Reader
from cellblock_sandbox.linking.wasm import CODE, GLOBAL_GET, I32_ADD, KIND_FUNCTION, START, Module

_END, _CALL, _GLOBAL_SET, _PREFIX, _MEMORY_FILL = 0x0B, 0x10, 0x24, 0xFC, 11


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
    reader, stack = _body(module, function), list[int]()
    while (opcode := reader.byte()) != _END:
        if opcode == I32_CONST:
            stack.append(reader.sleb())
        elif opcode == GLOBAL_GET:
            index = reader.uleb()
            stack.append(values[index] if index in values else base(index))
        elif opcode == I32_ADD:
            stack.append((stack.pop() + stack.pop()) & 0xFFFFFFFF)
        elif opcode == _GLOBAL_SET:
            values[reader.uleb()] = stack.pop()
        elif opcode == _CALL:
            _run(module, reader.uleb(), base, values)
        elif opcode == _PREFIX and reader.uleb() == _MEMORY_FILL and reader.byte() == 0:
            _, value, _ = (stack.pop() for _ in range(3))
            if value:
                raise LinkError("a start function fills memory with something other than zeros")
        else:
            raise LinkError(f"a start function uses the unexpected instruction 0x{opcode:02x}")


def _body(module: Module, function: int) -> Reader:
    """A cursor at the first instruction of a function without locals."""
    position = function - len(module.imported(KIND_FUNCTION))
    reader = Reader(module.payload(CODE))
    if not 0 <= position < reader.uleb():
        raise LinkError(f"the start function calls function {function}, which the module does not define")
    for _ in range(position):
        reader.take(reader.uleb())
    body = Reader(reader.take(reader.uleb()))
    if body.uleb():
        raise LinkError("a start function has local variables")
    return body
