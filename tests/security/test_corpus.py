"""Every hostile program ends as it must, gives nothing away, and leaves service and machine as they were."""

import time

import pytest

from .corpus import AREAS, programs

PROGRAMS = programs()
HONEST_RUNS, SLACK = 40, 1.1
# The first of their kind: what the allocator keeps after these, it keeps once, and uses again.
FIRST = (
    "forge/static_data_zeroed",
    "recurse/iterators",
    "starve/a_large_result",
    "starve/callbacks_without_end",
    "starve/files_that_are_gone",
    "starve/one_large_file",
    "starve/output_without_end",
)


def test_the_corpus_is_large():
    assert len(PROGRAMS) >= 120
    assert {program.area for program in PROGRAMS} == AREAS.keys()


@pytest.fixture(scope="module")
def megabytes_before(runner):
    """The memory once the service has done a bit of everything."""
    for program in PROGRAMS:
        if program.id in FIRST:
            assert runner.problems(program) == []
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
    after = settled(runner, megabytes_before * SLACK)
    record_testsuite_property("hostile_megabytes_before", round(megabytes_before, 1))
    record_testsuite_property("hostile_megabytes_after", round(after, 1))
    with capsys.disabled():
        print(f" memory: {megabytes_before:.0f} MB before, {after:.0f} MB after {len(PROGRAMS)} programs")  # noqa: T201
    assert after <= megabytes_before * SLACK


def settled(runner, wanted):
    """The memory once states that nobody uses have been given up, which the service looks for every few seconds."""
    deadline = time.monotonic() + 30
    while (now := runner.watch.megabytes()) > wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return now
