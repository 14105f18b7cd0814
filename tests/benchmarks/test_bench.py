"""`cellblock bench` with runs of one: that it measures what it says, everywhere, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from cellblock_service.bench import interpreters, memory, ours, report, scaling, service, speed
from cellblock_service.bench.kernels import KERNELS


def test_all_interpreters_come_to_the_same_results(stock) -> None:
    figures = speed.kernels(stock, rounds=1, warm_up=0)
    ratios = [each for each in figures if not each.detail]
    assert [each.goal for each in ratios] == [1, None]
    assert all("Python 3.14" in each.name and each.p50 for each in ratios)
    names = (interpreters.CELLBLOCK, interpreters.PYODIDE, interpreters.CPYTHON)
    assert [each.name for each in figures if each.detail] == [
        f"{kernel}, {name}" for name in names for kernel in KERNELS
    ]


def test_results_that_differ_and_programs_that_fail_are_errors(stock, capfd) -> None:
    with interpreters.opened(stock) as three:
        for each in three:
            interpreters.install(each, "kernels")
        three[0].run("import kernels\nkernels.KERNELS['nbody'] = lambda: 1\nresult = None")
        with pytest.raises(RuntimeError, match="nbody comes to different results"):
            speed._turn(three, "nbody")
        for each in three:
            with pytest.raises(RuntimeError, match=each.name.split()[0]):
                each.run("1 / 0")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_restoring_is_measured_on_both_bundles(stock) -> None:
    few, many, difference = ours.libraries(stock, runs=2)
    count = stock.many.manifest.details["libraries"]
    assert [each.name for each in (few, many)] == [f"A bundle of {count} libraries"] * 2
    assert (few.runs, many.runs, difference.runs, difference.goal) == (2, 2, 2, 0.3)


def test_memory_is_measured_before_and_after_a_run(stock) -> None:
    image = stock.image("bench-test", stock.many)
    ready, after = memory._megabytes_each(stock, "test", image, "len(bytearray(b'x' * 20_000_000))", 2)
    assert all(mb < 10 for mb in ready)
    assert all(mb > 10 for mb in after)


def test_the_service_is_measured_from_outside(stock) -> None:
    figures = [
        *service.arrays(stock, [(1, 15, 2)]),
        *service.throughput(stock, rounds=1),
        *service.overhead(stock, runs=2),
        *service.memory(stock, sessions=3),
    ]
    assert [(each.unit, each.goal) for each in figures] == [
        *[("ms", 15)] * 2,
        *[("/s", 300), ("ms", None), ("x", 5)],
        *[("/s", 1500), ("ms", None), ("x", 5)],
        ("ms", 1),
        *[("MB", 250), ("kB", None)],
    ]
    assert all(each.p50 is not None and each.group == "service" for each in figures)


def test_the_tables_of_scaling_come_from_a_service(stock, tmp_path) -> None:
    figures = scaling.costs(stock, rounds=1, each=40)
    assert [each.unit for each in figures] == ["ms", "ms", "ms", "MB", "MB", "kB", "kB"]
    assert all(each.p50 and each.group == "scaling" for each in figures)
    target = tmp_path / "scaling.md"
    target.write_text("<!-- bench: begin -->\n<!-- bench: end -->\n")
    report.insert(target, report.dated(scaling.table(figures)))
    assert "| Executions a second | 10 | 1,000 | 100,000 |" in target.read_text()
    assert "Measured by" in target.read_text()


def test_the_command_writes_figures_and_leaves_no_trace(image_home, tmp_path) -> None:
    before = {path.name for folder in ("", "images", "bundles") for path in (image_home / folder).iterdir()}
    target = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "cellblock_service", "bench", "--only", "syscalls", "--json", str(target)],
        env={**os.environ, "CELLBLOCK_HOME": str(image_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| `os.stat`, Cellblock |" in done.stdout
    figures = json.loads(target.read_text())["figures"]
    assert {each["group"] for each in figures} == {"machine", "syscalls"}
    assert {each["unit"] for each in figures if each["group"] == "syscalls"} == {"µs"}
    assert all(each["p50"] > 0 for each in figures)
    assert [each["name"] for each in figures if each["goal"] == 3] == [
        "`os.stat`, Cellblock, without Python's part",
        "`os.pread` of 4 KB, Cellblock, without Python's part",
    ]
    assert {path.name for folder in ("", "images", "bundles") for path in (image_home / folder).iterdir()} == before
