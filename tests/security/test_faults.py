"""Faults of the machine and of the network, on the real service. What is promised of each is in faults.py."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import random
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
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store
from serving import Service

from .comparison import Comparison
from .faults import DOCUMENT, FAULTS, HEAD, lacking

pytest_plugins = ("tests.security.comparison",)

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
    seen = row.removeprefix(f"| {fault.fault} | {fault.promise} | held: ").removesuffix(f" | `{fault.test}` |")
    assert seen != row
    assert (seen == fault.seen) if fault.seen else re.fullmatch(r"\w[^|]+", seen)


def test_the_document_has_these_lines_and_no_others():
    head, rows = DOCUMENT.read_text()[: len(HEAD)], DOCUMENT.read_text()[len(HEAD) :].splitlines()
    assert head == HEAD
    assert [row.split("`")[1] for row in rows] == [fault.test for fault in FAULTS]


@pytest.mark.parametrize(
    ("outcome", "told", "root", "differs"),
    [
        ("passed", "seen", True, False),
        ("passed", "another thing", True, True),
        ("failed", "", True, False),
        ("skipped", "", True, True),
        ("skipped", "", False, False),
        (None, "", True, False),
    ],
)
def test_a_run_is_compared_with_the_document(monkeypatch, outcome, told, root, differs):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    fault = next(fault for fault in FAULTS if not fault.seen)
    run = Comparison()
    if outcome:
        run.pytest_runtest_logreport(
            SimpleNamespace(
                nodeid=f"{fault.test}[1]", when="call", outcome=outcome, user_properties=[("outcome", told)]
            )
        )
    document = f"| {fault.fault} | {fault.promise} | held: seen | `{fault.test}` |\n"
    assert run.differing(document) == ([fault] if differs else [])
    assert document not in run.table() or not differs


@pytest.mark.parametrize(("user", "ci", "ended"), [(0, "", "Failed"), (1000, "1", "Failed"), (1000, "", "Skipped")])
def test_what_is_lacking_is_excused_for_users_only(monkeypatch, user, ci, ended):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(BaseException, match="no C compiler") as caught:
        lacking("no C compiler")
    assert type(caught.value).__name__ == ended


# ---- the image


@pytest.fixture
def own_home(image_home, tmp_path):
    """A home with the standard images, of which one may be changed without changing the others'."""
    return furnished(image_home, tmp_path / "home", os.link)


def furnished(image_home, home, copy):
    """Give a folder what a home has after an installation, files of images by `copy`."""
    (home / "images" / "by-name").mkdir(parents=True)
    for name in ("core", "data"):
        shutil.copy(image_home / "images" / "by-name" / name, home / "images" / "by-name")
        image = (image_home / "images" / "by-name" / name).read_text().strip()
        shutil.copytree(image_home / "images" / image, home / "images" / image, copy_function=copy)
    for lock in (image_home / "downloads").glob("*/pyodide-lock.json"):
        shutil.copytree(lock.parent, home / "downloads" / lock.parent.name)
    (home / "bundles").symlink_to(image_home / "bundles")
    return home


def images_in(home):
    """Give the stored images of a home by what they have imported in advance, each of them whole."""
    store = Store(Home.find(home))
    found = store.list("image")
    assert [store.verify("image", each.id) for each in found] == [[]] * len(found)
    assert [each.problem for each in found] == [""] * len(found)
    return {" ".join(each.manifest.details["preload"]): each.id for each in found}


# Each with an import that the standard image hasn't made, and for which there is a library in the bundle.
BUILT = {
    "import regex\nreturn regex.sub('a', 'b', 'banana')": "bbnbnb",
    "import cycler\nreturn len(cycler.cycler(color='rgb'))": 3,
    "import kiwisolver\nreturn kiwisolver.Variable('x').name()": "x",
}


def test_the_service_is_killed_while_it_builds_an_image(start, own_home, tmp_path, outcome):
    settings = {
        "CELLBLOCK_HOME": str(own_home),
        "CELLBLOCK_OFFLINE": "1",
        "CELLBLOCK_RECORDS_FILE": str(tmp_path / "records.sqlite3"),
    }
    for number, code in enumerate(BUILT):
        service = start(**settings)
        asking = threading.Thread(target=ask, args=(service, {"code": code, "id": f"built-{number}"}))
        asking.start()
        wait_until(lambda service=service: "build_started" in service.log.read_text())
        time.sleep(random.random())
        processes = service.workers()  # and the one that builds
        service.process.kill()
        service.process.wait()
        asking.join()
        wait_until(lambda processes=processes: not any(map(is_alive, processes)))
        images_in(own_home)
    service = start(**settings)
    for number, (code, expected) in enumerate(BUILT.items()):
        status, found = service.get(f"/v1/executions/built-{number}")
        ended = found.get("result"), (found.get("error") or {}).get("type")
        assert status == 404 or ended in ((expected, None), (None, "ServiceRestarted")), found
        assert service.run(code)["result"] == expected
    assert len(images_in(own_home)) == 2 + len(BUILT)
    assert list((own_home / "images").glob(".work-*")) == []
    outcome("killed at a random point of three builds: no half image, the next service built each")


def ask(service, body):
    with contextlib.suppress(OSError, http.client.HTTPException):
        service.post(body)


def is_alive(pid):
    try:
        return b"cellblock" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


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
    """Give a function that makes a file system of so many MiB, and gives its folder."""
    with contextlib.ExitStack() as mounted:

        def make(size):
            folder = tmp_path / f"disk-{size}"
            folder.mkdir()
            command = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "none", folder]
            try:
                subprocess.run(command, capture_output=True, check=True, text=True)
            except (OSError, subprocess.CalledProcessError) as error:
                lacking(f"a small disk can't be mounted: {getattr(error, 'stderr', error)}")
            mounted.callback(subprocess.run, ["umount", "--lazy", folder], check=True)
            return folder

        yield make


