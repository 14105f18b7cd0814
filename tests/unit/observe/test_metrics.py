"""Metrics: bounded labels, gauges read when somebody looks, one registry for each application."""

from __future__ import annotations

import threading

import pytest
import structlog
from cellblock_service.observe.metrics import PHASES, SECONDS, Metrics, error_class
from prometheus_client.parser import text_string_to_metric_families


async def figures(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Everything exposed: name and sorted label values -> number."""
    text, content_type = await metrics.expose("")
    assert content_type.startswith("text/plain")
    families = text_string_to_metric_families(text.decode())
    return {(each.name, *sorted(each.labels.values())): each.value for family in families for each in family.samples}


async def test_executions_are_counted_by_status_and_error() -> None:
    metrics = Metrics()
    metrics.execution_ended("completed", {"run": 2.0, "total": 3.0})
    metrics.execution_ended("error", {"run": 2.0}, "KeyError")
    metrics.execution_ended("error", {}, "MyOwnError")
    metrics.execution_ended("cancelled")
    found = await figures(metrics)
    assert found["cellblock_executions_total", "", "completed"] == 1
    assert found["cellblock_executions_total", "KeyError", "error"] == 1
    assert found["cellblock_executions_total", "error", "other"] == 1
    assert found["cellblock_executions_total", "", "cancelled"] == 1
    assert found["cellblock_execution_seconds_count", "run"] == 2
    assert found["cellblock_execution_seconds_sum", "total"] == pytest.approx(0.003)
    assert found["cellblock_execution_seconds_bucket", "0.002", "run"] == 2
    assert found["cellblock_execution_seconds_bucket", "0.001", "run"] == 0
    assert (SECONDS[0], SECONDS[-1]) == (0.0005, 300)


async def test_nothing_a_client_says_becomes_a_label() -> None:
    metrics = Metrics()
    for number in range(100):
        metrics.execution_ended(f"status-{number}", {f"phase-{number}": 1.0}, f"Error{number}")
        metrics.worker_lost(f"the reason {number}")
        metrics.request_answered(f"METHOD{number}", "/v1/execute", 400)
    found = await figures(metrics)
    assert found["cellblock_executions_total", "other", "other"] == 100
    assert found["cellblock_worker_restarts_total", "other"] == 100
    assert found["cellblock_http_requests_total", "/v1/execute", "400", "other"] == 100
    assert not [key for key in found if "99" in "".join(key)]


def test_an_errors_class_is_pythons_or_ours() -> None:
    known = ("KeyError", "ExceptionGroup", "WorkerCrashed", "ValueNotPortable", "queue_full")
    assert tuple(error_class(kind) for kind in known) == known
    assert [error_class(kind) for kind in ("print", "A\nx 1", "", None)] == ["other", "other", "", ""]


async def test_gauges_are_read_when_somebody_looks() -> None:
    metrics, length, readers = Metrics(), [0], []
    metrics.watch("queue_length", "Executions that wait.", lambda: length[0])
    metrics.watch("workers", "Worker processes.", lambda: {"ready": 1, "busy": length[0]}, label="state")

    def slow() -> float:
        readers.append(threading.current_thread())
        return 7

    metrics.watch("images_bytes", "Disk.", slow, blocking=True)
    length[0] = 3
    found = await figures(metrics)
    assert found[("cellblock_queue_length",)] == 3
    assert found["cellblock_workers", "busy"] == 3
    assert found[("cellblock_images_bytes",)] == 7
    assert threading.main_thread() not in readers
    length[0] = 4
    assert (await figures(metrics))[("cellblock_queue_length",)] == 4


async def test_a_gauge_that_fails_takes_nothing_with_it() -> None:
    metrics = Metrics()
    metrics.watch("broken", "Raises.", lambda: 1 / 0)
    metrics.watch("whole", "Doesn't.", lambda: 1)
    with structlog.testing.capture_logs() as lines:
        found = await figures(metrics)
    assert found[("cellblock_whole",)] == 1
    assert ("cellblock_broken",) not in found
    assert [(line["event"], line["metric"]) for line in lines] == [("metric_unreadable", "cellblock_broken")]


async def test_applications_dont_share_counts() -> None:
    one, other = Metrics(), Metrics()
    one.worker_lost("crashed")
    assert ("cellblock_worker_restarts_total", "crashed") not in await figures(other)
    assert (await figures(other))[("process_resident_memory_bytes",)] > 0


async def test_openmetrics_is_given_to_those_who_ask() -> None:
    text, content_type = await Metrics().expose("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_the_phases_are_those_of_the_answer() -> None:
    assert set(PHASES) >= {"load", "queue", "ready", "run", "total"}
