"""Settings: documented, from the environment, and never an open service without a token."""

from __future__ import annotations

from pathlib import Path

import pytest
from cellblock_service.settings import Settings, describe, is_loopback
from pydantic import ValidationError


def test_defaults_are_local_and_bounded() -> None:
    settings = Settings()
    assert (settings.host, settings.port, settings.token, settings.image) == ("127.0.0.1", 8765, None, "data")
    assert settings.body_bytes == 256 * 1024 * 1024
    assert settings.timeout_s == 30


def test_every_setting_is_documented() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_environment_is_read_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLBLOCK_HOME", "/srv/cellblock")
    monkeypatch.setenv("CELLBLOCK_WORKERS", "3")
    monkeypatch.setenv("CELLBLOCK_PORT", "1")
    monkeypatch.setenv("CELLBLOCK_TOKEN", "")
    settings = Settings(port=2)
    assert (settings.home, settings.workers, settings.port, settings.token) == (Path("/srv/cellblock"), 3, 2, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "::ffff:10.0.0.1"])
def test_an_open_bind_without_a_token_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="CELLBLOCK_TOKEN"):
        Settings(host=host)
    assert Settings(host=host, token="secret").host == host


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"]
)
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "values",
    [
        {"timeout_s": 500},
        {"memory_mb": 4000},
        {"cpu_s": 2, "max_cpu_s": 1},
        {"files": 10**9},
        {"port": 70000},
        {"host": " "},
        {"tls_key": "key.pem"},
        {"tls_certificate": "certificate.pem"},
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**values)


def test_a_refusal_names_the_variable_and_hides_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(token="se cret", port=-1)
    text = describe(caught.value)
    assert "CELLBLOCK_TOKEN" in text
    assert "CELLBLOCK_PORT" in text
    assert "se cret" not in text


def test_the_token_is_not_in_the_text_of_the_settings() -> None:
    assert "secret" not in repr(Settings(token="secret"))


def test_a_backend_is_a_dask_scheduler() -> None:
    assert Settings().scheduler is None
    assert Settings(backend="dask://host:8786").scheduler == "tcp://host:8786"
    assert Settings(backend="dask+tls://host:8786").scheduler == "tls://host:8786"
    for wrong in ("tcp://host:8786", "dask://", "dask:host", "ray://host:1"):
        with pytest.raises(ValidationError, match="the address of a Dask scheduler"):
            Settings(backend=wrong)
