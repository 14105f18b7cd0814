"""What is measured is the real images, so they have to be there. No test here looks at how long anything took."""

import pytest
from cellblock_sandbox.image import full
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_service.bench.stock import Stock


class OneBundle(Stock):
    """Nothing but the full bundle, which stands for the small one too: linking that takes a minute."""

    @property
    def few(self):
        return self.many


@pytest.fixture(scope="session")
def image_home():
    home = Home.find()
    full.build(home=home, policy=Policy.from_environment(), progress=SilentProgress())
    return home.root


@pytest.fixture
def stock(image_home):
    with OneBundle.opened(SilentProgress()) as opened:
        yield opened
