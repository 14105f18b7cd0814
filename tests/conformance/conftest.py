import pytest
from cellblock_sandbox.image.home import Home

from .corpus import AREAS
from .images import Images
from .peer import Peer


@pytest.fixture(scope="session")
def images():
    return Images(Home.find())


@pytest.fixture(scope="session")
def peer(images):
    started = Peer(Home.find(), images.wheels, AREAS)
    yield started
    started.close()
