"""Every test here fails when service code blocks the event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx


@pytest.fixture(autouse=True)
def never_blocked() -> Iterator[BlockBuster]:
    """Raise BlockingError from any blocking call that service code makes inside a running event loop."""
    with blockbuster_ctx("cellblock_service") as guard:
        yield guard
