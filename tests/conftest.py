"""What every test with the real images shares. They are built once into CELLBLOCK_HOME (default: the user's cache)."""

from pathlib import Path

import pytest
from cellblock_sandbox.image import full
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress

from tests.security.faults import Report


def pytest_addoption(parser):
    parser.addoption("--write-faults", action="store_true", help="write docs/faults.md from this run")


def pytest_configure(config):
    if config.getoption("--write-faults"):
        config.pluginmanager.register(Report())


@pytest.fixture(scope="session")
def image_home() -> Path:
    """A CELLBLOCK_HOME that holds the full bundle and the images `core` and `data`."""
    home = Home.find()
    full.build(home=home, policy=Policy.from_environment(), progress=SilentProgress())
    return home.root
