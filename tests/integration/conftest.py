"""Fixtures on the real images. They are built once into CELLBLOCK_HOME (default: the user's cache) and shared."""

from pathlib import Path

import pytest
from cellblock_sandbox import Image
from cellblock_sandbox.image import standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages import Policy
from cellblock_sandbox.image.progress import SilentProgress


@pytest.fixture(scope="session")
def image_home() -> Path:
    """A CELLBLOCK_HOME that holds the full bundle and the images `core` and `data`."""
    home = Home.find()
    standard.build_full(home=home, policy=Policy.from_environment(), progress=SilentProgress())
    return home.root


@pytest.fixture(scope="session")
def image(image_home):
    return Image.open("data", home=image_home)


@pytest.fixture
def sandbox(image):
    with image.sandbox() as fresh:
        yield fresh
