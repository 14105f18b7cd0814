"""Figures as a Markdown table and as JSON."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from cellblock_sandbox.image import pins

from cellblock_service.bench.figures import Figure

_GROUPS = {
    "machine": "This machine, with which all else has to be compared",
    "1+1": "`1+1`",
    "pandas": "pandas: build a 1,000-row DataFrame, sum a column",
    "libraries": "`1+1` in a new sandbox, by the libraries its bundle holds",
    "message": "A message through Node-RED",
    "service": "The service with two workers, and its client, on this machine",
    "scaling": "What an execution takes of the service and of two workers",
    "cluster": "The service with workers of a Dask cluster, all on this machine",
    "speed": "Ten kernels of pure Python: time as a multiple of the peer's, geometric mean",
    "syscalls": "A system call from Python",
    "memory": "Memory",
    "building": "Building",
}
_BEGIN, _END = "<!-- bench: begin -->", "<!-- bench: end -->"
_HOW = (
    "`cellblock bench` measures all of this again in some minutes, `--builds` the last row too, `--only speed` a part; "
    "`--json FILE` writes the figures down, with those of each kernel."
)


def markdown(figures: Sequence[Figure]) -> str:
    """The report: one table, what it was measured on, and how to repeat it."""
    lines = ["| | p50 | p95 | runs | promised p50 | against Cellblock |", "|---|---:|---:|---:|---:|---:|"]
    for group, title in _GROUPS.items():
        rows = [_row(each, _ratio(each, figures)) for each in figures if each.group == group and not each.detail]
        if rows:
            lines += [f"| **{title}** | | | | | |", *rows]
    return "\n".join([*lines, "", _machine(), "", _HOW])


def dated(text: str) -> str:
    """Add to a table what it was measured on."""
    return f"{text}\n\n{_machine()}"


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """The report for programs: every figure, with `ratio`, its p50 by that of the figure it is set `against`."""
    return {"machine": _machine(), "figures": [{**asdict(each), "ratio": _ratio(each, figures)} for each in figures]}


def insert(path: Path, text: str) -> None:
    """Replace what stands between the markers of a Markdown file. ValueError if it has none."""
    content = path.read_text()
    pattern = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{path} has no lines {_BEGIN} and {_END}")
    path.write_text(pattern.sub(lambda _: f"{_BEGIN}\n{text}\n{_END}", content))


def _ratio(each: Figure, figures: Sequence[Figure]) -> float | None:
    base = next((other.p50 for other in figures if (other.group, other.name) == (each.group, each.against)), None)
    return each.p50 / base if each.p50 is not None and base else None


def _row(each: Figure, ratio: float | None) -> str:
    if each.p50 is None or each.p95 is None:
        return f"| {each.name} | {each.note} | | | | |"
    goal = "" if each.goal is None else _quantity(f"{each.goal:g}", each.unit)
    times = "" if ratio is None else f"{_number(ratio)}x"
    cells = [
        each.name,
        *(_quantity(_number(value), each.unit) for value in (each.p50, each.p95)),
        each.runs,
        goal,
        times,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _quantity(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit == "x" else f"{number} {unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _machine() -> str:
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"Measured by `cellblock bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory_gb:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"wasmtime {metadata.version('wasmtime')}, pyodide {pins.pyodide_version()}."
    )
