"""`tokens.json` in `CELLBLOCK_HOME`: the tokens there are, readable and writable by its owner alone.

It is replaced as a whole, so that a reader sees the old file or the new one; a lock file keeps two writers apart.
The file stays when its last token is revoked: from its first token on, a service asks for one.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from cellblock_sandbox.errors import UserFault
from cellblock_sandbox.image.home import Home
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cellblock_service.trust.tokens import Token

Tokens = tuple[Token, ...]
Stamp = tuple[int, int, int]

MAX_BYTES = 16 * 1024 * 1024


class TokensUnusable(UserFault):
    """The file of tokens can't be read, understood or written."""

    key = "tokens-unusable"


class _Contents(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: int = 1
    tokens: Tokens = ()

    @model_validator(mode="after")
    def _each_once(self) -> _Contents:
        if self.version != 1:
            raise ValueError(f"version is {self.version}; this Cellblock reads 1")
        if len({token.id for token in self.tokens}) != len(self.tokens):
            raise ValueError("two tokens have the same id")
        return self


class TokenFile:
    """The file under one home."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def at(cls, home: Path | None) -> TokenFile:
        """Give the file of `home`; None is the home that the environment names."""
        return cls(Home.find(home).root / "tokens.json")

    def stamp(self) -> Stamp | None:
        """Give what changes whenever the file does; None without a file. Raises TokensUnusable."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> Tokens:
        """Give all tokens, none without a file. Raises TokensUnusable."""
        try:
            with self.path.open("rb") as file:
                text = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        if len(text) > MAX_BYTES:
            raise self._unusable(f"it is larger than {MAX_BYTES} bytes")
        try:
            return _Contents.model_validate_json(text).tokens
        except ValidationError as error:
            raise self._unusable(_first(error)) from None

    def change(self, how: Callable[[Tokens], Sequence[Token]]) -> None:
        """Replace the tokens by what `how` makes of them. Raises TokensUnusable, and what `how` raises."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(".tokens.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._write(_Contents(tokens=tuple(how(self.read()))))
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def open_to_others(self) -> bool:
        """Tell whether users other than its owner may read or write it; False without a file."""
        try:
            return bool(stat.S_IMODE(self.path.stat().st_mode) & 0o077)
        except OSError:
            return False

    def _write(self, contents: _Contents) -> None:
        new = self.path.with_name(f".tokens.{secrets.token_hex(8)}")
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                if os.geteuid() == 0:
                    # With sudo: the service, which runs as the owner of the home, has to read it.
                    home = self.path.parent.stat()
                    os.fchown(file.fileno(), home.st_uid, home.st_gid)
                file.write(contents.model_dump_json(indent=2, exclude_none=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        finally:
            new.unlink(missing_ok=True)

    def _unusable(self, why: str) -> TokensUnusable:
        todo = "Put it right, or remove it and make new tokens with `cellblock token create`."
        return TokensUnusable(f"{self.path}, which holds the tokens, can't be used: {why}.", todo=todo)


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}" if where else problem["msg"]
