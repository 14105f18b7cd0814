"""What an answer gives away, and whether it is one that a part may end with. Nothing here asks the program itself."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

from .corpus import FINAL, Part

ESCAPED = "ESCAPED"
# The end of a worker's process: no block may bring it about, whatever errors its head allows.
CRASHED = "WorkerCrashed"
# What conditions may use, besides what they are about.
_TOOLS = {"all": all, "any": any, "len": len, "set": set, "sorted": sorted, "max": max, "min": min, "str": str}


def verdict(part: Part, answer: dict[str, Any], secrets: Iterable[str], before: Sequence[Any] = ()) -> list[str]:
    """Everything that is wrong with the answer to a part; nothing if it is as it must be."""
    found = [f"it gave away {secret!r}" for secret in revealed(answer, secrets)]
    if ESCAPED in _text(answer):
        found.append("it says that it escaped")
    if answer.get("status") not in FINAL:
        return [*found, f"{answer} is no final answer"]
    if not any(_ended(answer, end) for end in part.ends):
        return [*found, f"it ended as {_told(answer)!r}, not as {' or '.join(part.ends)!r}: {answer.get('error')}"]
    names = {name: answer.get(name) for name in ("result", "stdout", "stderr", "error")}
    for condition in part.so_that:
        try:
            if eval(condition, {"__builtins__": {}, **_TOOLS, **names, "before": before}):
                continue
        except Exception as error:
            found.append(f"{condition}: {error!r}")
        found.append(f"not so that {condition}: {str(names)[:2000]}")
    return found


def revealed(answer: object, secrets: Iterable[str]) -> list[str]:
    """The secrets that are in an answer: as they are, backwards, or in an encoding that is at hand."""
    text = _text(answer)
    return [secret for secret in secrets if any(form in text for form in _forms(secret))]


def _text(answer: object) -> str:
    """All that an answer says, the bytes of a packed one as the characters that they may be."""
    return json.dumps(answer, ensure_ascii=False, default=lambda data: data.decode("latin-1"))


def _forms(secret: str) -> list[str]:
    data = secret.encode()
    forms = [secret, secret[::-1], data.hex(), data.hex().upper(), data[::-1].hex(), ", ".join(map(str, data))]
    for each in (data, data[::-1], secret.encode("utf-16-le")):
        # Three ways to begin within a group of base64; the first and last characters depend on what is around.
        forms += [base64.b64encode(bytes(begin) + each).decode().rstrip("=")[4:-4] for begin in range(3)]
    return forms


def _ended(answer: dict[str, Any], end: str) -> bool:
    status, _, kind = end.partition(" ")
    told = (answer.get("error") or {}).get("type")
    return bool(answer["status"] == status and (told == kind or (not kind and told != CRASHED)))


def _told(answer: dict[str, Any]) -> str:
    return f"{answer['status']} {(answer.get('error') or {}).get('type', '')}".strip()
