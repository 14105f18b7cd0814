"""Tokens: random, hashed, with an end, and never shown again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cellblock_service import cli
from cellblock_service.trust import tokens
from cellblock_service.trust.tokens import SCOPES, Principal, Token, TokenLimits, create, split
from pydantic import ValidationError


def test_what_is_shown_is_random_and_what_is_kept_is_its_hash() -> None:
    token, shown = create("Node-RED")
    prefix, identifier, secret = shown.split("_", 2)
    assert (prefix, identifier, len(secret)) == ("cbk", token.id, 43)
    assert token.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in token.model_dump_json() + repr(token)
    assert token.sha256 not in repr(token)
    assert create("Node-RED")[1] != shown


def test_only_its_own_secret_matches() -> None:
    token, shown = create("a")
    identifier, secret = split(shown) or ("", "")
    assert identifier == token.id
    assert token.matches(secret)
    assert not token.matches(secret[:-1] + ("A" if secret[-1] != "A" else "B"))
    assert not token.matches("")


@pytest.mark.parametrize(
    "shown", ["", "cbk_", "cbk_abcdefgh_short", "xyz_abcdefgh_" + "a" * 43, "cbk_ABCDEFGH_" + "a" * 43]
)
def test_what_has_another_form_is_no_token(shown: str) -> None:
    assert split(shown) is None


def test_a_secret_with_underscores_stays_whole() -> None:
    assert split("cbk_abcdefgh_" + "_" * 43) == ("abcdefgh", "_" * 43)


def test_a_token_ends() -> None:
    token, _ = create("a", days=1)
    assert not token.expired()
    assert token.expired(datetime.now(UTC) + timedelta(days=1))
    assert not create("a")[0].expired(datetime.max.replace(tzinfo=UTC))


def test_admin_may_do_everything_and_others_what_they_were_given() -> None:
    assert all(Principal("a", "a", frozenset({"admin"})).may(scope) for scope in SCOPES)
    images = Principal("a", "a", frozenset({"images"}))
    assert [images.may(scope) for scope in ("execute", "images", "admin")] == [False, True, False]


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "\x1b[2J"},
        {"name": "x" * 101},
        {"name": "a", "scopes": ["root"]},
        {"name": "a", "scopes": []},
    ],
)
def test_tokens_that_make_no_sense_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        create(**given)


@pytest.mark.parametrize(
    "limits", [{"timeout_s": 0}, {"timeout_s": "nan"}, {"memory_mb": 1.5}, {"concurrent": 0}, {"timeout": 5}]
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TokenLimits.model_validate(limits)


def test_the_refusal_of_a_damaged_token_holds_no_hash() -> None:
    kept = create("a")[0].model_dump(mode="json") | {"scopes": "all"}
    with pytest.raises(ValidationError) as caught:
        Token.model_validate(kept)
    assert kept["sha256"] not in str(caught.value)


def test_the_command_knows_the_scopes() -> None:
    assert frozenset(cli.SCOPES) == tokens.SCOPES
