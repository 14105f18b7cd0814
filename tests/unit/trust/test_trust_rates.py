"""The rate of a token: a minute's worth at once, then evenly, each token its own, little to remember."""

from __future__ import annotations

import pytest
from cellblock_service.errors import RateLimited
from cellblock_service.trust import rates
from cellblock_service.trust.rates import RateLimiter
from cellblock_service.trust.tokens import SCOPES, Principal


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def who(name: str) -> Principal:
    return Principal(name, name, SCOPES)


def admitted(limiter: RateLimiter, principal: Principal, tries: int = 1000) -> int:
    for number in range(tries):
        try:
            limiter.admit(principal)
        except RateLimited:
            return number
    return tries


@pytest.mark.parametrize("per_minute", [1, 7, 60, 100, 999])
def test_a_minutes_worth_at_once_and_one_more_with_its_time(per_minute: int) -> None:
    clock = Clock()
    limiter = RateLimiter(lambda _: per_minute, clock)
    assert admitted(limiter, who("a")) == per_minute
    clock.now += 60 / per_minute * 1.001
    assert admitted(limiter, who("a")) == 1
    clock.now += 3600
    assert admitted(limiter, who("a")) == per_minute


def test_each_token_has_its_own() -> None:
    limiter = RateLimiter(lambda principal: 2 if principal.id == "a" else None, Clock())
    assert admitted(limiter, who("a")) == 2
    assert admitted(limiter, who("b")) == 1000
    assert limiter.headers(who("b")) == {}


def test_a_refusal_tells_when_to_come_back() -> None:
    clock = Clock()
    limiter = RateLimiter(lambda _: 2, clock)
    assert limiter.headers(who("a")) == {
        "RateLimit-Policy": '"executions";q=2;w=60',
        "RateLimit": '"executions";r=2;t=30',
    }
    limiter.admit(who("a"))
    assert limiter.headers(who("a"))["RateLimit"] == '"executions";r=1;t=30'
    limiter.admit(who("a"))
    clock.now += 20
    assert limiter.headers(who("a"))["RateLimit"] == '"executions";r=0;t=10'
    with pytest.raises(RateLimited) as caught:
        limiter.admit(who("a"))
    assert caught.value.headers == {"Retry-After": "10"}
    assert caught.value.members == {"limit": 2}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SWEEP_ABOVE", 10)
    clock = Clock()
    limiter = RateLimiter(lambda _: 60, clock)
    for number in range(1000):
        clock.now += 1.5
        limiter.admit(who(str(number)))
    assert len(limiter._full_at) <= 11
