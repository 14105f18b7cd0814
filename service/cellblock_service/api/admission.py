"""Whether a client may start one more execution, and under which limits: one place for HTTP and sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cellblock_service.errors import TooManyRunning, Unauthorized
from cellblock_service.executions.executions import Executions
from cellblock_service.limits import Number, concurrent_for, limits_for
from cellblock_service.settings import Settings
from cellblock_service.trust.rates import RateLimiter
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.trust.tokens import Principal


@dataclass(frozen=True, slots=True)
class Admission:
    """What decides."""

    settings: Settings
    tokens: TokenRegistry
    limiter: RateLimiter
    executions: Executions

    def admit(self, principal: Principal) -> None:
        """Count one execution. Raises Unauthorized for a token revoked meanwhile, RateLimited."""
        self.tokens.confirm(principal)
        self.limiter.admit(principal)

    def still_lets_in(self, principal: Principal) -> bool:
        """Whether a token that was valid when a connection was made still is."""
        try:
            self.tokens.confirm(principal)
        except Unauthorized:
            return False
        return True

    def require_room(self, principal: Principal, ident: str | None) -> None:
        """Raise TooManyRunning if one more would be too many; to be asked just before it starts.

        One that is there already, since the same request is sent again, needs no room.
        """
        if self.executions.knows(principal.id, ident):
            return
        most = concurrent_for(principal, self.settings)
        if most is not None and self.executions.running_of(principal.id) >= most:
            raise TooManyRunning(f"{most} executions of this token are under way, as many as may be")

    def limits(self, principal: Principal, asked: Mapping[str, Number | None]) -> dict[str, Number]:
        """Give the limits that hold for an execution. Raises AboveMaximum."""
        return limits_for(asked, principal, self.settings)
