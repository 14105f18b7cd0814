"""Making recursion visible to CPython: functions that check the C stack also use it.

CPython 3.14 tells how deep it is by the stack pointer of linear memory, and raises RecursionError, or puts off
destructors, near the end of that stack. But a WebAssembly function without addressable locals leaves the pointer
alone. What recurses through nothing but such functions (the destructors of a long chain of lists, `isinstance` with
nested tuples) seems to stand still while the engine's own stack fills, and that ends in a trap.

So every function of the main module that reads the limit gets a frame here: what was at its index becomes a wrapper
that moves the pointer, calls the old body and moves it back. How much it moves sets how deep recursion goes before
CPython notices; the engine's stack (machine/engine.py) has to hold that many calls. An exception that unwinds through
the wrapper does no harm: whoever catches it restores the pointer of its own frame.

Source: CPython 3.14 Include/internal/pycore_pystate.h (`_Py_ReachedRecursionLimit`), Python/ceval.c.
"""

from __future__ import annotations

from cellblock_sandbox.errors import LinkError
from cellblock_sandbox.linking.encoding import END, I32_CONST, Reader, sleb, uleb, vector
from cellblock_sandbox.linking.wasm import CODE, GLOBAL_GET, I32_ADD, KIND_FUNCTION, KIND_GLOBAL, Module

FRAME_BYTES = 256
"""What each such call takes of the 10 MiB stack in linear memory: at most 40,000 of them fit. A call of Python by C by
Python takes some 3 KB of the engine's stack, a destructor 300 bytes."""

# Exported, and nothing but the check: where it reads the limit from is what the other functions read.
_CHECK = "_Py_ReachedRecursionLimitWithMargin"
_LOCAL_GET, _I32_LOAD, _GLOBAL_SET, _CALL, _I32_SUB = 0x20, 0x28, 0x24, 0x10, 0x6B
_LOAD_OF_FIRST_ARGUMENT = bytes([_LOCAL_GET, 0, _I32_LOAD, 2])


def with_stack_frames(main: bytes) -> bytes:
    """The main module with a frame for every function that checks the C stack.

    Unchanged if it has no such functions. LinkError if it isn't a module, or the check isn't what it was.
    """
    module = Module.parse(main)
    check = module.exported(KIND_FUNCTION).get(_CHECK)
    if check is None:
        return main
    imported = len(module.imported(KIND_FUNCTION))
    bodies = Reader(module.payload(CODE))
    old = bodies.vector(lambda: bodies.take(bodies.uleb()))
    pointer = uleb(module.exported(KIND_GLOBAL)["__stack_pointer"])
    load, look = _load_of_limit(old[check - imported]), bytes([GLOBAL_GET]) + pointer
    checking = [place for place, body in enumerate(old) if load in body and look in body]
    new, types = list(old), list(module.functions)
    for place in checking:
        new[place] = _wrapper(module.types[types[place]], imported + len(new), pointer)
        new.append(old[place])
        types.append(types[place])
    return module.encode(FUNCTION=vector(map(uleb, types)), CODE=vector(uleb(len(body)) + body for body in new))


def _load_of_limit(check: bytes) -> bytes:
    """The instruction that reads the limit out of a thread state."""
    start = check.find(_LOAD_OF_FIRST_ARGUMENT)
    if start < 0:
        raise LinkError(f"{_CHECK} doesn't read the limit from its first argument", module="the main module")
    return bytes([_I32_LOAD, 2]) + uleb(Reader(check, start + len(_LOAD_OF_FIRST_ARGUMENT)).uleb())


def _wrapper(function_type: bytes, wrapped: int, pointer: bytes) -> bytes:
    """The body, without locals, of a function that calls `wrapped` with its own arguments, FRAME_BYTES deeper."""
    parameters = Reader(function_type, 1).uleb()
    move = bytes([GLOBAL_GET]) + pointer + bytes([I32_CONST]) + sleb(FRAME_BYTES)
    put = bytes([_GLOBAL_SET]) + pointer
    arguments = b"".join(bytes([_LOCAL_GET]) + uleb(index) for index in range(parameters))
    call = arguments + bytes([_CALL]) + uleb(wrapped)
    return b"\0" + move + bytes([_I32_SUB]) + put + call + move + bytes([I32_ADD]) + put + bytes([END])
