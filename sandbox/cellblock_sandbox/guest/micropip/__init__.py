"""micropip for blocks: `await micropip.install("name==1.2")`, done by the host.

A sandbox has no network. What is asked for here is resolved and fetched outside, by the operator's rules (which
indexes, what is allowed, denied and pinned) and from a cache shared by all sandboxes; the wheels then appear in this
sandbox only. Names and arguments are those of Pyodide's micropip 0.11; what only the operator can decide is refused.
"""

import builtins
import importlib
import json
from collections.abc import Iterable
from importlib import metadata
from typing import Any, NoReturn

__all__ = ["PackageError", "freeze", "install", "list", "set_index_urls", "uninstall"]

_DOOR = "/dev/cellblock/packages"


class PackageError(ValueError):
    """A package that can't be had; the text says which, why, and what to do."""


async def install(  # noqa: PLR0913  (upstream's arguments)
    requirements: str | Iterable[str],
    keep_going: bool = False,  # noqa: ARG001  (all that is wrong is reported anyway)
    deps: bool = True,
    credentials: str | None = None,
    pre: bool = False,
    index_urls: Any = None,
    *,
    constraints: Any = None,
    reinstall: bool = False,
    verbose: bool | int | None = None,  # noqa: ARG001
) -> None:
    """Make packages importable in this sandbox, with all they depend on.

    `requirements`: one or several, as in PEP 508 ("name", "name==1.2", "name[extra]>=2"). PackageError if one can't be
    had: unknown, denied, in conflict with what is here, or made only for other machines.
    """
    _only_defaults(
        deps=(deps, True),
        credentials=(credentials, None),
        pre=(pre, False),
        index_urls=(index_urls, None),
        constraints=(constraints, None),
        reinstall=(reinstall, False),
    )
    wanted = [requirements] if isinstance(requirements, str) else builtins.list(requirements)
    for each in wanted:
        if not isinstance(each, str):
            raise TypeError(f"a requirement is text, not {type(each).__name__}")
    answer = _ask(wanted)
    if "error" in answer:
        raise PackageError(answer["error"])
    importlib.invalidate_caches()


def list() -> dict[str, str]:  # noqa: A001
    """The distributions that can be imported here, name to version."""
    return {each.name: each.version for each in metadata.distributions()}


def freeze() -> str:
    """The same as text, a requirement on each line."""
    return "\n".join(f"{name}=={version}" for name, version in sorted(list().items()))


def uninstall(packages: str | Iterable[str], *, verbose: bool | int = False) -> NoReturn:
    """Refused: a sandbox ends with its run, and with it what was installed there."""
    raise NotImplementedError("nothing can be uninstalled: a fresh sandbox has only what its image holds")


def set_index_urls(urls: Any) -> NoReturn:  # noqa: ARG001
    """Refused: where packages come from is the operator's decision."""
    raise PermissionError("where packages come from is set by the operator (CELLBLOCK_INDEXES), not by a block")


def _only_defaults(**options: tuple[Any, Any]) -> None:
    for name, (value, default) in options.items():
        if value != default:
            raise NotImplementedError(f"micropip.install({name}=...) isn't available: the operator decides that")


def _ask(requirements: builtins.list[str]) -> dict[str, Any]:
    try:
        with open(_DOOR, "r+b", buffering=0) as door:
            door.write(json.dumps(requirements).encode())
            return dict(json.loads(b"".join(iter(lambda: door.read(65536), b""))))
    except FileNotFoundError:
        raise PackageError("installing packages is switched off here: list them in the block's packages") from None
