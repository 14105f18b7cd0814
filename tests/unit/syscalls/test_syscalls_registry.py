"""Every import of Pyodide's main module is accounted for, with its exact type; errors become errno in one place."""

from pathlib import Path

import pytest
from cellblock_sandbox.abi.tables import EAFNOSUPPORT, EFAULT, ENOENT, ENOTSOCK
from cellblock_sandbox.filesystem import FileSystemError
from cellblock_sandbox.machine.memory import GuestFault
from cellblock_sandbox.syscalls import registry
from cellblock_sandbox.syscalls.refusals import REFUSALS

# pyodide.asm.wasm 314.0.3: module, name and type of each function it imports.
IMPORTS = [line.split() for line in (Path(__file__).parent / "main_imports.txt").read_text().splitlines()]

# Provided as WebAssembly by the linker, or by the machine itself.
OTHER_ROOMS = {
    "_maybe_connect_async",
    "_maybe_poll_async",
    "_maybe_recvfrom_async",
    "_maybe_sendto_async",
    "__hiwire_deduplicate_new",
    "__hiwire_deduplicate_get",
    "__hiwire_deduplicate_set",
    "__hiwire_deduplicate_delete",
    "_Py_CheckEmscriptenSignals_Helper",
    "_Py_emscripten_runtime",
}

# Called by what the linker makes, not by Pyodide.
OURS = {"missing"}


def test_every_import_has_one_place():
    names = {name for _, name, _ in IMPORTS}
    implemented = {call.name for call in registry.all_calls()} - OURS - set(REFUSALS)
    assert names == implemented | set(REFUSALS) | OTHER_ROOMS
    assert len(names) == len(implemented) + len(REFUSALS) + len(OTHER_ROOMS)


def test_refusals_with_an_errno_are_calls():
    calls = {call.name for call in registry.all_calls()}
    assert {name for name in REFUSALS if name in calls} == {name for name in REFUSALS if REFUSALS[name].errno}


def test_refusals_say_why():
    assert [name for name, refusal in REFUSALS.items() if not refusal.reason or refusal.name != name] == []


def test_types_are_the_modules():
    types = {name: (module, signature) for module, name, signature in IMPORTS}
    for call in registry.all_calls():
        if call.name not in OURS:
            assert (call.module, call.signature) == types[call.name], call.name
            assert len(call.params) == len(call.arguments)


def test_every_call_says_what_it_does():
    assert [call.name for call in registry.all_calls() if not call.function.__doc__] == []


def bound(result, module="env", signature="i->i"):
    def function(host, argument):
        if isinstance(result, Exception):
            raise result
        return result

    class NoTrace:
        trace = None

    return registry.bind(registry.Syscall("x", module, signature, ("a",), function), lambda: NoTrace)


def test_errors_become_errno():
    assert bound(FileSystemError(ENOENT))(0) == -ENOENT
    assert bound(FileSystemError(ENOENT), registry.WASI)(0) == ENOENT
    assert bound(GuestFault())(0) == -EFAULT
    assert bound(None)(0) == 0
    assert bound(7)(0) == 7
    assert bound(None, signature="i->")(0) is None
    assert bound(1.5, signature="i->d")(0) == 1.5
    with pytest.raises(GuestFault):
        bound(GuestFault(), signature="i->")(0)
    with pytest.raises(FileSystemError):
        bound(FileSystemError(ENOENT), signature="i->j")(0)


def test_a_call_has_one_name_and_fitting_parameters():
    with pytest.raises(ValueError, match="registered twice"):
        registry.syscall("__syscall_openat", "iiii->i", params="abcd")(print)
    with pytest.raises(ValueError, match="doesn't fit"):
        registry.syscall("new", "ii->i", params="a")(print)


def test_trace(guest):
    told = []
    guest.host.trace = lambda *what: told.append(what)
    guest("__syscall_dup", 99)
    assert told == [("__syscall_dup", ("fd",), (99,), -8)]


def test_there_are_no_sockets(guest):
    assert guest("__syscall_socket", 2, 1, 0, 0, 0, 0) == -EAFNOSUPPORT
    assert guest("__syscall_bind", 1, 0, 0, 0, 0, 0) == -ENOTSOCK
    assert guest("__syscall_bind", 99, 0, 0, 0, 0, 0) == -ENOTSOCK
