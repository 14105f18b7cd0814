"""Fixtures of the image room's tests. Nothing here touches a network; tests that do are marked `network`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cellblock_sandbox import errors
from cellblock_sandbox.image.home import Home

Program = Callable[..., "subprocess.Popen[str]"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: reaches package registries")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def program() -> Iterator[Program]:
    """Start Python source in a process of its own, with Cellblock importable; killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []
    path = str(Path(errors.__file__).parents[1])

    def start(source: str, *arguments: object) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", source, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


@pytest.fixture
def kill_when() -> Callable[[subprocess.Popen[str], Callable[[], bool]], None]:
    """Kill a process with SIGKILL as soon as a condition holds."""

    def kill(child: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert child.poll() is None, child.stdout.read() if child.stdout else ""
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()

    return kill


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Replace PATH by a folder that holds only the shell scripts given here (and what those scripts need)."""
    folder = tmp_path / "commands"
    folder.mkdir()
    for needed in ("sh", "cp", "cat", "sleep"):
        (folder / needed).symlink_to(f"/bin/{needed}")
    monkeypatch.setenv("PATH", str(folder))

    def add(name: str, script: str) -> None:
        command = folder / name
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)

    return add
