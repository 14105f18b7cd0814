"""Which limits hold for an execution: the strictest of block, token and service.

A block that asks for more than its token or the service allows is refused, and told by whom; what it doesn't ask for
is the service's default, lowered to what its token allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from cellblock_service.errors import AboveMaximum
from cellblock_service.settings import LIMITED, Settings
from cellblock_service.trust.tokens import Principal

Number = int | float
N = TypeVar("N", int, int | float)


def limits_for(asked: Mapping[str, Number | None], principal: Principal, settings: Settings) -> dict[str, Number]:
    """Give the limits of `settings.LIMITED`, by name; one that nobody sets isn't there. Raises AboveMaximum."""
    found = {name: _limit(name, asked.get(name), principal, settings) for name in LIMITED}
    return {name: value for name, value in found.items() if value is not None}


def concurrent_for(principal: Principal, settings: Settings) -> int | None:
    """How many executions of this token may be under way at a time; None: any number."""
    return _strictest(settings.concurrent_per_token or None, principal.limits.concurrent)


def per_minute_for(principal: Principal, settings: Settings) -> int | None:
    """How many executions this token may start a minute; None: any number."""
    return _strictest(settings.per_minute or None, principal.limits.per_minute)


def _limit(name: str, asked: Number | None, principal: Principal, settings: Settings) -> Number | None:
    service: Number | None = getattr(settings, f"max_{name}")
    token: Number | None = getattr(principal.limits, name)
    maximum = _strictest(service, token)
    if asked is None:
        return _strictest(getattr(settings, name), maximum)
    if maximum is not None and asked > maximum:
        by = "service" if maximum == service else "token"
        raise AboveMaximum(
            f"{name}: {asked:.15g} asked for, at most {maximum:.15g} allowed by this {by}",
            field=name,
            maximum=maximum,
            set_by=by,
        )
    return asked


def _strictest(one: N | None, other: N | None) -> N | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
