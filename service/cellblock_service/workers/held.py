"""A run's request that the sandbox takes once its block may begin.

A large request is received into the sandbox's memory, and the answer to the question whether to begin comes behind it.
So the question is asked when the request is there, the last moment before the block's time begins.
"""

from __future__ import annotations

from collections.abc import Callable

from cellblock_service.workers.frames import Arriving, Buffer


class Held:
    """A request, here or arriving, behind which `begin` is called."""

    def __init__(self, request: Buffer | Arriving, begin: Callable[[], None]) -> None:
        self._request = request
        self._begin = begin

    def __len__(self) -> int:
        return len(self._request)

    def receive_into(self, place: memoryview) -> None:
        """Write all of it to `place`, then call `begin`."""
        if isinstance(self._request, Arriving):
            self._request.receive_into(place)
        else:
            place[:] = self._request
        self._begin()
