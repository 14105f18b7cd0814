"""The file of settings: `cellblock.toml`, checked for keys that nobody reads.

It is the file that `CELLBLOCK_CONFIG` names, or `cellblock.toml` in `CELLBLOCK_HOME` if there is one. What it says is
overruled by the environment, and that by the command line.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cellblock_sandbox.errors import UserFault
from cellblock_sandbox.image.home import Home

VARIABLE = "CELLBLOCK_CONFIG"
NAME = "cellblock.toml"

ELSEWHERE = {
    "token": "Set CELLBLOCK_TOKEN, or make a token with `cellblock token create`, which keeps no secret.",
    "home": "Set CELLBLOCK_HOME, which every command reads.",
}


class ConfigurationInvalid(UserFault):
    """The file of settings can't be read or understood."""

    key = "configuration-invalid"

    def __init__(self, path: Path, why: str, *, todo: str) -> None:
        super().__init__(f"{path}: {why}.", todo=todo)


def usual(home: Path | None = None) -> Path:
    """Where the file is if none is named."""
    return Home.find(home).root / NAME


def find(home: Path | None = None) -> Path | None:
    """Give the file to read; None: there is none. Raises ConfigurationInvalid if one is named and isn't there."""
    named = os.environ.get(VARIABLE)
    path = Path(named).expanduser() if named else usual(home)
    if path.is_file():
        return path
    if named:
        raise ConfigurationInvalid(path, "there is no such file", todo=f"Correct {VARIABLE}, or unset it.")
    return None


def read(path: Path, known: Collection[str]) -> dict[str, Any]:
    """Give the settings in a file, `known` being those there are. Raises ConfigurationInvalid."""
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationInvalid(path, error.strerror or str(error), todo="Make it readable.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationInvalid(
            path, f"it isn't TOML: {error}", todo="Write settings as `timeout_s = 30`."
        ) from error
    for key in found:
        if key not in known:
            near = difflib.get_close_matches(key.lower().removeprefix("cellblock_"), known, n=1)
            todo = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise ConfigurationInvalid(path, f"{key!r} isn't a setting", todo=todo)
        if key in ELSEWHERE:
            raise ConfigurationInvalid(path, f"{key!r} can't be set in a file", todo=ELSEWHERE[key])
    return found
