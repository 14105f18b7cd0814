"""What is measured is the real images, so they have to be there. No test here looks at how long anything took."""

import pytest
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_service.bench.stock import Stock


class OneBundle(Stock):
    """Nothing but the full bundle, which stands for the small one too: linking that takes a minute."""

    @property
    def few(self):
        return self.many


@pytest.fixture
def stock(image_home):
    with OneBundle.opened(SilentProgress()) as opened:
        yield opened
