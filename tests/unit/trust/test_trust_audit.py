"""The audit log: one line an execution, at any level, in which no name can start another line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from cellblock_service.observe import logs
from cellblock_service.trust import audit
from cellblock_service.trust.audit import Ended
from cellblock_service.trust.tokens import SCOPES, Principal

NASTY = "x\n{}\r\x1b[2J\x9b2J\u2028\u202e"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def line(capsys: pytest.CaptureFixture[str], log_format: str) -> str:
    logs.configure(log_format, "error")
    ended = Ended(
        execution="e1",
        code_sha256="ab" * 32,
        status="error",
        block="b1",
        name=NASTY,
        error_type=NASTY + "E" * 10_000,
        sizes={"code": 12, "data": 8_000_000},
        timings_ms={"total": 1.5},
    )
    audit.record(Principal("abcdefgh", "Node-RED", SCOPES), ended, remote="192.0.2.7")
    return capsys.readouterr().err


def test_a_line_of_json_says_who_ran_what(capsys: pytest.CaptureFixture[str]) -> None:
    text = line(capsys, "json")
    assert text.count("\n") == 1
    told = json.loads(text)
    assert told.pop("timestamp")
    assert told.pop("error").startswith(NASTY)
    assert told == {
        "event": "execution",
        "logger": "audit",
        "level": "info",
        "token": "abcdefgh",
        "token_name": "Node-RED",
        "remote": "192.0.2.7",
        "execution": "e1",
        "block": "b1",
        "name": NASTY,
        "code_sha256": "ab" * 32,
        "status": "error",
        "bytes": {"code": 12, "data": 8_000_000},
        "timings_ms": {"total": 1.5},
    }


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_names_break_no_line_and_move_no_cursor(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    text = line(capsys, log_format)
    assert text.endswith("\n")
    assert text[:-1].isprintable()
    assert len(text) < 2000


def test_other_lines_keep_to_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    line(capsys, "json")
    structlog.get_logger("cellblock_service.x").info("quiet")
    assert capsys.readouterr().err == ""
