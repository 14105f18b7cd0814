"""The tokens that a running service knows: who shows what, followed as the file of tokens changes.

The file is looked at twice a second, in a thread, so that what `cellblock token` does holds within a second and a slow
disk holds up nobody. Once a service asks for tokens it goes on asking: neither a revoked last token nor a file that is
taken away opens it. A file that can't be read, or was damaged, leaves the tokens that were read last, and is logged.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from cellblock_service.errors import Unauthorized
from cellblock_service.trust.beside import beside
from cellblock_service.trust.tokenfile import Stamp, TokenFile, TokensUnusable
from cellblock_service.trust.tokens import ENVIRONMENT, LOCAL, Principal, Token, split

LOOK_S = 0.5

log = structlog.get_logger(__name__)


class TokenRegistry:
    """Tokens by id. `following()` the file while the service runs, `identify()` who asks."""

    def __init__(self, file: TokenFile, *, environment: str | None, loopback: bool) -> None:
        self._file = file
        self._environment = environment
        self._tokens: Mapping[str, Token] = {}
        self._stamp: Stamp | None = None
        self._trouble = ""
        self.required = environment is not None or not loopback

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Read the file and keep to it. Raises TokensUnusable if it can't be read now."""
        await asyncio.to_thread(self.look)
        async with beside(self._watch()):
            yield

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await asyncio.to_thread(self.look)
                self._trouble = ""
            except TokensUnusable as error:
                # Said once, and again when it is another trouble; the tokens read last stay.
                if str(error) != self._trouble:
                    log.error("tokens_unusable", reason=str(error))
                self._trouble = str(error)

    def look(self) -> None:
        """Read the file if it changed. Raises TokensUnusable. Replaces the table as a whole, so any thread may."""
        stamp = self._file.stamp()
        if stamp == self._stamp:
            return
        self._tokens = {token.id: token for token in self._file.read()}
        self._stamp = stamp
        self.required = self.required or stamp is not None
        log.info("tokens_read", tokens=len(self._tokens))

    def identify(self, authorization: str) -> Principal:
        """Tell who sent this `Authorization` header. Raises Unauthorized."""
        if not self.required:
            return LOCAL
        scheme, _, shown = authorization.partition(" ")
        if scheme.lower() == "bearer" and (principal := self._holder(shown.strip())):
            return principal
        raise Unauthorized(
            "send a token that is valid now as 'Authorization: Bearer TOKEN'", headers={"WWW-Authenticate": "Bearer"}
        )

    def confirm(self, principal: Principal) -> None:
        """Check that who was let in earlier still would be. Raises Unauthorized: revoked or expired since."""
        if principal == ENVIRONMENT or (principal == LOCAL and not self.required):
            return
        token = self._tokens.get(principal.id)
        if token is None or token.expired():
            raise Unauthorized(f"the token {principal.id} isn't valid any more")

    def _holder(self, shown: str) -> Principal | None:
        if self._environment is not None and _same(shown, self._environment):
            return ENVIRONMENT
        parts = split(shown)
        token = self._tokens.get(parts[0]) if parts else None
        # How long this takes may tell that an id is known: ids are no secrets.
        if parts is None or token is None or not token.matches(parts[1]) or token.expired():
            return None
        return token.principal


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())
