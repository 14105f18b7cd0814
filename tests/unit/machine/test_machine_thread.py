"""The guest thread: one for all callers, with results and exceptions handed back."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cellblock_sandbox.machine.calls import is_stack_overflow
from cellblock_sandbox.machine.thread import GuestThread, guest_thread


@pytest.fixture
def thread():
    return GuestThread()


def test_results_and_arguments(thread):
    assert thread.run(divmod, 7, 2) == (3, 1)
    assert thread.run(dict, a=1) == {"a": 1}


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(2), StopIteration()])
def test_exceptions_are_raised_in_the_caller(thread, error):
    def fail():
        raise error

    with pytest.raises(type(error)) as caught:
        thread.run(fail)
    assert caught.value is error
    assert thread.run(int, "5") == 5


def test_what_is_submitted_is_done_in_order_while_the_caller_goes_on(thread):
    gate, done = threading.Event(), []
    futures = [thread.submit(lambda: gate.wait(10)), *(thread.submit(lambda n=n: done.append(n)) for n in range(5))]
    assert not any(each.done() for each in futures)
    gate.set()
    assert [each.result(10) for each in futures] == [True, None, None, None, None, None]
    assert done == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        thread.submit(lambda: 1 / 0).result(10)


def test_it_is_one_other_thread(thread):
    names = {thread.run(threading.get_ident) for _ in range(5)}
    assert len(names) == 1
    assert threading.get_ident() not in names


def test_reentrant(thread):
    assert thread.run(lambda: thread.run(lambda: thread.run(threading.get_ident))) == thread.run(threading.get_ident)


def test_from_several_threads_one_after_another(thread):
    running, most = [], []

    def work(number):
        running.append(number)
        most.append(len(running))
        running.remove(number)
        return number * 2, threading.get_ident()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: thread.run(work, number), range(200)))
    assert [answer for answer, _ in answers] == [number * 2 for number in range(200)]
    assert len({ident for _, ident in answers}) == 1
    assert set(most) == {1}


def test_other_threads_keep_their_stack_size():
    before = threading.stack_size()
    GuestThread().run(int)
    assert threading.stack_size() == before


DEEP = """(func $deep (export "deep") (param i32) (result i32)
  (if (result i32) (local.get 0)
    (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
    (else (i32.const 0))))
(func $endless (export "endless") (result i32) (i32.add (call $endless) (i32.const 1)))"""


def test_room_for_deep_recursion_and_an_end_to_it(guest):
    instance = guest(DEEP)
    deep, endless = (instance._exported(name) for name in ("deep", "endless"))
    assert guest_thread.run(deep, 1_000_000) == 1_000_000
    for _ in range(2):
        with pytest.raises(Exception, match="call stack exhausted") as caught:
            guest_thread.run(endless)
        assert is_stack_overflow(caught.value)
    assert guest_thread.run(sys.getrecursionlimit) == sys.getrecursionlimit()
