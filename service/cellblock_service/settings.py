"""Every knob of the service in one object, read from `CELLBLOCK_*` environment variables and a file.

`Settings()` reads both (see `configuration.py`); the environment wins over the file, and the keyword arguments that the
command line passes win over both. A bind that other machines can reach demands a token: without one, building the
settings fails, so the service can't start open by accident.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
from pathlib import Path
from typing import Literal

from cellblock_sandbox.image.home import Home
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from cellblock_service import configuration
from cellblock_service.trust.tokenfile import TokenFile

MEBIBYTE = 1024 * 1024
MAX_SECONDS = 1e6

DASK_SCHEMES = {"dask": "tcp", "dask+tls": "tls"}

LIMITED = ("timeout_s", "cpu_s", "memory_mb", "output_bytes", "result_bytes", "file_bytes", "files")
"""What an execution is limited in; each has a setting for requests that name nothing, and a `max_` one."""


class Settings(BaseSettings):
    """The service's settings. Each field is the environment variable `CELLBLOCK_<FIELD>` in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="CELLBLOCK_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    home: Path | None = None
    """Folder of bundles, images, wheels and tokens, only from the environment; default: the user's cache folder."""
    image: str = Field(default="data", min_length=1)
    """Image the workers run: a name or an id."""

    host: str = "127.0.0.1"
    """Address to bind. Anything that isn't loopback needs a token."""
    port: int = Field(default=8765, ge=0, le=65535)
    """Port to bind; 0 takes a free one and logs it."""
    tls_certificate: Path | None = None
    """PEM file of the certificate and its chain: the service then speaks https only."""
    tls_key: Path | None = None
    """PEM file of the certificate's key, without a passphrase."""
    token: SecretStr | None = None
    """A token that may do everything, beside those of `cellblock token`; only from the environment."""
    per_minute: int = Field(default=0, ge=0)
    """Executions that a token may start a minute; 0: as many as it likes."""
    concurrent_per_token: int = Field(default=0, ge=0)
    """Executions of one token that may be under way at a time; 0: any number."""

    backend: str = ""
    """Where workers run: dask://HOST:PORT for a Dask cluster's, dask+tls:// with Dask's TLS; default: here."""
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    """Worker processes on this machine; default: one per core."""
    queue_size: int = Field(default=256, ge=0)
    """Executions that may wait for a worker; one more is answered 429."""
    block_queue_size: int = Field(default=64, ge=0)
    """Executions of one block that may wait; one more is answered 429."""
    queue_bytes: int = Field(default=1024 * MEBIBYTE, ge=1)
    """Bytes of values that executions may hold which wait or run; more is answered 429, unless it is alone."""
    concurrent_per_block: int = Field(default=0, ge=0)
    """Executions of one block that may run at a time, so that long ones leave workers to others; 0: any number."""
    recycle_after: int = Field(default=1000, ge=1)
    """Executions after which a worker process is replaced."""
    recycle_memory_mb: int = Field(default=1024, ge=64)
    """Resident memory above which a worker process is replaced, in MiB."""
    kept_states: int = Field(default=32, ge=0)
    """Sandboxes kept for blocks that keep state; the one unused for longest makes room."""
    kept_idle_s: float = Field(default=600.0, gt=0, le=MAX_SECONDS)
    """Time after which a kept sandbox that nobody uses is given up."""

    timeout_s: float = Field(default=30.0, gt=0, le=MAX_SECONDS)
    """Wall time of an execution whose request names none."""
    max_timeout_s: float = Field(default=300.0, gt=0, le=MAX_SECONDS)
    """Most wall time a request may ask for."""
    cpu_s: float | None = Field(default=None, gt=0, le=MAX_SECONDS)
    """Processor time of an execution whose request names none; default: no limit."""
    max_cpu_s: float | None = Field(default=None, gt=0, le=MAX_SECONDS)
    """Most processor time a request may ask for, and what holds without a `cpu_s`; default: no limit."""
    memory_mb: int = Field(default=1024, ge=1, le=4096)
    """Memory of a sandbox whose request names none, in MiB."""
    max_memory_mb: int = Field(default=2048, ge=1, le=4096)
    """Most memory a request may ask for, in MiB."""
    output_bytes: int = Field(default=1_000_000, ge=1)
    """What is kept of stdout, and of stderr, when the request names nothing."""
    max_output_bytes: int = Field(default=16 * MEBIBYTE, ge=1)
    """Most kept output a request may ask for."""
    result_bytes: int = Field(default=128 * MEBIBYTE, ge=1)
    """Size of a packed result when the request names none."""
    max_result_bytes: int = Field(default=256 * MEBIBYTE, ge=1, le=4096 * MEBIBYTE)
    """Largest packed result a request may ask for."""
    file_bytes: int = Field(default=256 * MEBIBYTE, ge=1)
    """What a block's own files may hold together when the request names nothing."""
    max_file_bytes: int = Field(default=1024 * MEBIBYTE, ge=1)
    """Most bytes of files a request may ask for."""
    files: int = Field(default=10_000, ge=1)
    """Files a block may have when the request names no number."""
    max_files: int = Field(default=100_000, ge=1)
    """Most files a request may ask for."""
    kill_grace_s: float = Field(default=2.0, gt=0, le=MAX_SECONDS)
    """Time past an execution's deadline before its worker is killed; the sandbox itself acts earlier."""

    body_bytes: int = Field(default=256 * MEBIBYTE, ge=1024, le=4096 * MEBIBYTE)
    """Largest request body, after decompression."""
    body_timeout_s: float = Field(default=60.0, gt=0, le=MAX_SECONDS)
    """Time a client has to send the head of a request, or its next one, and as long again for its body."""
    sessions: int = Field(default=2000, ge=0)
    """Sessions that may be open at a time."""
    session_linger_s: float = Field(default=30.0, ge=0, le=MAX_SECONDS)
    """Time that a session whose connection was lost, and its executions, wait for the client to come back."""
    drain_s: float = Field(default=30.0, ge=0, le=MAX_SECONDS)
    """Time running executions get to end when the service stops."""

    results_bytes: int = Field(default=256 * MEBIBYTE, ge=0)
    """Memory for results of executions that have ended; the oldest make room."""
    results_keep_s: float = Field(default=600.0, ge=0, le=MAX_SECONDS)
    """Time for which the result of an execution that has ended can be fetched and depended on."""
    records_file: Path | None = None
    """Database of the executions' records; default: records.sqlite3 in the home. Each service needs its own."""
    records_keep_days: float = Field(default=30.0, ge=0, le=36500)
    """Days for which an execution's record stays in the database."""
    records_keep_mb: int = Field(default=1024, ge=1)
    """Size of the database of records, in MiB; the oldest make room."""
    record_result_bytes: int = Field(default=MEBIBYTE, ge=0)
    """Largest result that goes into an execution's record."""
    record_tail_bytes: int = Field(default=4096, ge=0)
    """How much of the end of stdout goes into an execution's record."""

    full_bundle: Literal["background", "on-demand"] = "background"
    """When the bundle of all binary packages is built (minutes, once): after the start, or when a block needs it."""
    images_disk_mb: int = Field(default=4096, ge=0)
    """Disk for images made for blocks' imports, in MiB; the least recently used ones make room."""

    log_format: Literal["auto", "json", "console"] = "auto"
    """Log lines as JSON or for a person; auto: for a person when stderr is a terminal."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level logged. The audit log is written at any level."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Name the sources, the strongest first. Raises ConfigurationInvalid."""
        path = configuration.find(init_settings().get("home"))
        told = configuration.read(path, cls.model_fields) if path else {}
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=told)

    @property
    def images_disk_bytes(self) -> int:
        """`images_disk_mb` in bytes."""
        return self.images_disk_mb * MEBIBYTE

    @property
    def records_path(self) -> Path:
        """Where the records are."""
        return self.records_file or Home.find(self.home).root / "records.sqlite3"

    @property
    def token_file(self) -> TokenFile:
        """Where `cellblock token` keeps tokens."""
        return TokenFile.at(self.home)

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

    @field_validator("backend")
    @classmethod
    def _backend_is_known(cls, value: str) -> str:
        scheme, separator, address = value.partition("://")
        if value and (scheme not in DASK_SCHEMES or not separator or not address):
            raise ValueError("a backend is dask://HOST:PORT or dask+tls://HOST:PORT, the address of a Dask scheduler")
        if value and importlib.util.find_spec("distributed") is None:
            raise ValueError("workers of a Dask cluster need Dask here too: pip install 'cellblock[dask]'")
        return value

    @property
    def scheduler(self) -> str | None:
        """The address of the Dask scheduler, as Dask writes it; None if workers run here."""
        scheme, _, address = self.backend.partition("://")
        return f"{DASK_SCHEMES[scheme]}://{address}" if self.backend else None

    @model_validator(mode="after")
    def _limits_fit_their_maxima(self) -> Settings:
        for name in LIMITED:
            value, maximum = getattr(self, name), getattr(self, f"max_{name}")
            if value is not None and maximum is not None and value > maximum:
                raise ValueError(f"{name} ({value:.15g}) is above max_{name} ({maximum:.15g})")
        return self

    @model_validator(mode="after")
    def _tls_is_a_pair(self) -> Settings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            missing = "tls_key" if self.tls_key is None else "tls_certificate"
            raise ValueError(f"TLS needs a certificate and its key: CELLBLOCK_{missing.upper()} is missing")
        return self

    @model_validator(mode="after")
    def _open_bind_needs_a_token(self) -> Settings:
        if is_loopback(self.host) or self.token is not None:
            return self
        if all(token.expired() for token in self.token_file.read()):
            raise ValueError(
                f"binding {self.host} lets other machines run code here: make a token with `cellblock token create`, "
                "set CELLBLOCK_TOKEN, or bind 127.0.0.1"
            )
        return self


def without_a_bind() -> Settings:
    """Give the settings to a command that listens nowhere, so that an open `host` demands no token."""
    return Settings(host="127.0.0.1")


def describe(error: ValidationError) -> str:
    """Say what is wrong with settings, one line each, naming the variable and never showing a value."""
    file = configuration.find()
    lines = [f"(settings are read from the environment and {file})"] if file else []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = f"CELLBLOCK_{'_'.join(str(part) for part in problem['loc']).upper()}: " if problem["loc"] else ""
        lines.append(name + problem["msg"].removeprefix("Value error, "))
    return "\n".join(lines)


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
