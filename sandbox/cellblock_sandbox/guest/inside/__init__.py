"""Python that runs inside the guest, as `cellblock_guest.inside`: runs blocks, packs their values.

The host calls `begin`, `preload` and `settle` while an image is built, and `run` for each request. Nothing here imports
from the host, but for the values, which are beside this package on both sides.
"""

from .entry import begin, preload, run, settle

__all__ = ["begin", "preload", "run", "settle"]