def fill(folder, leaving=0):
    """Fill a file system but for so many bytes; give the file that does it."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    os.truncate(filler, filler.stat().st_size - leaving)
    return filler


def test_a_full_disk(start, small_disk, outcome):
    disk = small_disk(2)
    service = start(CELLBLOCK_RECORDS_FILE=str(disk / "records.sqlite3"))
    filler = fill(disk)
    answers = [service.run("return data", data=number, id=f"full-{number}") for number in range(50)]
    assert [answer["result"] for answer in answers] == list(range(50))
    wait_until(lambda: "records_not_written" in service.log.read_text())
    assert service.get("/livez")[0] == 200
    filler.unlink()

    def written():
        with contextlib.closing(sqlite3.connect(disk / "records.sqlite3")) as database:
            return {row[0] for row in database.execute("SELECT id FROM executions WHERE status = 'completed'")}

    wait_until(lambda: written() >= {f"full-{number}" for number in range(50)}, within_s=60)
    outcome("50 executions answered while it was full, all 50 in the records afterwards")


def test_a_full_home(start, small_disk, image_home, tmp_path, outcome):
    disk = small_disk(256)
    home = furnished(image_home, disk, shutil.copy2)
    there = images_in(home)
    wheel = made_wheel(tmp_path, size=8 << 20)
    service = start(CELLBLOCK_HOME=str(home), CELLBLOCK_OFFLINE="1", CELLBLOCK_SOURCES=f"{wheel.parent} default")
    code, expected = next(iter(BUILT.items()))
    install = "import micropip\nawait micropip.install('heavy')\nimport heavy\nreturn heavy.answer"
    for leaving in (0, 4 << 20):  # full from the beginning, and in the middle of writing
        filler = fill(disk, leaving)
        status, answer = service.post({"code": code})
        assert (status, answer["error_key"]) == (500, "build_failed")
        assert_names_the_disk(answer["detail"], home)
        answer = service.run(install)
        assert answer["status"] == "error"
        assert_names_the_disk(answer["error"]["message"], home)
        assert service.run("return 6 * 7")["result"] == 42
        assert images_in(home) == there
        assert [*disk.rglob(".work-*"), *disk.rglob("*.whl")] == []
        filler.unlink()
    assert service.run(code)["result"] == expected
    assert service.run(install)["result"] == 42
    assert images_in(home).keys() == {*there, "regex"}
    outcome("who needed an image or a wheel was told to make room; made whole once there was some; others ran on")


def assert_names_the_disk(text, home):
    assert str(home) in text
    assert "No space left on device" in text
    assert "Make room" in text


def made_wheel(folder, *, size):
    """Make a wheel of so many bytes, of a package called heavy."""
    path = folder / "wheels" / "heavy-1.0-py3-none-any.whl"
    path.parent.mkdir()
    info = "heavy-1.0.dist-info"
    files = {
        "heavy/__init__.py": b"answer = 42",
        "heavy/load.bin": os.urandom(size),
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: heavy\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            lines.append(f"{name},sha256={digest},\n")
        archive.writestr(f"{info}/RECORD", "".join(lines) + f"{info}/RECORD,,\n")
    return path


# ---- the clock


ANOTHER_CLOCK = """
import os, sys
if "SHIFTED_CLOCK" not in os.environ:
    os.environ.update(LD_PRELOAD={library!r}, SHIFTED_CLOCK={shift!r})
    os.execv(sys.executable, sys.orig_argv)
"""


def test_the_clock_jumps(start, tmp_path, outcome):
    compiler = shutil.which("cc")
    if compiler is None:
        lacking("no C compiler (cc) to make another clock with")
    library, shift = tmp_path / "shifted_clock.so", tmp_path / "shift"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "shifted_clock.c", "-ldl"], check=True)
    # Workers, which hold the limits, inherit the way to Python's modules; LD_PRELOAD they don't.
    (tmp_path / "sitecustomize.py").write_text(ANOTHER_CLOCK.format(library=str(library), shift=str(shift)))
    shift.write_text("0")
    service = start(PYTHONPATH=os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])))

    with ThreadPoolExecutor(1) as pool:

        def during_a_jump(seconds, code, **limits):
            running = pool.submit(service.run, code, **limits)
            time.sleep(0.2)
            shift.write_text(str(seconds))
            return running.result()

        for seconds in (86_400 * 365, -86_400 * 365 * 5, 3600, -3600, 0):
            sleep = "import time\nbegan = time.monotonic()\ntime.sleep(0.5)\nreturn time.monotonic() - began"
            assert 0.5 <= during_a_jump(seconds // 2, sleep, timeout_s=20)["result"] < 20
            answer = during_a_jump(seconds, "while True: pass", timeout_s=0.5)
            assert (answer["status"], answer["timings_ms"]["total"] < 20_000) == ("timeout", True)
            answer = service.run("import time\nreturn time.time()")
            assert 0 <= answer["timings_ms"]["total"] < 20_000
            assert_is_off(answer["result"], seconds)
            last = json.loads(service.log.read_text().splitlines()[-1])
            assert_is_off(datetime.fromisoformat(last["timestamp"]).timestamp(), seconds)
    service.stop()
    assert service.process.returncode == 0
    outcome("jumps of a year forwards and five back, in mid-run: every limit held, every answer came")


def assert_is_off(moment, seconds):
    assert abs(moment - time.time() - seconds) < 60, "the clock did jump"


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
    outcome("the block ended with an error, the next one that needed memory was answered")
