"""The report of `cellblock bench`, from figures made up here; the measurements' own helpers."""

from __future__ import annotations

from pathlib import Path

import pytest
from cellblock_sandbox.image.home import Home
from cellblock_service import cli
from cellblock_service.bench import MEASUREMENTS, report
from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.stock import scratch_home

FIGURES = [
    figure("1+1", "Cellblock, new sandbox", [2.0, 1.0, 3.0], goal=2.5),
    figure("1+1", "a peer", [200.0], against="Cellblock, new sandbox"),
    figure("speed", "all kernels", [0.5], unit="x", goal=1),
    figure("speed", "one kernel", [70.0], detail=True),
    Figure("building", "everything", note="takes minutes"),
]


def test_a_figure_is_the_median_and_the_95th_percentile() -> None:
    found = figure("1+1", "name", list(range(100, 0, -1)), unit="MB")
    assert (found.p50, found.p95, found.runs, found.unit) == (50.5, 96, 100, "MB")


def test_the_table_has_a_row_for_each_figure_that_is_no_detail() -> None:
    lines = report.markdown(FIGURES).splitlines()
    assert lines[2:] == [
        "| **`1+1`** | | | | | |",
        "| Cellblock, new sandbox | 2.00 ms | 3.00 ms | 3 | 2.5 ms |  |",
        "| a peer | 200 ms | 200 ms | 1 |  | 100x |",
        "| **Ten kernels of pure Python: time as a multiple of the peer's, geometric mean** | | | | | |",
        "| all kernels | 0.50x | 0.50x | 1 | 1x |  |",
        "| **Building** | | | | | |",
        "| everything | takes minutes | | | | |",
        *lines[9:],
    ]
    assert all(line.count("|") == 7 for line in lines[:9])


def test_the_json_has_every_figure_with_unit_goal_and_ratio() -> None:
    figures = report.as_json(FIGURES)["figures"]
    assert [each["name"] for each in figures] == [each.name for each in FIGURES]
    assert [each["ratio"] for each in figures] == [None, 100, None, None, None]
    assert (figures[0]["unit"], figures[0]["goal"], figures[0]["runs"]) == ("ms", 2.5, 3)


def test_the_readme_is_changed_between_its_markers_only(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n")
    report.insert(readme, r"new \1")
    assert readme.read_text() == "before\n<!-- bench: begin -->\nnew \\1\n<!-- bench: end -->\nafter\n"
    readme.write_text("no markers")
    with pytest.raises(ValueError, match="bench: begin"):
        report.insert(readme, "new")


def test_the_parts_that_the_command_knows_are_those_there_are() -> None:
    assert tuple(MEASUREMENTS) == cli.BENCH_PARTS
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["bench", "--only", "speed", "--readme", "README.md"])


def test_a_scratch_home_shares_files_and_leaves_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.writing():
        home.downloads.joinpath("wheel").write_bytes(b"wheel")
        home.downloads.joinpath(".guard").touch()
        home.downloads.joinpath(".work-1").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with scratch_home(home, home.downloads) as scratch:
        assert {each.name for each in scratch.downloads.iterdir()} == {"archives", "wheel"}
        assert scratch.downloads.joinpath("wheel").samefile(home.downloads / "wheel")
        assert not scratch.images.exists()
        scratch.downloads.joinpath("another").touch()
    assert sorted(tmp_path.rglob("*")) == before
