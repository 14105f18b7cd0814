"""Tokens, rates, TLS and settings with the real service and the real command."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from cellblock_service.bench.serving import free_port
from serving import Service

Done = subprocess.CompletedProcess[str]
Cellblock = Callable[..., Done]
Start = Callable[..., Service]


@pytest.fixture
def home(image_home: Path, tmp_path: Path) -> Path:
    """A home of its own that shares bundles and images."""
    for folder in ("bundles", "images"):
        shutil.copytree(image_home / folder, tmp_path / "home" / folder, copy_function=os.link, symlinks=True)
    return tmp_path / "home"


@pytest.fixture
def cellblock(home: Path) -> Cellblock:
    def run(*arguments: str, **variables: str) -> Done:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CELLBLOCK_")}
        command = [sys.executable, "-m", "cellblock_service", *arguments]
        return subprocess.run(
            command,
            env=environment | {"CELLBLOCK_HOME": str(home)} | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    started: list[Service] = []

    def begin(**settings: str) -> Service:
        service = Service(home, CELLBLOCK_WORKERS="1", CELLBLOCK_FULL_BUNDLE="on-demand", **settings)
        started.append(service)
        service.wait_ready()
        return service

    yield begin
    for service in started:
        if service.process.poll() is None:
            service.stop()


def token(cellblock: Cellblock, *options: str) -> str:
    """Make a token; give what its holder shows."""
    done = cellblock("token", "create", "test", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() not in done.stderr
    return done.stdout.strip()


def status(service: Service, shown: str | None, **body: Any) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {shown}"} if shown else {}
    number, answer = service.post({"code": "1"} | body, **headers)
    return number, answer.get("error_key", "")


def within_a_second(true: Callable[[], bool]) -> bool:
    """Promised is a second; a machine that is busy gets more."""
    deadline = time.monotonic() + 10
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_token_lets_in_until_it_is_revoked(cellblock: Cellblock, start: Start) -> None:
    shown = token(cellblock)
    service = start()
    assert status(service, None) == (401, "unauthorized")
    assert status(service, shown[:-1] + ("A" if shown[-1] != "A" else "B")) == (401, "unauthorized")
    assert status(service, shown) == (200, "")
    listed = cellblock("token", "list").stdout
    assert listed.startswith(shown.split("_")[1] + "  test  execute,images")
    assert shown.split("_", 2)[2] not in listed
    assert cellblock("token", "revoke", shown.split("_")[1]).returncode == 0
    assert within_a_second(lambda: status(service, shown) == (401, "unauthorized"))
    assert status(service, None) == (401, "unauthorized")
    assert shown.split("_", 2)[2] not in service.stop()


def test_the_first_token_closes_a_running_service(cellblock: Cellblock, start: Start) -> None:
    service = start()
    assert status(service, None) == (200, "")
    shown = token(cellblock, "--expires", "1")
    assert within_a_second(lambda: status(service, None) == (401, "unauthorized"))
    assert status(service, shown) == (200, "")


def test_a_token_may_do_what_its_scopes_say(cellblock: Cellblock, start: Start) -> None:
    shown = token(cellblock, "--scope", "images")
    service = start(CELLBLOCK_TOKEN="of-the-environment")
    assert status(service, shown) == (403, "scope_missing")
    assert status(service, "of-the-environment") == (200, "")
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/v1/images")
    request.add_header("Authorization", f"Bearer {shown}")
    assert service.exchange(request)[0] == 200


def test_the_limits_of_a_token_hold(cellblock: Cellblock, start: Start) -> None:
    shown = token(cellblock, "--limit", "timeout_s=0.5", "--limit", "memory_mb=256", "--limit", "per_minute=3")
    service = start()
    headers = {"Authorization": f"Bearer {shown}"}
    assert service.post({"code": "while True: pass"}, **headers)[1]["status"] == "timeout"
    number, problem = service.post({"code": "1", "memory_mb": 512}, **headers)
    assert (number, problem["error_key"], problem["maximum"], problem["set_by"]) == (422, "above_maximum", 256, "token")
    assert status(service, shown) == (200, "")
    assert status(service, shown) == (429, "rate_limited")


def test_a_rate_is_told_before_and_after_it_is_reached(start: Start) -> None:
    service = start(CELLBLOCK_PER_MINUTE="1")
    body = json.dumps({"code": "1"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/v1/execute", body)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as response:
        admitted = response.headers
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    refused = caught.value.headers
    assert caught.value.code == 429
    assert admitted["RateLimit-Policy"] == refused["RateLimit-Policy"] == '"executions";q=1;w=60'
    assert admitted["RateLimit"].startswith('"executions";r=0;t=')
    assert 1 <= int(refused["Retry-After"]) <= 60


def test_a_web_page_gets_nothing(start: Start) -> None:
    service = start()
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}/v1/execute", method="OPTIONS")
    request.add_header("Origin", "https://page.example")
    request.add_header("Access-Control-Request-Method", "POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    assert caught.value.code == 403
    assert not any(name.lower().startswith("access-control") for name in caught.value.headers)


def test_an_open_bind_with_a_token_in_the_file(cellblock: Cellblock, start: Start) -> None:
    shown = token(cellblock)
    service = start(CELLBLOCK_HOST="0.0.0.0")
    assert status(service, None) == (401, "unauthorized")
    assert status(service, shown) == (200, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", ""),
        ("create", "a", "--scope", "root"),
        ("create", "a", "--limit", "timeout_s"),
        ("create", "a", "--limit", "timeout_s=-1"),
        ("create", "a", "--limit", "speed=5"),
        ("create", "a", "--expires", "0"),
        ("create", "a", "--expires", "1e9"),
        ("revoke", "abcdefgh"),
    ],
)
def test_token_commands_that_make_no_sense_exit_2(cellblock: Cellblock, home: Path, arguments: tuple[str, ...]) -> None:
    done = cellblock("token", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert cellblock("token", "list").stdout == ""


def test_a_token_for_an_open_bind_can_be_made_before_there_is_one(cellblock: Cellblock) -> None:
    assert cellblock("token", "create", "a", CELLBLOCK_HOST="0.0.0.0").returncode == 0
    done = cellblock("token", "list", CELLBLOCK_TIMEOUT_S="soon")
    assert done.returncode == 2
    assert "CELLBLOCK_TIMEOUT_S" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_misspelt_setting_is_named(cellblock: Cellblock, home: Path, command: str) -> None:
    (home / "cellblock.toml").write_text("timeout = 5\n")
    done = cellblock(command)
    assert done.returncode in (2, 4)
    assert "'timeout' isn't a setting" in done.stdout + done.stderr
    assert "timeout_s" in done.stdout + done.stderr


def issue(folder: Path, authority: trustme.CA, expires: datetime | None = None) -> dict[str, str]:
    """Write a pair; give the settings that name it."""
    made = authority.issue_cert("127.0.0.1", not_after=expires)
    new = {"crt": b"".join(blob.bytes() for blob in made.cert_chain_pems), "key": made.private_key_pem.bytes()}
    for suffix, content in new.items():
        (folder / f"new.{suffix}").write_bytes(content)
        (folder / f"new.{suffix}").replace(folder / f"pair.{suffix}")
    return {"CELLBLOCK_TLS_CERTIFICATE": str(folder / "pair.crt"), "CELLBLOCK_TLS_KEY": str(folder / "pair.key")}


def test_https_with_a_certificate_that_is_renewed(home: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    service = Service(home, CELLBLOCK_WORKERS="1", CELLBLOCK_FULL_BUNDLE="on-demand", **issue(tmp_path, authority))

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{service.port}/readyz", context=context, timeout=60):
                return True
        except OSError:
            return False

    def shown() -> str:
        return ssl.get_server_certificate(("127.0.0.1", service.port), timeout=60)

    assert within_a_second(ready)
    before = shown()
    with pytest.raises(ConnectionError):
        urllib.request.urlopen(f"http://127.0.0.1:{service.port}/readyz", timeout=60)
    issue(tmp_path, authority)
    deadline = time.monotonic() + 30
    while shown() == before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert shown() != before
    assert ready()
    assert f'"url": "https://127.0.0.1:{service.port}"' in service.stop()


def test_tls_that_can_not_work_exits_2(cellblock: Cellblock, tmp_path: Path) -> None:
    pair = issue(tmp_path, trustme.CA())
    mixed = pair | {"CELLBLOCK_TLS_KEY": pair["CELLBLOCK_TLS_CERTIFICATE"]}
    for variables in (mixed, {"CELLBLOCK_TLS_KEY": pair["CELLBLOCK_TLS_KEY"]}):
        done = cellblock("serve", "--port", str(free_port()), **variables)
        assert done.returncode == 2
        assert "CELLBLOCK_TLS_" in done.stderr
        assert "Traceback" not in done.stderr


def test_doctor_tells_where_each_setting_comes_from_and_what_is_wrong(
    cellblock: Cellblock, home: Path, tmp_path: Path
) -> None:
    shown = token(cellblock)
    (home / "cellblock.toml").write_text("files = 7\n")
    pair = issue(tmp_path, trustme.CA(), datetime.now(UTC) + timedelta(days=30))
    done = cellblock("doctor", CELLBLOCK_TIMEOUT_S="9", **pair)
    assert done.returncode == 0, done.stdout
    words = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines() if line.split()}
    assert words["CELLBLOCK_TIMEOUT_S"] == "9.0 (environment)"
    assert words["CELLBLOCK_FILES"] == f"7 ({home / 'cellblock.toml'})"
    assert words["CELLBLOCK_PORT"] == "8765 (default)"
    assert "1 tokens in" in done.stdout
    assert shown.split("_", 2)[2] not in done.stdout
    (home / "tokens.json").chmod(0o644)
    issue(tmp_path, trustme.CA(), datetime.now(UTC) + timedelta(days=13))
    done = cellblock("doctor", **pair)
    assert done.returncode == 4
    assert "other users of this machine may read" in done.stdout
    assert "renew it" in done.stdout
