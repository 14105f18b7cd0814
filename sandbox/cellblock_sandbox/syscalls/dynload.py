"""Opening libraries that are linked already: `dlopen` starts one, `dlsym` looks a number up.

The C side (musl's dynlink, Emscripten's `dynlink.c`) keeps the list of open libraries and asks here only the first
time. Source: Emscripten 5.0.3 `src/lib/libdylink.js`, `_dlopen_js` and `_dlsym_js`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from cellblock_sandbox.syscalls.errors import CallRefused
from cellblock_sandbox.syscalls.host import Host, LinkedLibrary, LinkTables
from cellblock_sandbox.syscalls.refusals import REFUSALS
from cellblock_sandbox.syscalls.registry import syscall

# struct dso, reference/emscripten-struct-info.json: the path follows the fixed part.
_DSO_NAME = 36


@syscall("_dlopen_js", "i->i", params=("handle",))
def dlopen(host: Host, handle: int) -> int:
    """Start the library whose path follows the dso at `handle`, and those it needs; 1, or 0 with dlerror set."""
    path = _path(host, handle)
    library = _links(host).libraries.get(path)
    if library is None:
        return _fail(host, f"{path} is not part of this bundle of linked libraries")
    _start(host, library)
    return 1


@syscall("_dlsym_js", "iii->i", params=("handle", "symbol", "index"))
def dlsym(host: Host, handle: int, symbol: int, index: int) -> int:
    """The address of a symbol: a table slot for functions, a memory address for data; 0 with dlerror set.

    `index` is where a loader notes which entry was added to the table; here none ever is.
    """
    name = host.memory.cstring(symbol).decode(errors="replace")
    path = _path(host, handle) if handle else ""
    for symbols in _scopes(host, path):
        if name in symbols:
            return symbols[name]
    return _fail(host, f"undefined symbol {name} in {path or 'the program'}")


@syscall("_emscripten_dlopen_js", "iiii->", params=("handle", "onsuccess", "onerror", "user_data"))
def dlopen_async(host: Host, handle: int, onsuccess: int, onerror: int, user_data: int) -> None:
    """Refused: nothing in the distribution opens libraries asynchronously."""
    raise CallRefused("emscripten_dlopen: use dlopen, libraries are linked already")


@syscall("missing", "i->", params=("stub",))
def missing(host: Host, stub: int) -> None:
    """Every import without a host function ends here, under the number the linker gave it. CallRefused says why.

    The reasons are in refusals.py; a library's import that isn't there is one that no library of the bundle has.
    """
    names = _links(host).missing
    name = names[stub] if 0 <= stub < len(names) else f"import {stub}"
    refusal = REFUSALS.get(name)
    raise CallRefused(f"{name}: {refusal.reason if refusal else 'no library of this bundle has it'}")


def _start(host: Host, library: LinkedLibrary) -> None:
    """Run a library's relocations and constructors once, those it needs first."""
    if library.path in host.opened:
        return
    host.opened.append(library.path)
    for path in library.needed:
        _start(host, _links(host).libraries[path])
    for slot in library.starters:
        host.guest_call("call_slot", slot)


def _scopes(host: Host, path: str) -> Iterator[Mapping[str, int]]:
    links = _links(host)
    if path in links.libraries:
        yield links.libraries[path].symbols
        return
    yield links.main_symbols
    for each in host.opened:
        yield links.libraries[each].symbols


def _path(host: Host, handle: int) -> str:
    name = host.memory.cstring(handle + _DSO_NAME).decode(errors="surrogateescape")
    return posixpath.normpath(posixpath.join("/", name)) if name else ""


def _links(host: Host) -> LinkTables:
    if host.links is None:
        raise CallRefused("this guest was made without linked libraries")
    return host.links


def _fail(host: Host, message: str) -> int:
    """Set dlerror's text and return 0. `__dl_seterr` takes a format, and paths are the guest's to choose."""
    raw = message.replace("%", "%%").encode(errors="replace") + b"\0"
    text = host.guest_call("malloc", len(raw))
    if text:
        host.memory.write(text, raw)
        host.guest_call("__dl_seterr", text, 0)
        host.guest_call("free", text)
    return 0
