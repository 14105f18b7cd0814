"""The file of settings: below the environment, and no misspelt key goes unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cellblock_service import configuration
from cellblock_service.configuration import ConfigurationInvalid
from cellblock_service.settings import Settings
from cellblock_service.trust.tokenfile import TokenFile, TokensUnusable
from cellblock_service.trust.tokens import create
from pydantic import ValidationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cellblock.toml"


def test_the_file_in_the_home_is_read_below_environment_and_arguments(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('timeout_s = 5\nmemory_mb = 128\nhost = "localhost"\nport = 1\n')
    monkeypatch.setenv("CELLBLOCK_MEMORY_MB", "256")
    monkeypatch.setenv("CELLBLOCK_PORT", "2")
    settings = Settings(port=3)
    assert (settings.timeout_s, settings.memory_mb, settings.host, settings.port) == (5, 256, "localhost", 3)
    assert configuration.find() == file


def test_a_file_that_is_named_is_read_instead(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file.write_text("files = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("timeout_s = 6\n")
    monkeypatch.setenv("CELLBLOCK_CONFIG", str(other))
    settings = Settings()
    assert (settings.timeout_s, settings.files) == (6, 10_000)
    other.unlink()
    with pytest.raises(ConfigurationInvalid, match=r"other\.toml: there is no such file"):
        Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timeout = 5", "'timeout' isn't a setting.*\n.*'timeout_s'"),
        ("CELLBLOCK_TIMEOUT_S = 5", "'CELLBLOCK_TIMEOUT_S' isn't a setting.*\n.*'timeout_s'"),
        ("[limits]\ntimeout_s = 5", "'limits' isn't a setting"),
        ("timeout_s: 5", "isn't TOML"),
        ("timeout_s = 1\ntimeout_s = 2", "isn't TOML"),
        ('token = "very-secret"', "'token' can't be set in a file"),
        ('home = "/srv"', "'home' can't be set in a file.*\n.*CELLBLOCK_HOME"),
    ],
)
def test_what_nobody_reads_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationInvalid, match=said) as caught:
        Settings()
    assert str(file) in str(caught.value)
    assert "very-secret" not in str(caught.value)


def test_values_that_make_no_sense_are_refused(file: Path) -> None:
    file.write_text("timeout_s = -1")
    with pytest.raises(ValidationError, match="timeout_s"):
        Settings()


def test_a_token_in_the_file_of_tokens_lets_the_service_be_bound_anywhere(tmp_path: Path) -> None:
    tokens = TokenFile.at(tmp_path)
    tokens.change(lambda _: [create("old", days=1e-9)[0]])
    with pytest.raises(ValidationError, match="cellblock token create"):
        Settings(host="0.0.0.0")
    tokens.change(lambda kept: [*kept, create("a")[0]])
    assert Settings(host="0.0.0.0").host == "0.0.0.0"
    tokens.path.write_text("{")
    with pytest.raises(TokensUnusable):
        Settings(host="0.0.0.0")
