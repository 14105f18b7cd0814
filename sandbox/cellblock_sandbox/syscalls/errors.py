"""How a syscall ends the guest. These pass through the guest's frames to whoever runs it."""

from __future__ import annotations


class GuestExit(Exception):
    """The guest called exit() with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the guest exited with status {status}")
        self.status = status


class GuestAbort(Exception):
    """The guest gave up: abort(), a failed assertion, a fatal error of the interpreter."""


class CallRefused(Exception):
    """The guest called an import that Cellblock deliberately doesn't provide; the message names it and why."""
