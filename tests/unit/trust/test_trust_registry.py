"""Who shows what: identified, refused, and out within a second when revoked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from cellblock_service.errors import Unauthorized
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.trust.tokenfile import TokenFile
from cellblock_service.trust.tokens import ENVIRONMENT, LOCAL, create


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile.at(tmp_path)


def registry(file: TokenFile, environment: str | None = None, *, loopback: bool = True) -> TokenRegistry:
    made = TokenRegistry(file, environment=environment, loopback=loopback)
    made.look()
    return made


def add(file: TokenFile, **given: object) -> str:
    token, shown = create("a", **given)
    file.change(lambda kept: [*kept, token])
    return shown


def refused(tokens: TokenRegistry, authorization: str) -> bool:
    try:
        tokens.identify(authorization)
    except Unauthorized as error:
        return error.headers == {"WWW-Authenticate": "Bearer"}
    return False


def test_without_tokens_this_machine_may_do_all(file: TokenFile) -> None:
    assert registry(file).identify("") == LOCAL
    assert registry(file).identify("Bearer whatever") == LOCAL


def test_an_open_bind_asks_even_when_there_are_none(file: TokenFile) -> None:
    assert refused(registry(file, loopback=False), "")


def test_tokens_of_environment_and_file(file: TokenFile) -> None:
    shown = add(file, scopes={"images"})
    tokens = registry(file, "a-word-of-mine")
    assert tokens.identify("Bearer a-word-of-mine") == ENVIRONMENT
    assert tokens.identify(f"bearer  {shown} ").scopes == {"images"}
    for header in ("", "Bearer", "Bearer ", "Bearer a-word", f"Basic {shown}", f"Bearer {shown}x", "Bearer \udcff"):
        assert refused(tokens, header), header
    assert refused(tokens, f"Bearer {shown[:-1]}{'A' if shown[-1] != 'A' else 'B'}")
    assert refused(tokens, f"Bearer cbk_00000000_{shown[-43:]}")


def test_an_expired_token_is_refused(file: TokenFile) -> None:
    shown = add(file, days=1e-9)
    assert refused(registry(file), f"Bearer {shown}")


def test_a_revoked_token_is_out_and_the_service_stays_closed(file: TokenFile) -> None:
    shown = add(file)
    tokens = registry(file)
    principal = tokens.identify(f"Bearer {shown}")
    tokens.confirm(principal)
    file.change(lambda _kept: [])
    tokens.look()
    assert refused(tokens, f"Bearer {shown}")
    assert refused(tokens, "")
    with pytest.raises(Unauthorized, match=principal.id):
        tokens.confirm(principal)
    file.path.unlink()
    tokens.look()
    assert refused(tokens, "")


def test_the_first_token_closes_a_service(file: TokenFile) -> None:
    tokens = registry(file)
    tokens.confirm(LOCAL)
    shown = add(file)
    tokens.look()
    assert refused(tokens, "")
    with pytest.raises(Unauthorized):
        tokens.confirm(LOCAL)
    tokens.confirm(tokens.identify(f"Bearer {shown}"))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_file_is_followed_and_damage_changes_nothing(file: TokenFile) -> None:
    shown = add(file)
    tokens = TokenRegistry(file, environment=None, loopback=True)
    with structlog.testing.capture_logs() as lines:
        async with tokens.following():
            kept = file.path.read_text()
            file.path.write_text("{")
            await until(lambda: any(line["event"] == "tokens_unusable" for line in lines))
            assert tokens.identify(f"Bearer {shown}").name == "a"
            file.path.write_text(json.dumps(json.loads(kept) | {"tokens": []}))
            await until(lambda: refused(tokens, f"Bearer {shown}"))
    assert shown.rpartition("_")[2] not in str(lines)
