"""The file of tokens: its owner's alone, replaced whole, refused with a reason when it is damaged."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from cellblock_service.trust.tokenfile import TokenFile, TokensUnusable
from cellblock_service.trust.tokens import Token, TokenLimits, create
from pydantic import ValidationError


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile.at(tmp_path)


def add(file: TokenFile, name: str) -> Token:
    token, _ = create(name, limits=TokenLimits(timeout_s=2.5, concurrent=3), days=2)
    file.change(lambda kept: [*kept, token])
    return token


def test_what_is_written_is_read(file: TokenFile) -> None:
    assert (file.read(), file.stamp()) == ((), None)
    first, second = add(file, "a"), add(file, "b")
    assert file.read() == (first, second)


def test_only_its_owner_may_read_it(file: TokenFile) -> None:
    add(file, "a")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert not file.open_to_others()
    file.path.chmod(0o640)
    assert file.open_to_others()


def test_every_change_shows_and_nothing_is_left_behind(file: TokenFile) -> None:
    add(file, "a")
    before = file.stamp()
    add(file, "b")
    assert file.stamp() != before
    assert {path.name for path in file.path.parent.iterdir()} == {"tokens.json", ".tokens.lock"}


def test_writers_at_the_same_time_lose_nothing(file: TokenFile) -> None:
    threads = [threading.Thread(target=add, args=(file, str(number))) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token.name for token in file.read()} == set("01234567")


def test_a_change_that_fails_leaves_the_file(file: TokenFile) -> None:
    kept = add(file, "a")
    with pytest.raises(ValidationError, match="same id"):
        file.change(lambda tokens: [*tokens, *tokens])
    assert file.read() == (kept,)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"tokens": [{"id": "x"}]}', b'{"version": 2}', b'{"token": []}']
)
def test_a_damaged_file_is_refused_by_name(file: TokenFile, content: bytes) -> None:
    file.path.write_bytes(content)
    with pytest.raises(TokensUnusable, match=r"tokens\.json"):
        file.read()


def test_a_folder_in_its_place_is_refused(file: TokenFile) -> None:
    file.path.mkdir()
    with pytest.raises(TokensUnusable, match=r"tokens\.json"):
        file.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_writes_belongs_to_the_owner_of_the_home(file: TokenFile) -> None:
    os.chown(file.path.parent, 10001, 10002)
    add(file, "a")
    assert (file.path.stat().st_uid, file.path.stat().st_gid) == (10001, 10002)
