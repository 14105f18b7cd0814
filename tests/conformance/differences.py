"""The table of known differences: `differences.toml`, one entry for each program whose outcome differs."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("differences.toml")

KINDS = {
    "defect": "Defects here",
    "design": "Decisions here",
    "peer": "Limits of the peer",
}


@dataclass(frozen=True)
class Difference:
    """`fields` of the outcome differ, in their order there. `here` and `peer` say what each side does."""

    fields: tuple[str, ...]
    kind: str
    here: str
    peer: str
    reason: str


def known() -> dict[str, Difference]:
    """The table, by program."""
    entries = tomllib.loads(TABLE.read_text())
    return {name: Difference(**{**entry, "fields": tuple(entry["fields"])}) for name, entry in entries.items()}
