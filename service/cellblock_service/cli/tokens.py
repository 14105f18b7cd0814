"""`cellblock token`: make, list and revoke the tokens that clients of the service show.

A running service follows: what is done here holds within a second.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from pydantic import ValidationError

from cellblock_service.cli import OK, USAGE
from cellblock_service.cli.output import complain, say
from cellblock_service.settings import describe, without_a_bind
from cellblock_service.trust import tokens
from cellblock_service.trust.tokenfile import TokenFile
from cellblock_service.trust.tokens import Token, TokenLimits


def run(options: argparse.Namespace) -> int:
    """Do what was asked; 2 for what makes no sense."""
    try:
        file = without_a_bind().token_file
    except ValidationError as error:
        complain(f"cellblock token: {describe(error)}")
        return USAGE
    actions: dict[str, Callable[[TokenFile, argparse.Namespace], int]]
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    return actions[options.action](file, options)


def _create(file: TokenFile, options: argparse.Namespace) -> int:
    """Print the token alone on stdout, so that a script can keep it."""
    try:
        limits = TokenLimits.model_validate(dict(options.limit))
        scopes = options.scope or tokens.DEFAULT_SCOPES
        token, shown = tokens.create(options.name, scopes=scopes, limits=limits, days=options.expires)
        file.change(lambda kept: [*kept, token])
    except ValidationError as error:
        complain(f"cellblock token: {_described(error)}")
        return USAGE
    except OverflowError:
        complain(f"cellblock token: --expires: {options.expires:g} days is too far away")
        return USAGE
    complain(f"token {token.id} for {token.name} ({', '.join(sorted(token.scopes))}), which isn't shown again:")
    say(shown)
    return OK


def _list(file: TokenFile, _options: argparse.Namespace) -> int:
    for token in file.read():
        say("  ".join(_row(token)))
    return OK


def _revoke(file: TokenFile, options: argparse.Namespace) -> int:
    gone: list[Token] = []

    def without(kept: Sequence[Token]) -> list[Token]:
        gone.extend(token for token in kept if token.id == options.id)
        return [token for token in kept if token.id != options.id]

    file.change(without)
    if not gone:
        complain(f"cellblock token: no token has the id {options.id!r}; `cellblock token list` shows them")
        return USAGE
    complain(f"revoked {gone[0].id} ({gone[0].name})")
    return OK


def _row(token: Token) -> list[str]:
    limits = token.limits.model_dump(exclude_none=True)
    until = f"until {token.expires:%Y-%m-%d %H:%M}" if token.expires else "without end"
    return [
        token.id,
        token.name,
        ",".join(sorted(token.scopes)),
        f"made {token.created:%Y-%m-%d}",
        f"expired {token.expires:%Y-%m-%d %H:%M}" if token.expired() else until,
        *(f"{name}={value:.15g}" for name, value in limits.items()),
    ]


def _described(error: ValidationError) -> str:
    return "\n".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_url=False, include_context=False)
    )
