"""Faults of the machine and of the network, on the real service. What is promised of each is in faults.py."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from serving import Service

from .faults import DOCUMENT, FAULTS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture
def start(image_home):
    """Give a function that starts a service with these settings."""
    started = []

    def start(**settings):
        defaults = {"CELLBLOCK_WORKERS": "1", "CELLBLOCK_FULL_BUNDLE": "on-demand"}
        running = Service(image_home, **(defaults | settings))
        started.append(running)
        running.wait_ready()
        return running

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture
def outcome(record_property):
    """Give a function that says what came of a fault, for docs/faults.md."""
    return lambda text: record_property("outcome", text)


def wait_until(check, within_s=30):
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ---- the table


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.fault)
def test_the_table_names_tests_and_the_document_says_what_came_of_them(fault):
    file, _, function = fault.test.partition("::")
    assert re.search(rf"^(async )?def {function}\(", (ROOT / file).read_text(), re.MULTILINE)
    [row] = [row for row in DOCUMENT.read_text().splitlines() if row.endswith(f"| `{fault.test}` |")]
    assert row.startswith(f"| {fault.fault} | {fault.promise} | held")


# ---- the image


@pytest.fixture
def own_home(image_home, tmp_path):
    """A home with the same images, of which one may be changed without changing the others'."""
    home = tmp_path / "home"
    for folder in ("images", "bundles"):
        shutil.copytree(image_home / folder, home / folder, copy_function=os.link)
    return home


def test_a_damaged_image(start, own_home, outcome):
    service = start(CELLBLOCK_HOME=str(own_home))
    image = service.get("/readyz")[1]["image"]["id"]
    memory = own_home / "images" / image / "memory.bin"
    whole = memory.read_bytes()
    memory.unlink()  # the others' has the same bytes on disk
    memory.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    [worker] = service.workers()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: "memory.bin" in str(service.get("/readyz")[1].get("reasons")))
    status, answer = service.post({"code": "return 1"})
    assert (status, "memory.bin" in str(answer)) == (503, True)
    memory.write_bytes(whole)
    service.wait_ready()
    assert service.run("return 6 * 7")["result"] == 42
    outcome("refused with 503 and the file's name; answered again once it was whole")


# ---- the disk


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting needs privileges: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk(start, small_disk, outcome):
    service = start(CELLBLOCK_RECORDS_FILE=str(small_disk / "records.sqlite3"))
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    answers = [service.run("return data", data=number, id=f"full-{number}") for number in range(50)]
    assert [answer["result"] for answer in answers] == list(range(50))
    wait_until(lambda: "records_not_written" in service.log.read_text())
    assert service.get("/livez")[0] == 200
    filler.unlink()

    def written():
        with contextlib.closing(sqlite3.connect(small_disk / "records.sqlite3")) as database:
            return {row[0] for row in database.execute("SELECT id FROM executions WHERE status = 'completed'")}

    wait_until(lambda: written() >= {f"full-{number}" for number in range(50)}, within_s=60)
    outcome("50 executions answered while it was full, all 50 in the records afterwards")


# ---- the clock


def test_the_clock_jumps(start, tmp_path, outcome):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to make another clock with")
    library, shift = tmp_path / "shifted_clock.so", tmp_path / "shift"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "shifted_clock.c", "-ldl"], check=True)
    shift.write_text("0")
    service = start(LD_PRELOAD=str(library), SHIFTED_CLOCK=str(shift))
    with ThreadPoolExecutor(1) as pool:
        for seconds in (86_400 * 365, -86_400 * 365 * 5, 3600, -3600, 0):
            running = pool.submit(service.run, "import time\ntime.sleep(0.5)\nreturn 1", timeout_s=20)
            time.sleep(0.2)
            shift.write_text(str(seconds))
            assert running.result()["result"] == 1
            answer = service.run("while True: pass", timeout_s=0.5)
            assert (answer["status"], answer["timings_ms"]["total"] < 20_000) == ("timeout", True)
            assert 0 <= service.run("return 1")["timings_ms"]["total"] < 20_000
            last = json.loads(service.log.read_text().splitlines()[-1])
            off = datetime.fromisoformat(last["timestamp"]).timestamp() - time.time()
            assert abs(off - seconds) < 60, "the clock of the service did jump"
    service.stop()
    assert service.process.returncode == 0
    outcome("jumps of a year forwards and five back, in mid-run: every limit held, every answer came")


