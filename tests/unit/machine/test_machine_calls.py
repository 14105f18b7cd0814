"""The border: values of every type in both directions, exceptions and traps through frames of both sides."""

import gc

import pytest
import wasmtime
from cellblock_sandbox.errors import GuestCrashed
from cellblock_sandbox.machine import calls
from cellblock_sandbox.machine.calls import GuestTrap, Interrupted, is_stack_overflow, trap_reason
from cellblock_sandbox.machine.instance import Definition, Program

WASM = {"i": "i32", "j": "i64", "f": "f32", "d": "f64"}

VALUES = {
    "i": [(0, 0), (1, 1), (-1, -1), (2**31 - 1, 2**31 - 1), (-(2**31), -(2**31)), (2**31, -(2**31)), (2**32 - 1, -1)],
    "j": [(0, 0), (-1, -1), (2**40, 2**40), (-(2**63), -(2**63)), (2**63, -(2**63)), (2**64 - 1, -1)],
    "f": [(0.0, 0.0), (-1.5, -1.5), (0.1, 0.10000000149011612), (float("inf"), float("inf")), (3, 3.0)],
    "d": [(0.0, 0.0), (0.1, 0.1), (-1e300, -1e300), (float("-inf"), float("-inf")), (2**53, 2.0**53)],
}


@pytest.mark.parametrize(("letter", "given", "expected"), [(k, *pair) for k, pairs in VALUES.items() for pair in pairs])
def test_a_value_goes_through_host_and_guest(guest, letter, given, expected):
    seen = []
    kind = WASM[letter]
    made = guest(
        f"""(import "env" "echo" (func $echo (param {kind}) (result {kind})))
        (table (export "__indirect_function_table") 2 funcref) (elem (i32.const 1) func $through)
        (func $through (export "through") (param {kind}) (result {kind}) (call $echo (local.get 0)))""",
        {("echo", f"{letter}->{letter}"): lambda value: seen.append(value) or value},
    )
    for answer in (made.call("through", given), made.call_slot(1, given)):
        assert answer == expected
        assert type(answer) is type(expected)
    assert seen == [expected, expected]


def test_not_a_number_survives(guest):
    made = guest("""(func (export "same") (param f64) (result f64) (local.get 0))""")
    assert made.call("same", float("nan")) != made.call("same", float("nan"))


def test_many_arguments_arrive_in_order(guest):
    seen = []
    made = guest(
        """(import "env" "take" (func $take (param i32 i64 f32 f64 i32)))
        (func (export "give") (param i32 i64 f32 f64 i32)
          (call $take (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)))""",
        {("take", "ijfdi->"): lambda *values: seen.append(values)},
    )
    assert made.call("give", -1, 2**40, 0.5, -0.25, 7) == 0
    assert seen == [(-1, 2**40, 0.5, -0.25, 7)]


def test_a_function_without_arguments_gives_a_result(guest):
    made = guest(
        """(import "env" "answer" (func $answer (result i64)))
        (func (export "ask") (result i64) (call $answer)) (func (export "nothing"))""",
        {("answer", "->j"): lambda: -(2**62)},
    )
    assert made.call("ask") == -(2**62)
    assert made.call("nothing") == 0


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3)])
def test_wrong_number_of_arguments(guest, arguments):
    made = guest("""(func (export "two") (param i32 i32))""")
    with pytest.raises(TypeError, match="takes 2 arguments"):
        made.call("two", *arguments)
    assert made.call("two", 1, 2) == 0


@pytest.mark.parametrize("argument", ["1", None, 1.5])
def test_wrong_type_of_argument(guest, argument):
    made = guest("""(func (export "one") (param i32))""")
    with pytest.raises(TypeError):
        made.call("one", argument)
    assert made.border.in_host


@pytest.mark.parametrize("signature", ["(result i32 i32) (i32.const 1) (i32.const 2)", "(param externref)"])
def test_a_function_of_other_types_is_refused(guest, signature):
    made = guest(f"""(func (export "odd") {signature})""")
    with pytest.raises(TypeError, match="can't be called"):
        made.call("odd")


def test_unknown_export(guest):
    with pytest.raises(KeyError, match="exports no nowhere"):
        guest("").call("nowhere")


class Odd(BaseException):
    pass


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("k"), Odd(), SystemExit(3), StopIteration(4)])
def test_an_exception_of_a_host_function_comes_out_unchanged(guest, error):
    after = []

    def fail():
        raise error

    made = guest(
        """(import "env" "fail" (func $fail))
        (import "env" "after" (func $after))
        (func $inner (call $fail) (call $after)) (func (export "outer") (call $inner) (call $after))
        (func (export "fine") (result i32) (i32.const 5))""",
        {("fail", "->"): fail, ("after", "->"): lambda: after.append(1)},
    )
    with pytest.raises(type(error)) as caught:
        made.call("outer")
    assert caught.value is error
    assert error.__cause__ is None
    assert after == []
    assert made.border.in_host
    assert made.border.raised is None
    assert made.call("fine") == 5


def test_an_answer_that_is_no_number_is_our_error(guest):
    made = guest(
        """(import "env" "text" (func $text (result i32)))
        (func (export "ask") (result i32) (call $text))""",
        {("text", "->i"): lambda: "text"},
    )
    with pytest.raises(TypeError):
        made.call("ask")


NESTED = """(import "env" "down" (func $down (param i32) (result i32)))
(table (export "__indirect_function_table") 2 funcref) (elem (i32.const 1) func $up)
(func $up (export "up") (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 1)))
(func (export "trap") (param i32) (result i32) unreachable)"""


