"""Every test here fails when service code blocks the event loop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def never_blocked() -> Iterator[BlockBuster]:
    """Raise BlockingError from any blocking call that service code makes inside a running event loop."""
    with blockbuster_ctx("cellblock_service") as guard:
        # Settings are read before there is a loop; only tests make them inside one.
        guard.functions["os.stat"].can_block_in("cellblock_service/configuration.py", "find")
        yield guard


@pytest.fixture(autouse=True)
def captured_logs() -> Iterator[list[Any]]:
    """Keep log lines as data; rendering them isn't what is tested."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the CELLBLOCK_* variables of whoever runs the tests out of them, and what lies in their home."""
    for name in list(os.environ):
        if name.startswith("CELLBLOCK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CELLBLOCK_HOME", str(tmp_path))