# ---- the network


def head(length, extra=""):
    return (
        f"POST /v1/execute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{extra}"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def test_slow_connections(start, outcome):
    service = start(CELLBLOCK_BODY_TIMEOUT_S="2")
    connections = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(50)]
    over = threading.Event()

    def drip():
        while not over.wait(0.1):
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.send(b" ")

    for connection in connections:
        connection.sendall(head(1_000_000))
    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        for number in range(20):
            assert service.run("return data", data=number)["result"] == number
        for connection in connections:
            connection.settimeout(30)
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 ")
    finally:
        over.set()
        dripping.join()
        for connection in connections:
            connection.close()
    outcome("50 slow bodies refused with 408, 20 blocks answered meanwhile")


def test_cut_connections(start, outcome):
    service = start()
    body = json.dumps({"code": "import time\ntime.sleep(25)"}).encode()
    request = head(len(body)) + body
    pieces = [request[:5], request[:40], head(10_000_000), head(10_000_000) + bytes(1_000_000), request[:-5], request]
    pieces += [head(5, "Transfer-Encoding: chunked\r\n"), b"GET /v1/session HTTP/1.1\r\nUpgrade: websocket\r\n"]
    before = open_files(service.process.pid)
    for _ in range(5):
        for piece in pieces:
            with socket.create_connection(("127.0.0.1", service.port)) as connection:
                # Closing then sends a reset at once.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(piece)
                time.sleep(0.02)
        assert service.run("return 1", timeout_s=20)["result"] == 1
    service.wait_for_metric("cellblock_workers_busy", 0)
    wait_until(lambda: open_files(service.process.pid) <= before + 2)
    outcome(f"{5 * len(pieces)} connections cut: none stays open, no block runs on")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


# ---- the system


def test_no_descriptors_are_left(start, outcome):
    service = start()
    pid = service.process.pid
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    numbers = [int(name) for name in os.listdir(f"/proc/{pid}/fd")]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(numbers) + 2, usual[1]))
    connections = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(30)]
    try:
        for worker in service.workers():
            os.kill(worker, signal.SIGKILL)
        time.sleep(3)
        assert service.process.poll() is None
    finally:
        for connection in connections:
            connection.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
    service.wait_ready()
    assert service.run("return 1", timeout_s=20)["result"] == 1
    outcome("the service went on, made a new worker once it could, and answered")


def test_a_worker_gets_no_memory(start, outcome):
    service = start()
    [worker] = service.workers()
    taken = int(Path(f"/proc/{worker}/statm").read_text().split()[5]) * resource.getpagesize()
    resource.prlimit(worker, resource.RLIMIT_DATA, (taken + (20 << 20), resource.RLIM_INFINITY))
    grow = "kept = []\nwhile True: kept.append(bytearray(1_000_000))"
    answers = [service.run(grow, timeout_s=10), service.run("return list(range(3_000_000))", timeout_s=20)]
    assert {answer["status"] for answer in answers} <= {"error", "timeout", "completed"}
    assert answers[0]["status"] != "completed"
    resource.prlimit(worker, resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)) if worker in (
        service.workers()
    ) else None
    service.wait_ready()
    assert service.run("import pandas as pd\nreturn int(pd.Series([1, 2]).sum())", timeout_s=20)["result"] == 3
    outcome(f"the block ended as {answers[0]['error']['type']}, the next one was answered")
