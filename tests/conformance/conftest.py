"""The two sides: our images, and the peer's answers, asked for in the background as soon as the session needs any."""

import pytest
from cellblock_sandbox.image.home import Home

from .corpus import AREAS
from .images import Images
from .peer import Peer


@pytest.fixture(scope="session")
def images():
    return Images(Home.find())


@pytest.fixture(scope="session")
def peer(images, request):
    chosen = {item.callspec.params["program"].area for item in request.session.items if "peer" in item.fixturenames}
    started = Peer(Home.find(), images.wheels(), [area for area in AREAS if area.name in chosen])
    yield started
    started.close()
