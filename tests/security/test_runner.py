"""The runner sees an escape: whatever would leave a trace is done here by the test itself, or allowed to a program."""

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import msgpack
import pytest

from .corpus import Part, Program
from .verdict import revealed, verdict

SECRET = "0123456789abcdef0123456789abcdef"
HEAD = "# Tries nothing.\n# ends: completed\n"


def program(code, head=HEAD):
    return Program("test", "program", "nothing", (Part.read(head + code),))


def answer(result=None, status="completed", error=None, stdout=""):
    return {"status": status, "result": result, "stdout": stdout, "stderr": "", "error": error}


# ---- answers


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        f"...{SECRET}...",
        SECRET[::-1],
        SECRET.encode().hex(),
        *(base64.b64encode(b"x" * begin + SECRET.encode() + b"yz").decode() for begin in range(3)),
        base64.b64encode(SECRET[::-1].encode()).decode(),
        [*SECRET.encode()],
        SECRET.encode(),
        msgpack.ExtType(5, SECRET.encode()),
        {SECRET: 1},
    ],
)
def test_a_secret_is_seen_in_every_form(form):
    assert revealed(answer(form), [SECRET]) == [SECRET]
    assert revealed(answer(stdout=str(form)), [SECRET]) == [SECRET]
    assert verdict(Part.read(HEAD), answer(form), [SECRET])


def test_what_is_no_secret_is_nothing():
    assert verdict(Part.read(HEAD), answer(SECRET.replace("0", "1")), [SECRET]) == []


@pytest.mark.parametrize(
    "given",
    [
        answer(status="error", error={"type": "OSError"}),
        answer(status="running"),
        answer("ESCAPED"),
        answer(stdout="ESCAPED"),
        answer(status="error", error={"type": "ESCAPED"}),
        {"status": "HTTP 500"},
        {},
    ],
)
def test_other_endings_are_seen(given):
    assert verdict(Part.read(HEAD), given, [])


def test_a_worker_that_crashed_is_no_error_of_a_block():
    told = answer(status="error", error={"type": "WorkerCrashed", "message": ""})
    assert verdict(Part.read("# Tries.\n# ends: error\n# so that: error['type'] != ''\n"), told, [])


@pytest.mark.parametrize("condition", ["result == 2", "result[0]", "no_such_name", "__import__('os')"])
def test_a_condition_that_does_not_hold_is_seen(condition):
    assert verdict(Part.read(f"{HEAD}# so that: {condition}\n"), answer(1), [])


@pytest.mark.parametrize(
    "head",
    ["", "# Tries.\n", "# ends: escaped\n", "# ends: \n", "x = 1\n# ends: completed\n", "# ends: error\n"],
)
def test_a_head_that_says_nothing_of_the_end_is_refused(head):
    with pytest.raises(ValueError, match="ending"):
        Part.read(head)


def test_a_program_for_each_of_some_values_is_as_many(tmp_path):
    path = tmp_path / "walks.py"
    path.write_text("# Tries some.\n# for each: range(3, 6)\n# ends: completed\nreturn data['each']\n")
    made = Program.read(path)
    assert [(each.name, each.each, each.tries) for each in made] == [("walks", n, "Tries some.") for n in (3, 4, 5)]
    assert len({each.id for each in made}) == 3
    path.write_text("# Tries some.\n# for each: []\n# ends: completed\n")
    with pytest.raises(ValueError, match="no value"):
        Program.read(path)


# ---- the machine


def test_an_honest_program_has_no_problems(runner):
    assert runner.problems(program("return 1")) == []


def test_a_program_is_given_its_value(runner):
    asking = program("return data['each']", f"{HEAD}# so that: result == 5\n")
    assert runner.problems(replace(asking, each=5)) == []
    assert runner.problems(replace(asking, each=6)) != []


def test_a_program_may_be_asked_in_msgpack(runner):
    head = f"{HEAD}# with: packed=true\n"
    assert runner.problems(program("return (1, b'x')", f"{head}# so that: result[0] == 12\n")) == []
    assert "gave away" in str(runner.problems(program(f"return b'{runner.token}'", head)))


def test_a_secret_that_comes_out_is_seen(runner, monkeypatch):
    data = runner.data()
    monkeypatch.setattr(runner, "data", lambda: data | {"leak": runner.bait.file.read_text()})
    assert "gave away" in str(runner.problems(program("return data['leak']")))
    assert "gave away" in str(runner.problems(program("print(data['leak'])")))
    assert "gave away" in str(runner.problems(program("return data['leak'].encode()")))


def test_a_changed_folder_is_seen(runner):
    stray = runner.bait.folder / "stray"
    stray.write_text("x")
    assert "stray" in str(runner.problems(program("return 1")))
    stray.unlink()
    assert runner.problems(program("return 1")) == []


def test_a_connection_is_seen(runner):
    with socket.create_connection(("127.0.0.1", runner.bait.port)):
        assert "connected to the port" in str(runner.problems(program("return 1")))


def test_a_line_of_the_log_that_is_forged_is_seen(runner):
    for line in ("owned", '{"event": "owned"}', f'{{"event": "{runner.token}"}}', '{"event": "\x1b[2J"}'):
        with runner.service.log.open("a") as log:
            log.write(f"{line}\n")
        assert "the log" in str(runner.problems(program("return 1")))


def test_a_stranger_below_the_service_is_seen(runner, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        workers = runner.service.workers()
        monkeypatch.setattr(runner.service, "workers", lambda: [*workers, stranger.pid])
        assert "processes below the service" in str(runner.watch.harmed([]))
        stranger.communicate(b"\n")


def test_a_worker_that_crashes_is_seen(runner):
    (worker,) = runner.service.workers()
    killing = threading.Timer(1, os.kill, (worker, signal.SIGKILL))
    killing.start()
    found = runner.problems(program("import time\ntime.sleep(2)"))
    killing.join()
    assert any(problem.startswith("part 1: it ended as 'error WorkerCrashed'") for problem in found)
    assert "workers that crashed: 1" in found
    assert runner.problems(program("return 1")) == []


def test_an_honest_block_that_is_wronged_is_seen(runner, monkeypatch):
    monkeypatch.setattr(sys.modules[type(runner).__module__], "HONEST", "return [0, 0, 0]")
    assert "the honest block got" in str(runner.problems(program("return 1")))


def test_an_honest_block_that_takes_too_long_is_seen(runner, monkeypatch):
    module = sys.modules[type(runner).__module__]
    monkeypatch.setattr(module, "HONEST", f"import time\ntime.sleep(1.2)\n{module.HONEST}")
    monkeypatch.setattr(module, "HONEST_S", 1)
    assert "the honest block was answered after" in str(runner.honest_problems())
