"""Compiling a bundle's Python sources ahead of time, by the guest's own compiler.

The wheels and the standard library of Pyodide hold sources only, and compiling them is most of what an import costs:
of 16.2 s that matplotlib, scipy.stats, scikit-learn, pandas and sympy take together, 12.8 s; unmarshalling the same
code takes 0.3 s. Bytecode belongs to one release of CPython, so the guest makes it: once for each bundle, as an
archive of `__pycache__` files that lies over the sources like another layer.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgpack

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.guest import values
from cellblock_sandbox.guest.process import Guest
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.limits import Limits

_BATCH_BYTES: Final = 2 << 20
_BATCH: Final = Limits(timeout_s=120, grace_s=120, result_bytes=256 << 20)
# The time zip archives begin with: equal inputs give equal bytes.
_DATE: Final = (1980, 1, 1, 0, 0, 0)

# Unchecked hash pycs (PEP 552): the import system takes them without a look at the source, whatever its date.
_COMPILE: Final = """
import warnings
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import cache_from_source, source_hash

warnings.simplefilter("ignore")

def compiled(path, source):
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None  # a template, or a test of the compiler: whoever imports it gets the error then
    return bytes(_code_to_hash_pyc(code, source_hash(source), False))

return {cache_from_source(path): compiled(path, source) for path, source in data.items()}
"""

Sources = Iterable[tuple[str, bytes]]


def sources_of(archive: Path, root: str) -> Iterator[tuple[str, bytes]]:
    """Every `.py` file of a zip archive, by the path it has in a guest where the archive is mounted at `root`."""
    with zipfile.ZipFile(archive) as members:
        for name in members.namelist():
            if name.endswith(".py"):
                yield f"{root}/{name}", members.read(name)


def compile_sources(guest: Guest, sources: Sources, total_bytes: int, target: Path, progress: Progress) -> None:
    """Have `guest` compile `sources` and write the archive `target`, to be mounted at `/`.

    Sources that don't compile are left out. BuildError if the guest fails.
    """
    with (
        progress.step("compile Python sources", total_bytes, "B") as step,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for batch in _batches(sources):
            for path, code in _compile(guest, batch).items():
                if code is not None:
                    archive.writestr(zipfile.ZipInfo(path.lstrip("/"), _DATE), code, zipfile.ZIP_DEFLATED, 1)
            step.advance(sum(map(len, batch.values())))


def _batches(sources: Sources) -> Iterator[dict[str, bytes]]:
    batch: dict[str, bytes] = {}
    size = 0
    for path, source in sources:
        batch[path] = source
        size += len(source)
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


def _compile(guest: Guest, batch: dict[str, bytes]) -> dict[str, bytes | None]:
    request = {"code": _COMPILE, "name": "compile", "data": values.pack(batch, "data"), "timeout_s": _BATCH.timeout_s}
    answer: dict[str, Any] = msgpack.unpackb(guest.run(msgpack.packb(request), _BATCH))
    if answer["status"] != "completed":
        raise BuildError(f"the guest could not compile Python sources: {answer['error']['traceback']}")
    lent = guest.lent(answer["pieces"], _BATCH.result_bytes) if "pieces" in answer else [answer["result"]]
    compiled: dict[str, bytes | None] = values.unpack(b"".join(lent))
    return compiled
