"""Guests written by hand: a code module that imports its memory, as a linked one does, and host functions by name."""

import pytest
import wasmtime
from cellblock_sandbox.machine.engine import engine
from cellblock_sandbox.machine.instance import Definition, Program
from cellblock_sandbox.machine.linear import PAGE, MemoryImage

HEAD = '(import "image" "memory" (memory 1))'


@pytest.fixture
def memory_image(tmp_path):
    """Make a memory image: of its contents, or of so many empty pages."""

    def make(contents):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        MemoryImage.write(path, bytes(contents * PAGE) if isinstance(contents, int) else contents)
        return MemoryImage(path)

    return make


@pytest.fixture
def guest(memory_image):
    """Make an instance of a module's text. `host` maps (name, signature) to what runs; memory is in pages."""
    made = []

    def make(text, host=None, *, pages=1, limit=16):
        calls = [Definition("env", name, signature, run) for (name, signature), run in (host or {}).items()]
        imports = [line for line in text.splitlines() if "(import" in line]
        body = [line for line in text.splitlines() if "(import" not in line]
        code = "\n".join(["(module", *imports, HEAD, *body, ")"])
        program = Program(wasmtime.Module(engine(), wasmtime.wat2wasm(code)), calls)
        made.append(again(program, pages, limit))
        return made[-1]

    def again(program, pages=1, limit=16):
        image = pages if isinstance(pages, MemoryImage) else memory_image(pages)
        instance = program.instantiate(image, limit * PAGE)
        instance.program = program
        return instance

    make.again = again
    yield make
    for instance in made:
        instance.close()
