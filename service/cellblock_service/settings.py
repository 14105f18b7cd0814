"""Every knob of the service in one object, read from `CELLBLOCK_*` environment variables.

`Settings()` reads the environment; the command line passes what it was given as keyword arguments, which win.
A bind that other machines can reach demands a token: without one, building the settings fails, so the service
can't start open by accident.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1024 * 1024
MAX_SECONDS = 1e6


class Settings(BaseSettings):
    """The service's settings. Each field is the environment variable `CELLBLOCK_<FIELD>` in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="CELLBLOCK_", env_ignore_empty=True, extra="ignore", frozen=True, use_attribute_docstrings=True
    )

    home: Path | None = None
    """Folder of bundles, images and wheels; default: the user's cache folder."""
    image: str = Field(default="data", min_length=1)
    """Image the workers run: a name or an id."""
    host: str = "127.0.0.1"
    """Address to bind. Anything that isn't loopback needs a token."""
    port: int = Field(default=8765, ge=0, le=65535)
    """Port to bind; 0 takes a free one and logs it."""
    token: SecretStr | None = None
    """Bearer token asked of every request but the health checks."""

    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """Worker processes; default: one per core."""
    queue_size: int = Field(default=64, ge=0)
    """Executions that may wait for a worker; one more is answered 429."""
    recycle_after: int = Field(default=1000, ge=1)
    """Executions after which a worker process is replaced."""

    timeout_s: float = Field(default=30.0, gt=0, le=MAX_SECONDS)
    """Wall time of an execution whose request names none."""
    max_timeout_s: float = Field(default=300.0, gt=0, le=MAX_SECONDS)
    """Most wall time a request may ask for."""
    memory_mb: int = Field(default=1024, ge=1, le=4096)
    """Memory of a sandbox whose request names none, in MiB."""
    max_memory_mb: int = Field(default=2048, ge=1, le=4096)
    """Most memory a request may ask for, in MiB."""
    body_bytes: int = Field(default=64 * MEBIBYTE, ge=1024, le=1024 * MEBIBYTE)
    """Largest request body, after decompression."""
    body_timeout_s: float = Field(default=60.0, gt=0, le=MAX_SECONDS)
    """Time a client has to send its body."""
    kill_grace_s: float = Field(default=2.0, gt=0, le=MAX_SECONDS)
    """Time past an execution's deadline before its worker is killed; the sandbox itself acts earlier."""
    drain_s: float = Field(default=30.0, ge=0, le=MAX_SECONDS)
    """Time running executions get to end when the service stops."""

    full_bundle: Literal["background", "on-demand"] = "background"
    """When the bundle of all binary packages is built (minutes, once): after the start, or when a block needs it."""
    images_disk_mb: int = Field(default=4096, ge=0)
    """Disk for images made for blocks' imports, in MiB; the least recently used ones make room."""

    log_format: Literal["auto", "json", "console"] = "auto"
    """Log lines as JSON or for a person; auto: for a person when stderr is a terminal."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level logged."""

    @property
    def images_disk_bytes(self) -> int:
        """`images_disk_mb` in bytes."""
        return self.images_disk_mb * MEBIBYTE

    @field_validator("token", mode="before")
    @classmethod
    def _empty_token_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("token")
    @classmethod
    def _token_fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("!" <= character <= "~" for character in value.get_secret_value()):
            raise ValueError("a token is made of visible ASCII characters without spaces")
        return value

    @field_validator("host")
    @classmethod
    def _host_is_named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("an address is needed; 0.0.0.0 binds all of them")
        return value.strip()

    @model_validator(mode="after")
    def _limits_fit_their_maxima(self) -> Settings:
        if self.timeout_s > self.max_timeout_s:
            raise ValueError(f"timeout_s ({self.timeout_s:g}) is above max_timeout_s ({self.max_timeout_s:g})")
        if self.memory_mb > self.max_memory_mb:
            raise ValueError(f"memory_mb ({self.memory_mb}) is above max_memory_mb ({self.max_memory_mb})")
        return self

    @model_validator(mode="after")
    def _open_bind_needs_a_token(self) -> Settings:
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"binding {self.host} lets other machines run code here: set CELLBLOCK_TOKEN, or bind 127.0.0.1"
            )
        return self


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a socket bound to `host`; a name other than localhost can't tell."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
