"""The table of faults: what is promised of each, and the test that brings it about.

docs/faults.md is this table with what came of each in a run: `pytest --write-faults`, with all tests of the table.
Every other run is compared with it: see comparison.py.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
HEAD = """\
# Faults: what is promised, and what came of it

Each line is brought about by its test: on the real service, but for single damaged files, which are refused where they
are opened, and the full disk at the start, which is the store's. `pytest --write-faults` makes this file; each run of
the tests writes its own to `build/faults.md`, and fails where it differs from this one.

| fault | promise | outcome | test |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Fault:
    """`test` is the id of a test, without its parameters; `seen` what it sees when it passes, unless it tells that."""

    fault: str
    promise: str
    test: str
    seen: str = ""


_HERE = "tests/security/test_faults.py::"
_STORE = "tests/unit/store/test_store_failures.py::"
_SERVICE = "tests/integration/test_service.py::"
_LOAD = "tests/integration/test_load.py::"
_FRONT = "tests/integration/test_front_door.py::"
FAULTS = (
    Fault(
        "a worker is killed at random points, under load",
        "its execution ends as WorkerCrashed, every other one as it should, each exactly once",
        _LOAD + "test_every_request_has_one_answer_while_workers_are_killed",
    ),
    Fault(
        "the service is killed under load",
        "after its start it says of everything how it ended, and runs nothing twice",
        _LOAD + "test_a_service_that_was_killed_says_what_became_of_everything",
    ),
    Fault(
        "the service is killed at random points: at work, while it ends, while it starts",
        "the next one says of everything how it ended, the same whoever asks again",
        _LOAD + "test_a_service_killed_at_random_points_says_what_became_of_everything",
    ),
    Fault(
        "the service is killed while it builds an image",
        "the builder ends too, no half image stays, and the next one builds it",
        _HERE + "test_the_service_is_killed_while_it_builds_an_image",
    ),
    Fault(
        "the service is killed",
        "its workers end too",
        _SERVICE + "test_workers_die_with_the_service",
        "no worker was left",
    ),
    Fault(
        "Node-RED is killed in mid-run",
        "its run ends, the service goes on, and the next Node-RED gets answers",
        "tests/end_to_end/test_killed.py::test_node_red_is_killed_in_mid_run",
    ),
    Fault(
        "a byte of an image or bundle is changed",
        "it is refused, and the file named",
        _FRONT + "test_one_changed_byte_is_refused_by_name",
        "the first and the last byte of four files: each refused, the file named",
    ),
    Fault(
        "a byte of the image is changed, and all workers die",
        "the service stays, names the file, and goes on when the image is whole again",
        _HERE + "test_a_damaged_image",
    ),
    Fault(
        "a file of an image is gone",
        "it is refused, and named",
        _FRONT + "test_a_lost_file_is_refused_by_name",
        "two files: each refused, the file named as missing",
    ),
    Fault(
        "there is no image",
        "the service stays, and says how to build one",
        _SERVICE + "test_a_missing_image_is_told_and_the_service_stays",
        "503 with the command that builds one",
    ),
    Fault(
        "the disk is full",
        "blocks run on, and the records are written when there is room",
        _HERE + "test_a_full_disk",
    ),
    Fault(
        "CELLBLOCK_HOME is full when an image is built or a wheel fetched",
        "who needs it is told the folder and to make room, no half file stays, and it is made when there is room",
        _HERE + "test_a_full_home",
    ),
    Fault(
        "the disk is full at the start",
        "the service starts",
        _STORE + "test_a_service_starts_on_a_full_disk",
        "it started, said that its records were not written, and wrote them with room",
    ),
    Fault(
        "the clock jumps forwards and back",
        "time limits hold, waits don't grow, answers come",
        _HERE + "test_the_clock_jumps",
    ),
    Fault(
        "a client sends its body a byte at a time",
        "it is refused after the time for bodies; others are answered meanwhile",
        _HERE + "test_slow_connections",
    ),
    Fault(
        "connections are cut in the head, in the body and in mid-run",
        "what they waited for is cancelled, and nothing stays open",
        _HERE + "test_cut_connections",
    ),
    Fault(
        "no descriptors are left, and a worker dies then",
        "the service waits, and answers when there are some again",
        _HERE + "test_no_descriptors_are_left",
    ),
    Fault(
        "a worker gets no more memory from the system",
        "its block gets an error, the next one the right answer",
        _HERE + "test_a_worker_gets_no_memory",
    ),
    Fault(
        "a worker is killed as by the system that is out of memory",
        "its block ends with an error that says so, and nothing else does",
        _SERVICE + "test_a_killed_worker_ends_its_block_and_nothing_else",
        "WorkerCrashed with the signal's name, the next block was answered",
    ),
)


def is_excused() -> bool:
    """Whether this machine may lack what a fault needs: root can install it, and so can continuous integration."""
    return os.geteuid() != 0 and not os.environ.get("CI")


def lacking(what: str) -> NoReturn:
    """Skip the test that runs, for want of something; fail it where there is no excuse for that."""
    if is_excused():
        pytest.skip(what)
    pytest.fail(what)


class Report:
    """A plugin of pytest that writes the document from the run."""

    def __init__(self) -> None:
        self._outcomes: dict[str, set[str]] = {}
        self._told: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note how a test of the table ended, in one of its parameters."""
        name = report.nodeid.partition("[")[0]
        if report.when == "call" or report.outcome != "passed":
            self._outcomes.setdefault(name, set()).add(report.outcome)
            told = dict(report.user_properties).get("outcome")
            if told:
                self._told[name] = told

    def pytest_sessionfinish(self) -> None:
        """Write the table."""
        DOCUMENT.write_text(self.table())

    def table(self) -> str:
        """Give the whole document."""
        return HEAD + "".join(map(self.row, FAULTS))

    def row(self, fault: Fault) -> str:
        """Give the line of a fault."""
        return f"| {fault.fault} | {fault.promise} | {self._outcome(fault)} | `{fault.test}` |\n"

    def ended(self, fault: Fault) -> set[str]:
        """Give how its test ended, in all its parameters; nothing if it hasn't run."""
        return self._outcomes.get(fault.test, set())

    def _outcome(self, fault: Fault) -> str:
        if self.ended(fault) != {"passed"}:
            return ", ".join(sorted(self.ended(fault))) or "not run"
        return f"held: {self._told.get(fault.test) or fault.seen}"
