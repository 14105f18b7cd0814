"""From what an execution costs to how many processes a rate takes: arithmetic on figures made up here."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest
from cellblock_service.bench import scaling
from cellblock_service.bench.figures import Figure, figure

COSTS = [
    figure("scaling", scaling.WORKER, [6.0]),
    figure("scaling", scaling.KEPT, [1.2]),
    figure("scaling", scaling.SERVICE, [0.6]),
    figure("scaling", scaling.WORKER_MB, [50.0], unit="MB"),
    figure("scaling", scaling.SERVICE_MB, [100.0], unit="MB"),
    figure("scaling", scaling.RECORDS, [0.5], unit="kB"),
    figure("scaling", scaling.LOG, [0.25], unit="kB"),
    Figure("service", "something else", p50=1.0),
]


def rows(**changed: float) -> dict[str, list[str]]:
    """The table, of COSTS or with some of them changed, by the names of their constants."""
    others = {getattr(scaling, name): value for name, value in changed.items()}
    costs = [replace(each, p50=others.get(each.name, each.p50)) for each in COSTS]
    lines = [line.strip("| ").split(" | ") for line in scaling.table(costs).splitlines() if line.startswith("|")]
    return {name: values for name, *values in lines}


def test_what_is_measured_stands_above() -> None:
    assert rows()[scaling.WORKER] == ["6.00 ms"]
    assert rows()[scaling.RECORDS] == ["0.50 kB"]
    assert "something else" not in rows()


def test_processes_are_busy_for_a_part_of_their_time_and_never_none() -> None:
    found = rows()
    assert found["Executions a second"] == ["10", "1,000", "100,000"]
    # 6 ms each at 60 %: ten milliseconds of a process.
    assert found["Worker processes, blocks that do next to nothing"] == ["1", "10", "1,000"]
    assert found["the same with kept state"] == ["1", "2", "200"]
    assert found["Worker processes, blocks of 20 ms"] == ["1", "44", "4,334"]
    assert found["Services"] == ["1", "1", "100"]


def test_what_one_service_passes_on() -> None:
    assert rows()["Executions a second that one service passes on"] == ["1,000"]
    # A thousand a second of 26 ms each, at 60 %.
    assert rows()["Worker processes that it keeps busy, blocks of 20 ms"] == ["43"]


def test_memory_and_disk() -> None:
    found = rows()
    assert found["Memory of the first and the fourth"] == ["150 MB", "600 MB", "60 GB"]
    assert found["Records a day, before old ones go"] == ["432 MB", "43 GB", "4.3 TB"]
    assert found["Log a day"] == ["216 MB", "22 GB", "2.2 TB"]


def test_nodes_hold_services_and_workers() -> None:
    """One process on each core: at a thousand a second, a service and 10 or 44 workers."""
    found = rows()
    assert found["Nodes of 8 cores and 32 GB, blocks that do next to nothing"] == ["1", "2", "138"]
    assert found["Nodes of 32 cores and 128 GB, blocks that do next to nothing"] == ["1", "1", "35"]
    assert found["Nodes of 8 cores and 32 GB, blocks of 20 ms"] == ["1", "6", "555"]
    assert found["Nodes of 32 cores and 128 GB, blocks of 20 ms"] == ["1", "2", "139"]


def test_nodes_are_more_when_their_memory_is_full_before_their_cores_are() -> None:
    """A thousand workers of 40 GB, and a hundred services of 0.1 GB, in 32 GB or 128 GB each."""
    found = rows(WORKER_MB=40_000.0)
    assert found["Nodes of 8 cores and 32 GB, blocks that do next to nothing"][-1] == "1,251"
    assert found["Nodes of 32 cores and 128 GB, blocks that do next to nothing"][-1] == "313"


@pytest.mark.parametrize(
    ("service_ms", "limits"),
    [
        (0.6, ["nothing", "nothing", "one service, at 1,000"]),
        (2.4, ["nothing", "one service, at 250", "10 Gbit/s with 10 kB each way, at 75,000"]),
        (100.0, ["one service, at 6", "nothing", "10 Gbit/s with 10 kB each way, at 75,000"]),
    ],
)
def test_what_is_full_first_on_the_way_from_the_rate_before(service_ms: float, limits: list[str]) -> None:
    assert rows(SERVICE=service_ms)["What is full first that more workers don't relieve"] == limits


def test_a_cost_that_was_not_measured_is_named() -> None:
    with pytest.raises(KeyError, match="kept state"):
        scaling.table([each for each in COSTS if each.name != scaling.KEPT])


def test_processor_time_is_counted_in_seconds() -> None:
    before, began = scaling._processor_s([os.getpid()]), time.process_time()
    while time.process_time() - began < 0.3:
        pass
    assert 0.25 <= scaling._processor_s([os.getpid()]) - before <= 0.6