def test_guest_and_host_call_each_other(guest):
    def down(level):
        made_at.append(made.border.in_host)
        return made.call("up", level - 1) if level % 2 else (made.call_slot(1, level - 1) if level else 100)

    made_at = []
    made = guest(NESTED, {("down", "i->i"): down})
    assert made.call("up", 6) == 107
    assert made_at == [True] * 7
    assert made.call("up", 6) == 107


def test_an_exception_goes_through_all_levels(guest):
    def down(level):
        if not level:
            raise ValueError("bottom")
        return made.call("up", level - 1)

    made = guest(NESTED, {("down", "i->i"): down})
    with pytest.raises(ValueError, match="bottom"):
        made.call("up", 5)
    assert made.border.raised is None


@pytest.mark.parametrize("how", ["call", "slot"])
def test_a_host_function_may_catch_what_the_guest_below_it_did(guest, how):
    """The same function is on the stack twice: the outer call must not take the inner one's trap for its own."""

    def down(level):
        if level == 2:
            try:
                return made.call("up", 1) if how == "call" else made.call_slot(1, 1)
            except (ValueError, GuestTrap):
                return 10
        if level == 1:
            return made.call("trap", 0)
        raise ValueError("bottom")

    made = guest(NESTED, {("down", "i->i"): down})
    for _ in range(3):
        assert made.call("up", 2) == 11
        with pytest.raises(GuestTrap):
            made.call("up", 1)
        with pytest.raises(ValueError, match="bottom"):
            made.call_slot(1, 0)
        gc.collect()


def test_endless_recursion_between_guest_and_host_ends(guest):
    made = guest(NESTED, {("down", "i->i"): lambda level: made.call_slot(1, level)})
    with pytest.raises(GuestTrap, match="nested too deeply"):
        made.call("up", 1)
    assert made.border.in_host
    assert made.border.raised is None


def test_a_trap_leaves_the_border_consistent(guest):
    made = guest(
        """(func (export "out") (result i32) (i32.load (i32.const 0x7fffffff)))
        (func (export "none") unreachable) (func $deep (export "deep") (call $deep))
        (func (export "fine") (result i32) (i32.const 5))"""
    )
    for name, reason in (("out", "out of bounds memory access"), ("none", "wasm `unreachable` instruction executed")):
        with pytest.raises(GuestTrap) as caught:
            made.call(name)
        assert trap_reason(caught.value) == reason
        assert not is_stack_overflow(caught.value)
        assert made.border.in_host
        assert made.call("fine") == 5


def test_reason_of_other_errors():
    assert trap_reason(ValueError("text")) == "text"
    assert not is_stack_overflow(ValueError("text"))


TABLE = """(table (export "__indirect_function_table") 1 funcref)
(func (export "sum") (param i32 i32 f64) (result f64)
  (call_indirect (param i32 f64) (result f64) (local.get 1) (local.get 2) (local.get 0)))"""


def test_new_function_in_the_table(guest):
    made = guest(TABLE)
    slot = made.add()
    made.set(slot, "id->d", lambda a, b: a + b)
    for _ in range(200):  # the function and its type outlive every temporary
        gc.collect(0)
        assert made.call("sum", slot, -3, 0.5) == -2.5
    assert made.call_slot(slot, 3, 0.25) == 3.25
    assert made.own_functions() == 1


def test_new_function_of_another_type_traps(guest):
    made = guest(TABLE)
    slot = made.add()
    made.set(slot, "i->i", lambda a: a)
    with pytest.raises(GuestTrap, match="indirect call type mismatch"):
        made.call("sum", slot, 1, 1.0)


def test_an_exception_of_a_new_function(guest):
    made = guest(TABLE)
    slot = made.add()
    made.set(slot, "id->d", lambda a, b: {}["key"])
    with pytest.raises(KeyError, match="key"):
        made.call("sum", slot, 1, 1.0)
    with pytest.raises(KeyError, match="key"):
        made.call_slot(slot, 1, 1.0)


def test_host_functions_are_shared_by_guests(guest):
    first = guest(NESTED, {("down", "i->i"): lambda level: level * 2})
    second = guest.again(first.program)
    assert [first.call("up", 1), second.call("up", 2), first.call("up", 3)] == [3, 5, 7]


def test_a_host_function_of_an_unknown_type():
    with pytest.raises(KeyError):
        Program(wasmtime.Module(calls.engine(), wasmtime.wat2wasm("(module)")), [Definition("m", "n", "x->", print)])


def test_the_self_test_names_the_version(monkeypatch):
    calls.self_test()
    calls.self_test.cache_clear()
    right = calls.GuestFunction.__call__
    monkeypatch.setattr(calls.GuestFunction, "__call__", lambda self, *values: (right(self, *values) or 0) + 1)
    with pytest.raises(GuestCrashed, match=rf"wasmtime {calls.VERSION} gives .* is expected"):
        calls.self_test()
    calls.self_test.cache_clear()
    monkeypatch.undo()
    calls.self_test()


def test_revoked_guests_are_not_entered(guest):
    made = guest(NESTED, {("down", "i->i"): lambda level: level})
    made.border.revoked = True
    for _ in range(2):
        with pytest.raises(Interrupted):
            made.call("up", 1)
        with pytest.raises(Interrupted):
            made.call_slot(1, 1)
        assert made.border.in_host


def test_revoked_within_a_host_function(guest):
    entered = []

    def down(level):
        entered.append(level)
        made.border.revoked = True
        with pytest.raises(Interrupted):
            made.call_slot(1, 5)
        return level

    made = guest(NESTED, {("down", "i->i"): down})
    with pytest.raises(Interrupted):
        made.call("up", 1)
    assert entered == [1]


def test_functions_hold_on_to_what_they_need(guest):
    made = guest("""(func (export "plus") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))""")
    plus = made._exported("plus")
    gc.collect()
    assert [plus(n) for n in range(3)] == [1, 2, 3]
