"""The table of known differences: `differences.toml`, one entry for each program whose outcome differs."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TABLE = Path(__file__).with_name("differences.toml")
Kind = Literal["peer", "design", "defect"]


@dataclass(frozen=True)
class Difference:
    """`fields` of the outcome differ. `kind`: a limit of the peer, a decision of ours, or a defect of ours."""

    fields: tuple[str, ...]
    kind: Kind
    here: str
    peer: str
    reason: str


def known() -> dict[str, Difference]:
    """The table, by program."""
    entries = tomllib.loads(TABLE.read_text())
    return {name: Difference(**{**entry, "fields": tuple(entry["fields"])}) for name, entry in entries.items()}
