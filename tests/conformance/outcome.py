"""What a program did, in the form that is compared."""

from dataclasses import asdict, dataclass
from typing import Any

from cellblock_sandbox import ExecutionResult

_BEFORE, _SHOWN = 60, 600


@dataclass(frozen=True)
class Outcome:
    """`result` is the repr of the program's `result`; `error` its type, message and line, if it raised."""

    result: str | None
    stdout: str
    error: dict[str, Any] | None

    @classmethod
    def of(cls, result: ExecutionResult) -> "Outcome":
        """Read what a sandbox answered."""
        error = result.error
        told = None if error is None else {"type": error.type, "message": error.message, "line": error.line}
        return cls(result.value, result.stdout, told)

    def differing(self, other: "Outcome") -> tuple[str, ...]:
        """The fields in which two outcomes differ."""
        mine, theirs = asdict(self), asdict(other)
        return tuple(field for field in mine if mine[field] != theirs[field])

    def explained(self, peer: "Outcome") -> str:
        """Each differing field, from a little before the first character that differs."""
        told = []
        for field in self.differing(peer):
            mine, theirs = str(getattr(self, field)), str(getattr(peer, field))
            same = next((place for place, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), len(theirs))
            start = max(0, same - _BEFORE)
            told.append(f"{field} here: {mine[start : start + _SHOWN]}\n{field} peer: {theirs[start : start + _SHOWN]}")
        return "\n".join(told)
