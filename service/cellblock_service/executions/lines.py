"""Whose turn it is, of the executions of a block that run in order: who came first is given to the pool first.

The pool keeps the order of what it was given, but images and inputs are there at different times.
"""

from __future__ import annotations

import asyncio

from cellblock_service.executions.execution import Execution


class Lines:
    """The executions that the pool hasn't been given yet: by lane, each with what tells that it is the first."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[Execution, asyncio.Event]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def join(self, execution: Execution) -> None:
        """Have it go behind those that came earlier."""
        line = self._lines.setdefault(execution.lane, {})
        line[execution] = asyncio.Event()
        next(iter(line.values())).set()

    def turn(self, execution: Execution) -> asyncio.Event | None:
        """Give what is set once all that came earlier have left; None for one that isn't in a line."""
        return self._lines.get(execution.lane, {}).get(execution)

    def leave(self, execution: Execution) -> None:
        """The pool has it, or it has ended: the one behind it is next. Nothing happens if it isn't in a line."""
        line = self._lines.get(execution.lane, {})
        if line.pop(execution, None) is None:
            return
        if line:
            next(iter(line.values())).set()
        else:
            del self._lines[execution.lane]
