"""The real service with the real image: one process of it per test module, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgpack
import pytest
from serving import Service

TOKEN = "integration-token"


def wait_until(condition: Callable[[], bool], within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def service(image_home: Path) -> Iterator[Service]:
    running = Service(image_home, CELLBLOCK_WORKERS="2", CELLBLOCK_QUEUE_SIZE="4", CELLBLOCK_BODY_BYTES="50000000")
    running.wait_ready()
    yield running
    running.stop()
    assert running.process.returncode == 0


def test_pandas_answers_in_json(service: Service) -> None:
    answer = service.run("import pandas as pd\nreturn pd.DataFrame({'a': [1, 2, 3]}).a.sum()")
    assert (answer["status"], answer["result"]) == ("completed", 6)
    assert answer["timings_ms"]["total"] >= answer["timings_ms"]["run"] > 0


def test_values_cross_in_msgpack_as_they_are(service: Service) -> None:
    data = {"id": "08188500", "bytes": b"\0\xff", "big": 2**63, "none": None, "array": [1, 2.5, True]}
    assert service.pack(code="return data", data=data)["result"] == data
    array = service.pack(code="import numpy as np\nreturn np.arange(3.0)")["result"]
    assert msgpack.unpackb(array.data)[:2] == ["<f8", [3]]
    assert service.pack(code="return data * 2", data=array)["result"].code == 2


def test_inputs_follow_the_rule_of_none_one_many(service: Service) -> None:
    assert service.run("return data", inputs=[])["result"] is None
    assert service.run("return data", inputs=[[5]])["result"] == [5]
    assert service.run("return data", inputs=[1, "two"])["result"] == [1, "two"]
    assert service.run("return [data, inputs]", inputs=[1], data=7)["result"] == [7, [1]]
    assert service.run("return data", inputs=[1], data=None)["result"] is None


def test_output_and_errors_come_back(service: Service) -> None:
    answer = service.run("import sys\nprint('out')\nprint('err', file=sys.stderr)\nraise ValueError('no')")
    assert (answer["status"], answer["stdout"], answer["stderr"]) == ("error", "out\n", "err\n")
    assert (answer["error"]["type"], answer["error"]["message"], answer["error"]["line"]) == ("ValueError", "no", 4)


def test_a_syntax_error_has_line_and_column(service: Service) -> None:
    error = service.run("x = 1\nif x\n  y")["error"]
    assert (error["type"], error["line"]) == ("SyntaxError", 2)
    assert error["column"]


def test_an_unknown_import_is_named(service: Service) -> None:
    error = service.run("import nunpy")["error"]
    assert error["type"] == "ModuleNotFoundError"
    assert "nunpy" in error["message"]


def test_a_result_that_cannot_travel_names_type_and_path(service: Service) -> None:
    error = service.run("return {'a': [1, (n for n in [])]}")["error"]
    assert error["type"] == "ValueNotPortable"
    assert "generator" in error["message"]
    assert "['a'][1]" in error["message"]


def test_nul_in_code_is_an_error_of_the_block(service: Service) -> None:
    assert service.run("a = 1\0")["error"]["type"] in {"SyntaxError", "ValueError"}


def test_blocks_do_not_see_each_other(service: Service) -> None:
    for _ in range(4):
        answer = service.run("import builtins\nseen = hasattr(builtins, 'mark')\nbuiltins.mark = 1\nreturn seen")
        assert answer["result"] is False


@pytest.mark.parametrize("code", ["while True: pass", "import time\ntime.sleep(60)", "2 ** (10 ** 9)"])
def test_time_limits_hold(service: Service, code: str) -> None:
    started = time.monotonic()
    answer = service.run(code, timeout_s=0.5)
    assert answer["status"] == "timeout"
    assert time.monotonic() - started < 20, "it was stopped, not waited for"
    assert service.run("return 1")["result"] == 1


def test_memory_limits_hold_and_can_be_asked_for(service: Service) -> None:
    grow = "held = []\nwhile True: held.append(bytearray(10_000_000))"
    for fields in ({}, {"memory_mb": 256}):
        answer = service.run(grow, timeout_s=20, **fields)
        assert (answer["status"], answer["error"]["type"]) == ("error", "MemoryError")
    assert len(service.run("return 'x' * 100_000_000", memory_mb=256, timeout_s=20)["error"]["type"]) > 0


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (b"\x81\xa4code", 400, "malformed_body"),
        (b"\xc1", 422, "wrong_type"),
        (b"\x81\xa4data" + b"\x91" * 1_000_000, 400, "malformed_body"),
        (msgpack.packb({"code": 5}), 422, "wrong_type"),
        (msgpack.packb({"data": 5}), 422, "missing_field"),
        (msgpack.packb({"code": "x", "packages": ["nunpy"]}), 422, "package_unavailable"),
        (msgpack.packb({"code": "x", "timeout_s": 1e5}), 422, "above_maximum"),
        (b"\0" * 50_000_001, 413, "body_too_large"),
    ],
)
def test_bad_requests_are_problems_and_the_next_is_answered(
    service: Service, body: bytes, status: int, key: str
) -> None:
    got, problem = service.post(body, Content_Type="application/msgpack")
    assert (got, problem["error_key"]) == (status, key)
    assert service.run("return 1")["result"] == 1


def test_hostile_values_reach_only_the_block(service: Service) -> None:
    for value in (b"\xa1\xff", b"\x91" * 900 + b"\xc0", b"\xc7\x01\x02\x00", b"\xc7\x05\x63abcde", b"\x81\x91\x01\x02"):
        body = b"\x82\xa4code\xabreturn data\xa4data" + value
        status, answer = service.post(body, Content_Type="application/msgpack")
        assert status == 200
        assert answer["status"] in {"error", "completed"}
    assert service.run("return 1")["result"] == 1


def test_a_large_array_crosses_both_ways(service: Service) -> None:
    block = os.urandom(40_000_000)
    answer = service.pack(code="return data[::-1]", data=block, memory_mb=1024)
    assert answer["status"] == "completed", answer["error"]
    assert answer["result"] == block[::-1]


def test_a_killed_worker_ends_its_block_and_nothing_else(service: Service) -> None:
    with ThreadPoolExecutor(1) as pool:
        fields = {"id": "killed", "block": "a block", "timeout_s": 30}
        running = pool.submit(service.run, "import time\ntime.sleep(20)", **fields)
        time.sleep(1)
        for worker in service.workers():
            os.kill(worker, signal.SIGKILL)
        answer = running.result()
    assert (answer["status"], answer["error"]["type"]) == ("error", "WorkerCrashed")
    assert "SIGKILL" in answer["error"]["message"]
    lines = [json.loads(line) for line in service.log.read_text().splitlines()]
    lost = [(line.get("execution"), line.get("block")) for line in lines if line["event"] == "worker_lost"]
    assert lost.count(("killed", "a block")) == 1, "the log tells what the worker was doing"
    service.wait_ready()
    assert service.run("return 1")["result"] == 1


def test_a_client_that_hangs_up_frees_its_worker(service: Service) -> None:
    before = service.workers()
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        body = json.dumps({"code": "import time\ntime.sleep(25)"}).encode()
        head = "POST /v1/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        service.wait_for_metric("cellblock_workers_busy", 1)
    service.wait_for_metric("cellblock_workers_busy", 0)
    assert service.workers() == before, "the block was stopped, its worker goes on"


def test_a_full_queue_answers_429_and_loses_nothing(service: Service) -> None:
    deadline = time.monotonic() + 20
    while service.get("/readyz")[1]["workers"]["ready"] < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: service.post({"code": "import time\ntime.sleep(0.5)\nreturn 1"}), range(10)))
    statuses = sorted(status for status, _ in answers)
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 6
    assert all(answer["result"] == 1 for status, answer in answers if status == 200)


def test_stopping_lets_running_blocks_end_and_leaves_no_process(image_home: Path) -> None:
    running = Service(image_home, CELLBLOCK_WORKERS="1", CELLBLOCK_TOKEN=TOKEN)
    running.wait_ready()
    workers = running.workers()
    with ThreadPoolExecutor(1) as pool:
        slow = {"code": "import time\ntime.sleep(1)\nreturn 'secret payload'"}
        answer = pool.submit(running.post, slow, Authorization=f"Bearer {TOKEN}")
        time.sleep(0.5)
        logged = running.stop()
        assert answer.result()[1]["result"] == "secret payload"
    assert running.process.returncode == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {"listening", "worker_ready", "execution", "stopping"} <= {line["event"] for line in lines}
    assert "secret" not in logged
    assert TOKEN not in logged


def test_a_service_that_stops_is_asked_and_told_until_nothing_runs(image_home: Path) -> None:
    running = Service(image_home, CELLBLOCK_WORKERS="2")
    running.wait_ready()
    wait_until(lambda: running.metric("cellblock_workers_ready") == 2)
    slow = {"code": "import time\ntime.sleep(1.5)\nreturn 'whole'"}
    assert running.post(slow | {"id": "slow"}, Prefer="respond-async")[0] == 202
    assert running.post({"code": "while True: pass", "id": "endless"}, Prefer="respond-async")[0] == 202
    running.process.send_signal(signal.SIGTERM)
    wait_until(lambda: running.get("/readyz")[0] == 503)
    assert running.get("/readyz")[1]["reasons"] == ["the service is stopping"]
    status, refused = running.post({"code": "1"})
    assert (status, refused["error_key"]) == (503, "not_ready")
    assert running.get("/v1/executions/slow?wait=20")[1]["result"] == "whole"
    cancel = urllib.request.Request(f"http://127.0.0.1:{running.port}/v1/executions/endless", method="DELETE")
    assert running.exchange(cancel)[1]["status"] == "cancelled"
    assert running.process.wait(timeout=20) == 0


def test_a_connection_without_a_whole_head_is_closed(image_home: Path) -> None:
    running = Service(image_home, CELLBLOCK_WORKERS="1", CELLBLOCK_BODY_TIMEOUT_S="1")
    running.wait_ready()
    beginnings = b"", b"POST /v1/exe", b"POST /v1/execute HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    connections = [socket.create_connection(("127.0.0.1", running.port)) for _ in beginnings]
    for connection, beginning in zip(connections, beginnings, strict=True):
        connection.sendall(beginning)
        connection.settimeout(20)
    assert running.run("return 1")["result"] == 1
    for connection in connections:
        assert connection.recv(1000) == b""
        connection.close()
    running.stop()


def test_workers_die_with_the_service(image_home: Path) -> None:
    running = Service(image_home, CELLBLOCK_WORKERS="1")
    running.wait_ready()
    workers = running.workers()
    running.process.kill()
    running.process.communicate()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_missing_image_is_told_and_the_service_stays(tmp_path: Path) -> None:
    running = Service(tmp_path, CELLBLOCK_WORKERS="1")
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                status, ready = running.get("/readyz")
                if "cellblock image build" in " ".join(ready["reasons"]):
                    break
            except OSError:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert status == 503
        got, problem = running.post({"code": "return 1"})
        assert (got, problem["error_key"]) == (503, "not_ready")
        assert "cellblock image build" in problem["detail"]
    finally:
        running.stop()


def test_health_answers_while_blocks_run(service: Service) -> None:
    with ThreadPoolExecutor(2) as pool:
        busy = [pool.submit(service.run, "while True: pass", timeout_s=3) for _ in range(2)]
        time.sleep(0.3)
        assert service.get("/livez")[0] == 200
        assert not any(each.done() for each in busy)
        assert [each.result()["status"] for each in busy] == ["timeout", "timeout"]
