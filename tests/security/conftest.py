"""One service for all hostile programs."""

import pytest

from .runner import Runner


@pytest.fixture(scope="module")
def runner(image_home, tmp_path_factory):
    running = Runner(image_home, tmp_path_factory.mktemp("security") / "bait")
    yield running
    running.close()
