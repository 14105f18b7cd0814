"""Whose turn it is, of the executions of a block that run in order: who came first is given to the pool first.

The pool keeps the order of what it was given, but images and inputs are there at different times.
"""

from __future__ import annotations

from cellblock_service.executions.execution import Execution


class Lines:
    """The executions that the pool hasn't been given yet, by lane."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Execution]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def join(self, execution: Execution) -> None:
        """Have it wait behind those that came earlier; `execution.turn` tells when it is the first."""
        line = self._lines.setdefault(execution.lane, [])
        line.append(execution)
        line[0].turn.set()

    def leave(self, execution: Execution) -> None:
        """The pool has it, or it has ended: the one behind it is next. Nothing happens if it isn't in a line."""
        line = self._lines.get(execution.lane, [])
        if execution not in line:
            return
        line.remove(execution)
        if line:
            line[0].turn.set()
        else:
            del self._lines[execution.lane]
