"""The names in a request's `packages`, held against the packages of the image the workers run."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from cellblock_service.errors import UnknownPackage


def normalise(name: str) -> str:
    """Give a distribution name in the form in which two spellings of it are equal. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def check_packages(wanted: Iterable[str], available: Mapping[str, str] | None) -> None:
    """Raise UnknownPackage for the first name that isn't available, naming the nearest that is.

    `available` is None before any worker has opened the image: then nothing can be said, nor run.
    """
    if available is None:
        return
    known = {normalise(name): name for name in available}
    for name in wanted:
        if normalise(name) in known:
            continue
        near = difflib.get_close_matches(normalise(name)[:64], known, n=1)
        hint = f"the nearest in it is {known[near[0]]!r}" if near else f"it has {', '.join(sorted(known)) or 'none'}"
        raise UnknownPackage(
            f"packages: {name[:64]!r} isn't in the image; {hint}",
            package=name,
            nearest=known[near[0]] if near else None,
        )
