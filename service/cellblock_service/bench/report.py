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

from cellblock_service.bench.figures import Figure

_GROUPS = {
    "1+1": "`1+1`",
    "pandas": "pandas: build a 1,000-row DataFrame, sum a column",
    "message": "A message through Node-RED",
    "memory": "Memory",
    "image": "Building",
}
_BEGIN, _END = "<!-- bench: begin -->", "<!-- bench: end -->"


def markdown(figures: Sequence[Figure]) -> str:
    """The report: one table, and what it was measured on."""
    lines = ["| | p50 | p95 | runs | promised p50 |", "|---|---:|---:|---:|---:|"]
    for group, title in _GROUPS.items():
        lines.append(f"| **{title}** | | | | |")
        lines += [_row(each) for each in figures if each.group == group]
    return "\n".join([*lines, "", _machine()])


def as_json(figures: Sequence[Figure]) -> dict[str, Any]:
    """The report for programs."""
    return {"machine": _machine(), "figures": [asdict(each) for each in figures]}


def insert(path: Path, text: str) -> None:
    """Replace what stands between the markers of a Markdown file. ValueError if it has none."""
    content = path.read_text()
    pattern = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    if not pattern.search(content):
        raise ValueError(f"{path} has no lines {_BEGIN} and {_END}")
    path.write_text(pattern.sub(lambda _: f"{_BEGIN}\n{text}\n{_END}", content))


def _row(each: Figure) -> str:
    if each.p50 is None or each.p95 is None:
        return f"| {each.name} | {each.note} | | | |"
    goal = f"{each.goal:g} {each.unit}" if each.goal is not None else ""
    return f"| {each.name} | {_number(each.p50)} {each.unit} | {_number(each.p95)} {each.unit} | {each.runs} | {goal} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _machine() -> str:
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"Measured by `cellblock bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory_gb:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"wasmtime {metadata.version('wasmtime')}."
    )
