"""dlopen, dlsym and the stubs, on link tables made by hand."""

from dataclasses import replace

import pytest
from cellblock_sandbox.syscalls.errors import CallRefused
from cellblock_sandbox.syscalls.host import LinkedLibrary, LinkTables

LIBRARIES = {
    "/lib/a.so": LinkedLibrary("/lib/a.so", ("/lib/b.so",), (10, 11), {"f": 5, "data": 4096, "a": 1}),
    "/lib/b.so": LinkedLibrary("/lib/b.so", ("/lib/a.so",), (20,), {"f": 6, "b": 2}),
    "/lib/c.so": LinkedLibrary("/lib/c.so", (), (), {"c": 3}),
}


@pytest.fixture
def opener(guest):
    """The guest, with a dso for each path, and with dlerror's text kept."""
    guest.host.links = LinkTables(LIBRARIES, {"main": 9, "f": 4}, ("first", "second"))
    guest.errors, guest.freed = [], []

    def guest_call(name, *arguments):
        if name == "malloc":
            return guest.alloc(arguments[0])
        if name == "__dl_seterr":
            guest.errors.append(guest.memory.cstring(arguments[0]).decode())
        guest.called.append((name, *arguments))
        return 0

    guest.host.guest_call = guest_call
    guest.dso = lambda path: guest.text("x" * 35 + "y" + path)
    return guest


def started(guest):
    return [arguments[1] for arguments in guest.called if arguments[0] == "call_slot"]


def test_a_library_starts_once_and_what_it_needs_first(opener):
    assert opener("_dlopen_js", opener.dso("/lib/a.so")) == 1
    assert started(opener) == [20, 10, 11]
    assert opener("_dlopen_js", opener.dso("/lib/a.so")) == 1
    assert opener("_dlopen_js", opener.dso("/lib/b.so")) == 1
    assert started(opener) == [20, 10, 11]
    assert opener.host.opened == ["/lib/a.so", "/lib/b.so"]


@pytest.mark.parametrize("path", ["lib/c.so", "/lib/../lib/./c.so", "/lib//c.so"])
def test_other_spellings_of_a_path(opener, path):
    assert opener("_dlopen_js", opener.dso(path)) == 1


def test_a_library_that_is_not_linked(opener):
    assert opener("_dlopen_js", opener.dso("/tmp/own.so")) == 0
    assert opener.errors == ["/tmp/own.so is not part of this bundle of linked libraries"]
    assert opener.host.opened == []
    assert opener.called[-1][0] == "free"


def test_a_path_is_no_format(opener):
    assert opener("_dlopen_js", opener.dso("/%s%n.so")) == 0
    assert opener.errors[0].startswith("/%%s%%n.so is not part")
    assert opener("_dlsym_js", 0, opener.text("%n"), 0) == 0
    assert opener.errors[1] == "undefined symbol %%n in the program"


def test_a_path_of_any_bytes(opener):
    handle = opener.dso("?.so")
    opener.memory.write(handle + 36, b"\xff")
    assert opener("_dlopen_js", handle) == 0
    assert opener.errors[0].startswith("/?.so is not")


def test_no_room_for_the_message(opener):
    opener.host.guest_call = lambda name, *arguments: 0
    assert opener("_dlopen_js", opener.dso("/no.so")) == 0


@pytest.mark.parametrize(
    ("path", "symbol", "expected"),
    [
        ("/lib/a.so", "f", 5),
        ("/lib/a.so", "data", 4096),
        ("/lib/b.so", "f", 6),
        ("/lib/a.so", "b", 0),
        ("/lib/a.so", "main", 0),
    ],
)
def test_a_symbol_of_a_library(opener, path, symbol, expected):
    assert opener("_dlsym_js", opener.dso(path), opener.text(symbol), 0) == expected
    assert len(opener.errors) == (not expected)


def test_a_symbol_of_the_program(opener):
    for handle in (0, opener.dso("")):
        assert opener("_dlsym_js", handle, opener.text("f"), 0) == 4
        assert opener("_dlsym_js", handle, opener.text("c"), 0) == 0
    opener("_dlopen_js", opener.dso("/lib/c.so"))
    assert opener("_dlsym_js", 0, opener.text("c"), 0) == 3


@pytest.mark.parametrize(("stub", "name"), [(0, "first"), (1, "second"), (2, "import 2"), (-1, "import -1")])
def test_a_missing_import_names_itself(opener, stub, name):
    with pytest.raises(CallRefused, match=f"^{name}: no library of this bundle has it"):
        opener("missing", stub)


def test_a_refused_import_says_why(opener):
    opener.host.links = replace(opener.host.links, missing=("JsvArray_New",))
    with pytest.raises(CallRefused, match=r"^JsvArray_New: there is no JavaScript here$"):
        opener("missing", 0)


def test_asynchronous_opening_is_refused(opener):
    with pytest.raises(CallRefused):
        opener("_emscripten_dlopen_js", 0, 0, 0, 0)


def test_without_linked_libraries(guest):
    with pytest.raises(CallRefused):
        guest("_dlopen_js", guest.text("x" * 40))
