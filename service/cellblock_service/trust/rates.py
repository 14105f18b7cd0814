"""How many executions a token may start a minute: a token bucket each, kept as one number.

A bucket holds a minute's executions and fills evenly. What is remembered is only when it will be full again (the
generic cell rate algorithm), and of a full one nothing, so there are never more entries than tokens in use.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from cellblock_service.errors import RateLimited
from cellblock_service.trust.tokens import Principal

WINDOW_S = 60.0
SWEEP_ABOVE = 1024


class RateLimiter:
    """The buckets of all tokens. `rate` gives the executions a minute of a principal; None: any number."""

    def __init__(self, rate: Callable[[Principal], int | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def admit(self, principal: Principal) -> None:
        """Count one execution. Raises RateLimited, and then doesn't count it."""
        per_minute = self._rate(principal)
        if per_minute is None:
            return
        now, each_s = self._clock(), WINDOW_S / per_minute
        full_at = max(self._full_at.get(principal.id, now), now) + each_s
        late_s = full_at - now - WINDOW_S
        # A millionth for the rounding of a minute that is cut into many pieces.
        if late_s > 1e-6:
            detail = f"the token {principal.id} may start {per_minute} executions a minute; try again in {late_s:.1f} s"
            raise RateLimited(detail, headers={"Retry-After": str(math.ceil(late_s))}, limit=per_minute)
        self._full_at[principal.id] = full_at
        self._forget_full(now)

    def headers(self, principal: Principal) -> dict[str, str]:
        """Tell what is left, as draft-ietf-httpapi-ratelimit-headers has it; nothing when there is no limit.

        `q` executions in `w` seconds; `r` are left, and in `t` seconds there is one more.
        """
        per_minute = self._rate(principal)
        if per_minute is None:
            return {}
        each_s = WINDOW_S / per_minute
        used = max(0.0, self._full_at.get(principal.id, 0.0) - self._clock()) / each_s
        left = max(0, math.floor(per_minute - used + 1e-6))
        more_s = math.ceil((used % 1.0) * each_s or each_s)
        return {
            "RateLimit-Policy": f'"executions";q={per_minute};w={WINDOW_S:.0f}',
            "RateLimit": f'"executions";r={left};t={more_s}',
        }

    def _forget_full(self, now: float) -> None:
        if len(self._full_at) > SWEEP_ABOVE:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
