"""The strictest of block, token and service holds."""

from __future__ import annotations

import pytest
from cellblock_service.errors import AboveMaximum
from cellblock_service.limits import concurrent_for, limits_for, per_minute_for
from cellblock_service.settings import LIMITED, Settings
from cellblock_service.trust.tokens import LOCAL, SCOPES, Principal, TokenLimits


def holder(**limits: float) -> Principal:
    return Principal("abcdefgh", "a", SCOPES, TokenLimits.model_validate(limits))


def test_defaults_hold_when_nobody_says_more() -> None:
    settings = Settings()
    expected = {name: getattr(settings, name) for name in LIMITED if name != "cpu_s"}
    assert limits_for({}, LOCAL, settings) == expected
    assert limits_for(dict.fromkeys(LIMITED), LOCAL, settings) == expected


@pytest.mark.parametrize("name", LIMITED)
def test_each_limit_can_be_set_by_each(name: str) -> None:
    settings = Settings(**{name: 70, f"max_{name}": 90})
    token = holder(**{name: 80})
    assert limits_for({name: 80}, token, settings)[name] == 80
    assert limits_for({name: 75}, token, settings)[name] == 75
    assert limits_for({}, token, settings)[name] == 70
    assert limits_for({}, holder(**{name: 60}), settings)[name] == 60
    assert limits_for({name: 90}, LOCAL, settings)[name] == 90
    with pytest.raises(AboveMaximum, match="this token") as caught:
        limits_for({name: 81}, token, settings)
    assert caught.value.members == {"field": name, "maximum": 80, "set_by": "token"}
    with pytest.raises(AboveMaximum, match="this service") as caught:
        limits_for({name: 91}, holder(**{name: 100}), settings)
    assert caught.value.members == {"field": name, "maximum": 90, "set_by": "service"}


def test_a_maximum_of_processor_time_holds_for_who_asks_for_none() -> None:
    assert limits_for({}, LOCAL, Settings(max_cpu_s=3))["cpu_s"] == 3
    assert limits_for({}, holder(cpu_s=2), Settings(max_cpu_s=3))["cpu_s"] == 2
    assert limits_for({"cpu_s": 1e5}, LOCAL, Settings())["cpu_s"] == 1e5


def test_rates_and_numbers_at_a_time() -> None:
    none, some = Settings(), Settings(per_minute=60, concurrent_per_token=4)
    assert (per_minute_for(LOCAL, none), concurrent_for(LOCAL, none)) == (None, None)
    assert (per_minute_for(LOCAL, some), concurrent_for(LOCAL, some)) == (60, 4)
    token = holder(per_minute=100, concurrent=2)
    assert (per_minute_for(token, none), concurrent_for(token, none)) == (100, 2)
    assert (per_minute_for(token, some), concurrent_for(token, some)) == (60, 2)
