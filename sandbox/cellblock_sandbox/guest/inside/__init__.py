"""Python that runs inside the guest, as the package `cellblock_guest`: runs blocks, packs their values.

The host calls `boot` once while an image is built, and `run` for each request. Nothing here imports from the host.
"""

from .entry import boot, run

__all__ = ["boot", "run"]
