"""Locks and working folders: what a killed process holds and leaves."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from cellblock_sandbox.image.locks import exclusive, working_directory
from cellblock_sandbox.image.progress import LineProgress, SilentProgress

HOLD = """
import sys, time
from pathlib import Path
from cellblock_sandbox.image.locks import exclusive, working_directory
from cellblock_sandbox.image.progress import SilentProgress
root = Path(sys.argv[1])
with exclusive(root / "a.lock", SilentProgress()), working_directory(root) as work:
    (work / "half").write_text("half")
    (root / "ready").touch()
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_free(
    tmp_path: Path, program: Callable[..., object], kill_when: Callable[..., None]
) -> None:
    kill_when(program(HOLD, tmp_path), (tmp_path / "ready").exists)
    shown = io.StringIO()
    with exclusive(tmp_path / "a.lock", LineProgress(shown)):
        assert not shown.getvalue()


def test_a_new_working_folder_sweeps_those_of_the_dead_only(
    tmp_path: Path, program: Callable[..., object], kill_when: Callable[..., None]
) -> None:
    kill_when(program(HOLD, tmp_path), (tmp_path / "ready").exists)
    (dead,) = tmp_path.glob(".work-*[!k]")
    assert (dead / "half").exists()
    with working_directory(tmp_path) as living:
        assert not dead.exists()
        with working_directory(tmp_path):
            assert living.exists()
    assert not list(tmp_path.glob(".work-*"))


def test_a_working_folder_goes_with_an_error_and_stays_when_renamed(tmp_path: Path) -> None:
    def fail() -> None:
        with working_directory(tmp_path) as work:
            (work / "half").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list(tmp_path.glob(".work-*"))
    with working_directory(tmp_path) as work:
        (work / "whole").touch()
        work.rename(tmp_path / "finished")
    assert (tmp_path / "finished" / "whole").exists()


def test_the_lock_file_names_its_holder(tmp_path: Path) -> None:
    with exclusive(tmp_path / "locks" / "a.lock", SilentProgress()):
        assert (tmp_path / "locks" / "a.lock").read_text().isdigit()
