"""The watchdog: the soft interrupt, the hard stop, and that neither happens to anyone else."""

import threading
import time

import pytest
from cellblock_sandbox.machine.calls import Interrupted
from cellblock_sandbox.machine.interruption import Reason, Watchdog, watchdog

FLAG = 64
# Far beyond the few milliseconds it takes: a machine under load is no failure.
SOON = 10.0

LOOPS = """(import "env" "pause" (func $pause (param i32) (result i32)))
(table (export "__indirect_function_table") 2 funcref) (elem (i32.const 1) func $memory)
(func $memory (export "memory_loop") (loop $again
  (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))) (br $again)))
(func (export "heap_loop") (loop $again
  (i32.store (i32.const 65600) (i32.add (i32.load (i32.const 65600)) (i32.const 1))) (br $again)))
(func (export "host_loop") (loop $again (drop (call $pause (i32.const 1))) (br $again)))
(func (export "polite_loop") (result i32)
  (loop $again (br_if $again (i32.eqz (i32.load (i32.const 64))))) (i32.const 1))
(func (export "pause") (param i32) (result i32) (call $pause (local.get 0)))
(func (export "pause_and_load") (param i32) (result i32)
  (drop (call $pause (local.get 0))) (i32.load (i32.const 1024)))
(func (export "fine") (result i32) (i32.const 5))"""


def pause(milliseconds):
    time.sleep(milliseconds / 1000)
    return milliseconds


@pytest.fixture
def make(guest):
    def made(program=None):
        instance = guest(LOOPS, {("pause", "i->i"): pause}, pages=2) if program is None else guest.again(program, 2)
        instance.interrupt_flag = FLAG
        instance.heap_start = 65536
        return instance

    return made


@pytest.fixture
def stopped_after():
    """Run something under the watchdog; how many seconds it took, and what it gave or raised."""

    def run(instance, timeout_s, grace_s, call, cpu_s=float("inf")):
        started = time.monotonic()
        watchdog.arm(instance, timeout_s, grace_s, cpu_s)
        try:
            outcome = call()
        except Interrupted as error:
            outcome = error
        finally:
            instance.asked = watchdog.disarm()
        return time.monotonic() - started, outcome

    return run


def test_the_flag_is_written_at_the_deadline_and_not_before(make, stopped_after):
    instance = make()
    took, outcome = stopped_after(instance, 0.1, SOON, lambda: instance.call("polite_loop"))
    assert outcome == 1
    assert 0.1 <= took < SOON
    assert not instance.revoked


def test_arm_tells_the_deadline(make):
    before = time.monotonic()
    deadline = watchdog.arm(make(), 100, 1)
    watchdog.disarm()
    assert before + 100 <= deadline <= time.monotonic() + 100


def test_disarmed_means_left_alone(make):
    instance = make()
    watchdog.arm(instance, 0.03, 0.01)
    watchdog.disarm()
    time.sleep(0.15)
    assert instance.memory.u32(FLAG) == 0
    assert not instance.revoked
    assert instance.call("pause_and_load", 1) == 0


@pytest.mark.parametrize("loop", ["memory_loop", "heap_loop", "host_loop"])
def test_a_loop_that_hears_nothing_is_stopped(make, stopped_after, loop):
    instance = make()
    took, outcome = stopped_after(instance, 0.05, 0.05, lambda: instance.call(loop))
    assert isinstance(outcome, Interrupted)
    assert 0.1 <= took < SOON
    assert instance.revoked


def test_a_loop_called_through_the_table_is_stopped(make, stopped_after):
    instance = make()
    _, outcome = stopped_after(instance, 0.02, 0.02, lambda: instance.call_slot(1))
    assert isinstance(outcome, Interrupted)


@pytest.mark.parametrize("call", ["pause", "pause_and_load"])
def test_a_host_function_that_runs_at_the_stop_ends_the_guest(make, stopped_after, call):
    """Memory stays while host code may use it; the guest ends when the host function returns."""
    instance = make()
    _, outcome = stopped_after(instance, 0.02, 0.02, lambda: instance.call(call, 300))
    assert isinstance(outcome, Interrupted)
    assert instance.memory.u32(1024) == 0


def test_a_stopped_guest_raises_on_every_further_call(make, stopped_after):
    instance = make()
    stopped_after(instance, 0.01, 0.01, lambda: instance.call("memory_loop"))
    for _ in range(3):
        with pytest.raises(Interrupted):
            instance.call("fine")
        with pytest.raises(Interrupted):
            instance.call("memory_loop")
    instance.close()


def test_the_next_guest_has_its_own_time(make, stopped_after):
    first = make()
    stopped_after(first, 0.01, 0.01, lambda: first.call("memory_loop"))
    second = make(first._program)
    _, outcome = stopped_after(second, SOON, SOON, lambda: second.call("pause_and_load", 100))
    assert outcome == 0
    assert second.memory.u32(FLAG) == 0


def test_an_earlier_deadline_after_a_later_one(make, stopped_after):
    """The thread sleeps towards the first guest's deadline and has to be woken for the second's."""
    first = make()
    stopped_after(first, 1000, 1000, lambda: first.call("fine"))
    second = make(first._program)
    took, outcome = stopped_after(second, 0.05, 0.01, lambda: second.call("memory_loop"))
    assert isinstance(outcome, Interrupted)
    assert took < SOON


