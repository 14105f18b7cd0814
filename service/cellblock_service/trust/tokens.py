"""Tokens: what a client shows to be let in, and who it is from then on.

A token reads `cbk_<id>_<secret>`. The id names it in lists and logs; the secret is 256 random bits, shown once, when
the token is made. What is kept is the SHA-256 of the secret: a slow password hash protects what people choose and
others can guess, and nobody guesses 256 bits, so a plain hash tells a thief of the file nothing and costs a request
microseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_serializer, field_validator

Scope = Literal["execute", "images", "admin"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
DEFAULT_SCOPES: frozenset[Scope] = frozenset({"execute", "images"})
"""What a client that runs blocks needs."""

_SHOWN = re.compile(r"cbk_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")

Seconds = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=2**53)]


class TokenLimits(BaseModel):
    """What executions of one token may use at most, in the units of the settings; None: what the service allows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout_s: Seconds | None = None
    cpu_s: Seconds | None = None
    memory_mb: Count | None = None
    output_bytes: Count | None = None
    result_bytes: Count | None = None
    file_bytes: Count | None = None
    files: Count | None = None
    concurrent: Count | None = None
    per_minute: Count | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the token's id and name, what it may do and how much of it."""

    id: str
    name: str
    scopes: frozenset[Scope]
    limits: TokenLimits = field(default_factory=TokenLimits)

    def may(self, scope: Scope) -> bool:
        """Tell whether `scope` is granted; `admin` may do everything."""
        return scope in self.scopes or "admin" in self.scopes


LOCAL = Principal("local", "local", SCOPES)
"""Whoever asks a service on loopback that has no tokens."""
ENVIRONMENT = Principal("environment", "environment", SCOPES)
"""Whoever shows the token of `CELLBLOCK_TOKEN`."""


class Token(BaseModel):
    """One token as it is kept: everything but its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=r"^[a-z0-9]{8}$")
    name: str = Field(min_length=1, max_length=100)
    scopes: frozenset[Scope] = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    created: AwareDatetime
    expires: AwareDatetime | None = None
    limits: TokenLimits = TokenLimits()

    @field_validator("name")
    @classmethod
    def _name_is_printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a name is made of printable characters")
        return value

    @field_serializer("scopes")
    def _in_order(self, scopes: frozenset[Scope]) -> list[Scope]:
        return sorted(scopes)

    @property
    def principal(self) -> Principal:
        """Who shows this token."""
        return Principal(self.id, self.name, self.scopes, self.limits)

    def expired(self, now: datetime | None = None) -> bool:
        """Tell whether its time is over."""
        return self.expires is not None and self.expires <= (now or datetime.now(UTC))

    def matches(self, secret: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(digest(secret), self.sha256)


def create(
    name: str,
    *,
    scopes: Collection[Scope] = DEFAULT_SCOPES,
    limits: TokenLimits | None = None,
    days: float | None = None,
) -> tuple[Token, str]:
    """Make a token that is good for `days`; give it and what its holder has to show.

    pydantic's ValidationError for what makes no sense, OverflowError for a time past the year 9999.
    """
    identifier, secret, now = secrets.token_hex(4), secrets.token_urlsafe(32), datetime.now(UTC)
    token = Token(
        id=identifier,
        name=name,
        scopes=frozenset(scopes),
        sha256=digest(secret),
        created=now.replace(microsecond=0),
        expires=None if days is None else (now + timedelta(days=days)).replace(microsecond=0),
        limits=limits or TokenLimits(),
    )
    return token, f"cbk_{identifier}_{secret}"


def split(shown: str) -> tuple[str, str] | None:
    """Give the id and the secret of what a client shows; None when it isn't of our form."""
    found = _SHOWN.fullmatch(shown)
    return (found[1], found[2]) if found else None


def digest(secret: str) -> str:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
