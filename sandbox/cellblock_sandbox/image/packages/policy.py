"""What the operator allows: which packages, which versions of them, from where, and whether the network may be used.

    CELLBLOCK_PACKAGES_ALLOW   the only packages that may be asked for; their dependencies come with them
    CELLBLOCK_PACKAGES_DENY    packages that may not be used at all, not even as a dependency
    CELLBLOCK_PACKAGES_PINS    versions, such as "humanize==4.9 attrs>=22,<26"
    CELLBLOCK_OFFLINE          1: use only what is on this machine
    CELLBLOCK_INDEXES          base URLs of package indexes (PEP 503), in order; the first that knows a package counts

Each is a list of words, separated by commas or white space.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidName, canonicalize_name

from cellblock_sandbox.errors import SettingInvalid

ALLOW = "CELLBLOCK_PACKAGES_ALLOW"
DENY = "CELLBLOCK_PACKAGES_DENY"
PINS = "CELLBLOCK_PACKAGES_PINS"
OFFLINE = "CELLBLOCK_OFFLINE"
INDEXES = "CELLBLOCK_INDEXES"

_SWITCH = {
    "": False,
    **dict.fromkeys(("0", "false", "no", "off"), False),
    **dict.fromkeys(("1", "true", "yes", "on"), True),
}


@dataclass(frozen=True)
class Policy:
    """The rules. Names are canonical; `allow` is None when everything is; no `indexes` means the client's default."""

    allow: frozenset[str] | None = None
    deny: frozenset[str] = frozenset()
    pins: Mapping[str, SpecifierSet] = field(default_factory=dict)
    offline: bool = False
    indexes: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Policy:
        """Read the rules from `environment` (default: the process's); raises `SettingInvalid`."""
        values = os.environ if environment is None else environment
        allow = _names(ALLOW, values.get(ALLOW, ""))
        return cls(
            allow=allow or None,
            deny=_names(DENY, values.get(DENY, "")),
            pins=_pins(values.get(PINS, "")),
            offline=_switch(values.get(OFFLINE, "")),
            indexes=_indexes(values.get(INDEXES, "")),
        )


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def _names(setting: str, text: str) -> frozenset[str]:
    try:
        return frozenset(canonicalize_name(word, validate=True) for word in _words(text))
    except InvalidName:
        raise SettingInvalid(setting, text, "names of packages, such as humanize attrs") from None


def _pins(text: str) -> dict[str, SpecifierSet]:
    found: dict[str, SpecifierSet] = {}
    # A comma ends a word, unless an operator follows: "attrs>=22,<26" is one.
    for word in re.split(r"(?:\s|,(?!\s*[<>=!~]))+", text):
        if not word.strip(","):
            continue
        try:
            pin = Requirement(word)
        except InvalidRequirement:
            pin = None
        if pin is None or pin.url or pin.extras or pin.marker or not pin.specifier:
            raise SettingInvalid(PINS, word, "names with versions, such as humanize==4.9 attrs>=22,<26")
        name = canonicalize_name(pin.name)
        found[name] = found.get(name, SpecifierSet()) & pin.specifier
    return found


def _switch(text: str) -> bool:
    try:
        return _SWITCH[text.strip().lower()]
    except KeyError:
        raise SettingInvalid(OFFLINE, text, "1 or 0") from None


def _indexes(text: str) -> tuple[str, ...]:
    for word in _words(text):
        if not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", word):
            raise SettingInvalid(INDEXES, word, "base URLs, such as https://host/simple/")
    return tuple(dict.fromkeys(word.rstrip("/") + "/" for word in _words(text)))
