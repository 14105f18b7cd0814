"""What an editor asks a real service: problems as the guest sees them, completion with the packages of its images."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from serving import Service


@pytest.fixture(scope="module")
def service(image_home: Path) -> Iterator[Service]:
    running = Service(image_home, CELLBLOCK_WORKERS="1", CELLBLOCK_FULL_BUNDLE="on-demand")
    running.wait_ready()
    yield running
    running.stop()


def post(service: Service, path: str, body: bytes, kind: str = "application/json") -> tuple[int, dict[str, Any]]:
    address = f"http://127.0.0.1:{service.port}{path}"
    return service.exchange(urllib.request.Request(address, body, {"Content-Type": kind}))


def check(service: Service, code: str) -> dict[str, Any]:
    status, answer = post(service, "/v1/check", json.dumps({"code": code}).encode())
    assert status == 200, answer
    return answer


def complete(service: Service, code: str) -> list[str]:
    """Give the labels at the end of the code."""
    lines = code.split("\n")
    place = {"line": len(lines), "column": len(lines[-1]) + 1}
    status, answer = post(service, "/v1/complete", json.dumps({"code": code} | place).encode())
    assert status == 200, answer
    assert len(answer["items"]) <= 100
    return [each["label"] for each in answer["items"]]


def test_the_guests_syntax_is_what_counts(service: Service) -> None:
    code = "try:\n    x = t'{data}'\nexcept ValueError, TypeError:\n    x = None\ntype A[T] = list[T]\nreturn x"
    assert check(service, code) == {"problems": [], "imports": []}


def test_problems_and_imports_are_told(service: Service) -> None:
    answer = check(service, "import numpy as np, os.path\nfrom scipy import stats\nreturn np.mean(dta) + stats.x")
    assert answer["imports"] == ["numpy", "os.path", "scipy"]
    assert answer["problems"] == [
        {
            "line": 1,
            "column": 1,
            "end_line": 1,
            "end_column": 28,
            "severity": "warning",
            "message": "'os.path' imported but unused",
        },
        {
            "line": 3,
            "column": 16,
            "end_line": 3,
            "end_column": 19,
            "severity": "error",
            "message": "undefined name 'dta'",
        },
    ]


def test_a_syntax_error_is_a_good_answer(service: Service) -> None:
    (problem,) = check(service, "print('a'\nx = 1")["problems"]
    assert (problem["line"], problem["column"], problem["severity"]) == (1, 6, "error")
    assert problem["message"] == "'(' was never closed"


def test_nothing_of_the_code_is_run(service: Service) -> None:
    assert check(service, "open('/tmp/x', 'w')\nimport this\n1 / 0")["imports"] == ["this"]


@pytest.mark.parametrize("code", ["(" * 900_000, "-" * 900_000 + "1", "a." * 400_000 + "b", "x = '''" + "\n" * 400_000])
def test_hostile_code_is_a_problem_and_no_more(service: Service, code: str) -> None:
    assert len(check(service, code)["problems"]) <= 2
    assert check(service, "1")["problems"] == []


def test_msgpack_is_taken_too(service: Service) -> None:
    status, answer = post(service, "/v1/check", msgpack.packb({"code": "x = "}), "application/msgpack")
    assert status == 200
    assert answer["problems"][0]["message"] == "invalid syntax"


@pytest.mark.parametrize("path", ["/v1/check", "/v1/complete"])
@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (b"", 400, "malformed_body"),
        (b"[]", 422, "wrong_type"),
        (b"{}", 422, "missing_field"),
        (b'{"code": 1, "line": 1, "column": 1}', 422, "wrong_type"),
        (b'{"code": "", "codes": ""}', 422, "unknown_field"),
        (b'"' + b"x" * 2_000_000 + b'"', 413, "body_too_large"),
    ],
)
def test_a_bad_request_is_named(service: Service, path: str, body: bytes, status: int, key: str) -> None:
    if path == "/v1/check":
        body = body.replace(b', "line": 1, "column": 1', b"")
    answered, problem = post(service, path, body)
    assert (answered, problem["error_key"]) == (status, key)


def test_completion_knows_the_block_the_library_and_the_packages(service: Service) -> None:
    assert complete(service, "dataset = 1\nda") == ["dataset", "data"]
    assert "get" in complete(service, "flow.")
    assert {"send", "warn", "status", "outputCount"} <= set(complete(service, "node."))
    assert {"get", "items"} <= set(complete(service, "env."))
    assert complete(service, "import json\njson.dum") == ["dump", "dumps"]
    assert "zstd" in complete(service, "from compression import z")
    assert "mean" in complete(service, "import numpy as np\nnp.me")
    assert complete(service, "import pandas as pd\npd.DataFrame().groupb") == ["groupby"]


def test_completion_shows_nothing_of_the_host(service: Service) -> None:
    for code in ("open('/", "open('/etc/", "from .. import ", "from ...etc import ", "import aiohttp\naiohttp."):
        assert {"etc", "passwd", "work", "usr", "web"}.isdisjoint(each.strip("/") for each in complete(service, code))


def test_completion_comes_back_after_its_process_is_killed(service: Service) -> None:
    assert complete(service, "msg.it") == ["items"]
    (helper,) = (pid for pid in service.workers() if b"editing.helper" in Path(f"/proc/{pid}/cmdline").read_bytes())
    assert b"CELLBLOCK_TOKEN" not in Path(f"/proc/{helper}/environ").read_bytes()
    os.kill(helper, 9)
    assert complete(service, "msg.it") == ["items"]
