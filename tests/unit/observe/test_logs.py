"""Logs: one line for each event, whatever a client put into it, in both formats; stray errors are told."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog
from cellblock_service.observe import logs

FORGED = 'x\nlevel=info \x1b[2J\x07\u202e\u2028\x9b31m"'


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_client_can_forge_a_line(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(log_format, "debug")
    structlog.get_logger("here").info("execution", block=FORGED, many=[{FORGED: FORGED}], odd=ValueError(FORGED))
    logging.getLogger("aiohttp").warning("bad request %s", FORGED)
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 2
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert "x\\nlevel" in text


def test_json_lines_carry_what_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    with structlog.contextvars.bound_contextvars(request="r1", execution="e1", block="b1"):
        structlog.get_logger("here").info("execution", status="completed", ms=1.5, error=None)
        structlog.get_logger("here").debug("left out")
    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "execution",
        "level": "info",
        "logger": "here",
        "request": "r1",
        "execution": "e1",
        "block": "b1",
        "status": "completed",
        "ms": 1.5,
        "error": None,
    }


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_tracebacks_tell_no_values(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(log_format, "info")
    payload = "a patient's" + " name"
    try:
        raise ValueError(f"bad {FORGED}")
    except ValueError as error:
        structlog.get_logger("here").error("crashed", exc_info=error)
    assert payload
    text = capsys.readouterr().err
    assert "ValueError" in text
    assert payload not in text
    assert all(character.isprintable() for character in text.replace("\n", ""))


async def test_a_task_that_nobody_waits_for_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json", "info")
    before = asyncio.get_running_loop().get_exception_handler()
    await logs.report_stray_errors(None)

    async def fail() -> None:
        raise RuntimeError("lost")

    task = asyncio.create_task(fail(), name="stray-one")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    asyncio.get_running_loop().set_exception_handler(before)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["task"], line["level"]) == ("stray_error", "stray-one", "error")
    assert "RuntimeError: lost" in line["exception"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_that_can_not_be_written_is_lost_and_nothing_else(log_format: str) -> None:
    program = f"""
import logging, structlog, os
from cellblock_service.observe import logs
logs.configure({log_format!r}, "info")
for number in range(300):
    structlog.get_logger("audit").info("execution", text="x" * 100, number=number)
    logging.getLogger("aiohttp").warning("bad request")
print("goes on", flush=True)
os._exit(0)
"""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, check=True)
    assert done.stdout == b"goes on\n"
