"""Binary wheels that projects publish themselves for the guest's ABI, beside those of the Pyodide distribution."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cellblock_sandbox.errors import BuildError
from cellblock_sandbox.image.packages.catalogue import Catalogue
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.resolver import resolve
from cellblock_sandbox.image.wheel import Wheel

# Pages of an index are small and far away: asking for 170 one after the other takes a minute, 8 at once 11 s.
_AT_ONCE = 8


def published(names: Iterable[str], catalogue: Catalogue, policy: Policy) -> Mapping[Wheel, Path]:
    """Of the packages `names`, the binary wheels that an index has for the guest, fetched, with all they need.

    A package that can't be had, or not together with what is installed, is left out: nobody asked for it by name.
    """
    wanted = list(names)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        binary = [name for name, found in zip(wanted, threads.map(catalogue.is_binary, wanted), strict=True) if found]
    together: list[str] = []
    for name in binary:
        with contextlib.suppress(BuildError):
            resolve([*together, name], catalogue, policy)
            together.append(name)
    return {wheel: catalogue.obtain(wheel)[0] for wheel in resolve(together, catalogue, policy).wheels}
