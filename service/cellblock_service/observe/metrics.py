"""What the service counts and measures, for Prometheus: one registry for each application.

What happens is told by calls (`execution_ended`, `worker_lost`); what is the case is asked when somebody looks, from
the functions given to `watch`. Labels hold only what is listed here or in the code: an id or a block's name in one
would let clients make series without end. An error's class is named if it is Python's or Cellblock's own, else it is
"other".
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import structlog
from cellblock_sandbox.errors import CellblockError
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from cellblock_service.errors import error_keys

PREFIX = "cellblock"
STATUSES = frozenset({"completed", "error", "timeout", "cancelled"})
PHASES = ("load", "queue", "ready", "run", "convert", "total")
SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Upper bounds of the histograms' buckets."""

OTHER = "other"
LOST_REASONS = frozenset({"crashed", "overran", "recycled", "memory", "retired"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _names(kind: type) -> frozenset[str]:
    """The names of a class and of all that are derived from it now."""
    return frozenset({kind.__name__}).union(*map(_names, kind.__subclasses__()))


_PYTHON_ERRORS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
)
# Made by sandbox, worker and service in a block's name; and refusals of executions that nobody waited for.
_OWN_ERRORS = (
    frozenset({"Cancelled", "GuestCrashed", "PackagesRefused", "ResultDamaged", "ResultLimit"})
    | frozenset({"ServiceRestarted", "ServiceStopped", "WorkerCrashed"})
    | _names(CellblockError)
    | error_keys()
)

Reading = float | Mapping[str, float]
Read = Callable[[], Reading]

log = structlog.get_logger(__name__)


class Metrics:
    """The counters of one application. All methods are for the event loop's thread and quick, but for `expose`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._gauges = _Gauges()
        self.registry.register(self._gauges)
        self._executions = self._counter("executions", "Executions that ended.", "status", "error")
        self._lost = self._counter("worker_restarts", "Worker processes that were replaced.", "reason")
        self._requests = self._counter("http_requests", "HTTP requests answered.", "method", "route", "status")
        self._phases = Histogram(
            "execution_seconds",
            "Time spent in each phase of an execution.",
            ("phase",),
            namespace=PREFIX,
            registry=self.registry,
            buckets=SECONDS,
        )
        # There are few of both, and to find one by its labels takes longer than to count: together 18 us of 26.
        self._ended = cache(self._executions.labels)
        self._phase = cache(self._phases.labels)

    def execution_ended(
        self, status: str, timings_ms: Mapping[str, float] | None = None, error_type: str | None = None
    ) -> None:
        """Count an execution by its final status and its error's class, and its phases (milliseconds) by name."""
        self._ended(_listed(status, STATUSES), error_class(error_type)).inc()
        for phase in PHASES:
            if timings_ms and phase in timings_ms:
                self._phase(phase).observe(timings_ms[phase] / 1000)

    def worker_lost(self, reason: str) -> None:
        """Count a worker process that is being replaced; `reason` is one of LOST_REASONS."""
        self._lost.labels(_listed(reason, LOST_REASONS)).inc()

    def request_answered(self, method: str, route: str, status: int) -> None:
        """Count an HTTP request; `route` is the pattern it matched, never its path."""
        self._requests.labels(_listed(method, _METHODS), route, str(status)).inc()

    def watch(self, name: str, description: str, read: Read, *, label: str = "", blocking: bool = False) -> None:
        """Have the gauge `cellblock_<name>` read from `read` each time somebody looks.

        With `label`, `read` gives a mapping from that label's values, which have to be few and never a client's, to
        numbers. It is called on the event loop or, if it is `blocking`, in a thread.
        """
        self._gauges.watched.append(_Watched(f"{PREFIX}_{name}", description, read, label, blocking))

    async def expose(self, accept: str) -> tuple[bytes, str]:
        """Give the metrics in the text format that an Accept header asks for, and its Content-Type."""
        self._gauges.read(blocking=False)
        encode, content_type = choose_encoder(accept)
        return await asyncio.to_thread(self._encode, encode), content_type

    def _encode(self, encode: Callable[[CollectorRegistry], bytes]) -> bytes:
        self._gauges.read(blocking=True)
        return encode(self.registry)

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(name, description, labels, namespace=PREFIX, registry=self.registry)


def error_class(error_type: str | None) -> str:
    """Give what an error counts as: its own name, "other", or nothing for none."""
    return _listed(error_type, _PYTHON_ERRORS | _OWN_ERRORS) if error_type else ""


def _listed(name: str, known: frozenset[str]) -> str:
    return name if name in known else OTHER


@dataclass(slots=True)
class _Watched:
    name: str
    description: str
    read: Read
    label: str
    blocking: bool
    last: Reading | None = None

    def family(self) -> GaugeMetricFamily:
        family = GaugeMetricFamily(self.name, self.description, labels=[self.label] if self.label else [])
        if isinstance(self.last, Mapping):
            for value, number in self.last.items():
                family.add_metric([value], number)
        elif self.last is not None:
            family.add_metric([], self.last)
        return family


class _Gauges:
    """The collector of what is watched. One that can't be read is left out, and said to be in the log."""

    def __init__(self) -> None:
        self.watched: list[_Watched] = []

    def read(self, *, blocking: bool) -> None:
        """Read all that are (or aren't) blocking."""
        for each in self.watched:
            if each.blocking == blocking:
                each.last = None
                try:
                    each.last = each.read()
                except Exception as error:  # whatever it is, the other figures still count
                    log.warning("metric_unreadable", metric=each.name, exc_info=error)

    def collect(self) -> Iterable[Metric]:
        """Give the figures last read."""
        return [each.family() for each in self.watched]
