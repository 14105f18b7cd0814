"""Every hostile program ends as it must, gives nothing away, and leaves service and machine as they were."""

import time

import pytest

from .corpus import AREAS, programs

PROGRAMS = programs()
HONEST_RUNS = 40
# The worker is the process that is replaced when it takes too much. No byte more is in use in it afterwards, but Python
# keeps arenas in which something lives on: after 8,000 callbacks of ctypes 8 MB that are free for what comes.
SLACK = {"service": 1.1, "worker": 2.0}


def test_the_corpus_is_large():
    assert len({(program.area, program.name) for program in PROGRAMS}) >= 120
    assert {program.area for program in PROGRAMS} == AREAS.keys()


@pytest.fixture(scope="module")
def megabytes_before(runner):
    """The memory once honest blocks have run for a while."""
    for _ in range(HONEST_RUNS):
        assert runner.honest_problems() == []
    assert runner.watch.harmed(runner.secrets) == []
    return runner.watch.megabytes()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.id)
def test_program(runner, megabytes_before, program):
    if found := runner.problems(program):
        pytest.fail(f"{program.tries}\n" + "\n".join(found), pytrace=False)


def test_the_memory_is_what_it_was(runner, megabytes_before, record_testsuite_property, capsys):
    for _ in range(HONEST_RUNS):
        assert runner.honest_problems() == []
    assert runner.watch.harmed(runner.secrets) == []
    most = {name: megabytes * SLACK[name] for name, megabytes in megabytes_before.items()}
    after = settled(runner, most)
    for name, megabytes in after.items():
        record_testsuite_property(f"hostile_{name}_megabytes_before", round(megabytes_before[name], 1))
        record_testsuite_property(f"hostile_{name}_megabytes_after", round(megabytes, 1))
        with capsys.disabled():
            print(f" {name}: {megabytes_before[name]:.0f} MB before, {megabytes:.0f} MB after")  # noqa: T201
    assert all(after[name] <= most[name] for name in after)


def settled(runner, most):
    """The memory once states that nobody uses have been given up, which the service looks for every few seconds."""
    deadline = time.monotonic() + 30
    while True:
        now = runner.watch.megabytes()
        if all(now[name] <= most[name] for name in now) or time.monotonic() > deadline:
            return now
        time.sleep(0.2)