def test_many_stops_in_one_process(make, stopped_after):
    program = make()._program
    for number in range(30):
        instance = make(program)
        loop = ("memory_loop", "heap_loop", "host_loop")[number % 3]
        _, outcome = stopped_after(instance, 0.005, 0.005, lambda: instance.call(loop))  # noqa: B023
        assert isinstance(outcome, Interrupted)
        instance.close()
        neighbour = make(program)
        assert neighbour.call("pause_and_load", 1) == 0
        neighbour.close()


@pytest.mark.parametrize("seconds", [1e10, 1e300, float("inf")])
def test_a_time_limit_beyond_all_waiting(make, stopped_after, seconds):
    """What no thread can wait for must not end the watchdog, which later guests need."""
    first = make()
    assert stopped_after(first, seconds, 1, lambda: first.call("pause", 50))[1] == 50
    second = make(first._program)
    assert isinstance(stopped_after(second, 0.01, 0.01, lambda: second.call("memory_loop"))[1], Interrupted)


@pytest.mark.parametrize("times", [(float("nan"), 1), (1, float("nan")), (1, 1, float("nan"))])
def test_no_number_is_no_time_limit(make, times):
    with pytest.raises(ValueError, match="number"):
        Watchdog().arm(make(), *times)


@pytest.mark.parametrize("seconds", [0, -5])
def test_no_time_at_all(make, stopped_after, seconds):
    instance = make()
    assert isinstance(stopped_after(instance, seconds, 0, lambda: instance.call("host_loop"))[1], Interrupted)


def test_one_thread_for_all_guests(make):
    own = Watchdog()
    instance = make()
    for _ in range(3):
        own.arm(instance, 1000, 1)
        own.disarm()
    assert sum(thread is own._thread for thread in threading.enumerate()) == 1


# ---- why a guest is asked to stop


def test_disarming_tells_why_it_was_asked(make, stopped_after):
    instance = make()
    stopped_after(instance, SOON, SOON, lambda: instance.call("fine"))
    assert (instance.asked, instance.interrupted) == (None, None)
    stopped_after(instance, 0.02, SOON, lambda: instance.call("polite_loop"))
    assert (instance.asked, instance.interrupted) == (Reason.TIME, Reason.TIME)
    assert instance.stopping.is_set()
    instance.clear_interrupt()
    assert (instance.interrupted, instance.stopping.is_set(), instance.memory.u32(FLAG)) == (None, False, 0)


def cancelling(instance, after_s=0.05):
    timer = threading.Timer(after_s, lambda: watchdog.cancel(instance))
    timer.start()
    return timer


def test_a_cancel_asks_and_then_stops(make, stopped_after):
    instance = make()
    timer = cancelling(instance)
    took, outcome = stopped_after(instance, 1000, SOON, lambda: instance.call("polite_loop"))
    timer.join()
    assert (outcome, instance.asked) == (1, Reason.CANCELLED)
    assert 0.05 <= took < SOON
    deaf = make(instance._program)
    timer = cancelling(deaf)
    took, outcome = stopped_after(deaf, 1000, 0.05, lambda: deaf.call("memory_loop"))
    timer.join()
    assert isinstance(outcome, Interrupted)
    assert deaf.asked is Reason.CANCELLED


def test_a_cancel_is_for_the_guest_that_runs_and_only_once(make):
    instance, other = make(), make()
    assert not watchdog.cancel(instance)
    watchdog.arm(instance, 1000, 1000)
    assert not watchdog.cancel(other)
    assert watchdog.cancel(instance)
    assert not watchdog.cancel(instance)
    assert watchdog.disarm() is Reason.CANCELLED
    assert not watchdog.cancel(instance)
    watchdog.arm(instance, 1000, 1000)
    assert watchdog.disarm() is None


def test_a_cancel_after_the_deadline_changes_nothing(make, stopped_after):
    instance = make()
    timer = cancelling(instance, 0.2)
    stopped_after(instance, 0.01, 0.5, lambda: instance.call("memory_loop"))
    timer.join()
    assert instance.asked is Reason.TIME


def test_processor_time(make, stopped_after):
    instance = make()
    took, outcome = stopped_after(instance, 1000, SOON, lambda: instance.call("polite_loop"), cpu_s=0.05)
    assert (outcome, instance.asked) == (1, Reason.PROCESSOR_TIME)
    assert 0.05 <= took < SOON


def test_waiting_is_no_processor_time(make, stopped_after):
    instance = make()
    _, outcome = stopped_after(instance, 1000, 0.1, lambda: instance.call("pause_and_load", 300), cpu_s=0.1)
    assert (outcome, instance.asked) == (0, None)


def test_what_the_thread_used_before_does_not_count(make, stopped_after):
    instance = make()
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
    _, outcome = stopped_after(instance, 1000, 0.1, lambda: instance.call("pause", 150), cpu_s=0.1)
    assert (outcome, instance.asked) == (150, None)
