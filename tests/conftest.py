"""What every test with the real images shares. They are built once into CELLBLOCK_HOME (default: the user's cache)."""

from pathlib import Path

import pytest
from cellblock_sandbox.image import full
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress


@pytest.fixture(scope="session")
def image_home() -> Path:
    """A CELLBLOCK_HOME that holds the full bundle and the images `core` and `data`."""
    home = Home.find()
    full.build(home=home, policy=Policy.from_environment(), progress=SilentProgress())
    return home.root
