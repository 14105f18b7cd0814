"""The `cellblock` command with the real image: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def cellblock(image_home: Path) -> Run:
    """Give a function that runs the command with the home that has images, or another."""

    def run(*arguments: str, home: Path | None = None, stdin: str = "", **variables: str) -> Done:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CELLBLOCK_")}
        environment |= {"CELLBLOCK_HOME": str(home or image_home)} | variables
        command = [sys.executable, "-m", "cellblock_service", *arguments]
        return subprocess.run(
            command, env=environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def test_the_example_of_the_readme(cellblock: Run) -> None:
    done = cellblock("exec", "-c", "import pandas as pd; return pd.DataFrame({'a':[1,2,3]}).a.sum()")
    assert (done.returncode, done.stdout, done.stderr) == (0, "6\n", "")


def test_code_from_a_file_and_from_stdin(cellblock: Run, tmp_path: Path) -> None:
    script = tmp_path / "sum.py"
    script.write_text("return sum(data)")
    assert cellblock("exec", str(script), "--data", "[1, 2]").stdout == "3\n"
    assert cellblock("exec", "-", "--data", '"08188500"', stdin="return data").stdout == '"08188500"\n'


def test_output_of_the_block_goes_to_stderr(cellblock: Run) -> None:
    done = cellblock("exec", "-c", "import sys; print('a'); print('b', file=sys.stderr); return {'é': None}")
    assert (done.stdout, done.stderr) == ('{"é":null}\n', "a\nb\n")


def test_what_the_block_logs_goes_to_stderr(cellblock: Run) -> None:
    done = cellblock("exec", "-c", "print('a', end=' ')\nnode.warn({'level': 1})\nreturn env.get('LIMIT', 5), node.id")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[5,null]\n", "a [warn] {'level': 1}\n")
    done = cellblock("exec", "-c", "node.send(1)")
    assert (done.returncode, "no flow behind this run" in done.stderr) == (1, True)


def test_an_exception_exits_1_with_the_users_lines(cellblock: Run) -> None:
    done = cellblock("exec", "-c", "x = 1\nraise ValueError('no')")
    assert (done.returncode, done.stdout) == (1, "")
    assert "ValueError: no" in done.stderr
    assert "line 2" in done.stderr


def test_a_result_that_cannot_travel_exits_1(cellblock: Run) -> None:
    done = cellblock("exec", "-c", "return [object()]")
    assert done.returncode == 1
    assert "result[0]" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("exec",),
        ("exec", "-c", "1", "also.py"),
        ("exec", "-c", "1", "--data", "{"),
        ("exec", "-c", "1", "--timeout", "0"),
        ("exec", "-c", "1", "--repeat", "none"),
        ("exec", "-c", "1", "--timeout", "soon"),
        ("exec", "-c", "1", "--memory", "5000"),
        ("exec", "-c", "1", "--memory", "1"),
        ("exec", "no-such-file.py"),
        ("exec", "-c", "1", "--package", "nunpy"),
        ("image", "burn"),
    ],
)
def test_usage_errors_exit_2(cellblock: Run, arguments: tuple[str, ...]) -> None:
    done = cellblock(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "invalid _" not in done.stderr


@pytest.mark.parametrize(
    "code", ["while True: pass", "2 ** (10 ** 9)", "import re; re.match('(a+)+$', 'a' * 60 + 'b')"]
)
def test_a_timeout_exits_3(cellblock: Run, code: str) -> None:
    started = time.monotonic()
    done = cellblock("exec", "--timeout", "1", "-c", code)
    assert (done.returncode, done.stdout) == (3, "")
    assert time.monotonic() - started < 20, "it was stopped, not waited for"
    assert done.stderr


def test_memory_exits_3(cellblock: Run) -> None:
    done = cellblock("exec", "--memory", "256", "-c", "a = []\nwhile True: a.append(bytearray(10_000_000))")
    assert done.returncode == 3


def test_a_reader_that_leaves_is_no_crash(image_home: Path) -> None:
    command = [sys.executable, "-m", "cellblock_service", "exec", "-c", "1"]
    environment = os.environ | {"CELLBLOCK_HOME": str(image_home)}
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, env=environment, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (4, b"")


def test_no_image_exits_4_naming_the_command(cellblock: Run, tmp_path: Path) -> None:
    done = cellblock("exec", "--image", "data", "-c", "1", home=tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert "cellblock image build" in done.stderr


def test_a_build_without_network_names_file_and_sources(cellblock: Run, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    done = cellblock(
        "bundle",
        "build",
        home=tmp_path,
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL=nowhere,
        npm_config_registry=nowhere,
        npm_config_cache=str(tmp_path / "npm"),
        https_proxy=nowhere,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert "No source could give pyodide-lock.json" in done.stderr
    assert "CELLBLOCK_SOURCES" in done.stderr
    assert not list((tmp_path / "bundles").glob("*/manifest.json"))


def test_an_image_of_ones_own_is_built_used_and_removed(cellblock: Run) -> None:
    assert cellblock("image", "build", "own", "--import", "decimal").returncode == 0
    done = cellblock("exec", "--image", "own", "-c", "import sys\nreturn 'decimal' in sys.modules")
    assert done.stdout == "true\n"
    assert cellblock("image", "remove", "own").returncode == 0
    assert cellblock("exec", "--image", "own", "-c", "1").returncode == 4


def test_repeat_and_timings(cellblock: Run) -> None:
    done = cellblock("exec", "--repeat", "3", "--timings", "-c", "1 + 1")
    assert done.stdout == "2\n" * 3
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [set(line) for line in lines] == [{"ready_ms", "run_ms", "total_ms"}] * 3
    assert all(0 < line["run_ms"] <= line["total_ms"] for line in lines)


def test_all_runs_share_a_kept_sandbox_and_nothing_otherwise(cellblock: Run) -> None:
    code = "import builtins\nbuiltins.runs = getattr(builtins, 'runs', 0) + 1\nreturn builtins.runs"
    assert cellblock("exec", "--repeat", "3", "--keep-state", "-c", code).stdout == "1\n2\n3\n"
    assert cellblock("exec", "--repeat", "3", "-c", code).stdout == "1\n1\n1\n"


def test_stores_are_listed_and_verified(cellblock: Run) -> None:
    for kind in ("bundle", "image"):
        listed = cellblock(kind, "list")
        assert listed.returncode == 0
        assert "ok" in listed.stdout
        verified = cellblock(kind, "verify")
        assert verified.returncode == 0
        assert verified.stdout.count(": ok") >= 1
    assert "data" in cellblock("image", "list").stdout


def test_removing_what_is_not_there_exits_4(cellblock: Run) -> None:
    done = cellblock("image", "remove", "no-such-image")
    assert done.returncode == 4
    assert "no-such-image" in done.stderr


def test_doctor_tells_all_and_hides_secrets(cellblock: Run) -> None:
    done = cellblock("doctor", CELLBLOCK_TOKEN="very-secret")
    assert done.returncode == 0
    for word in ("wasmtime", "CELLBLOCK_HOME", "data", "node"):
        assert word in done.stdout
    assert "very-secret" not in done.stdout + done.stderr


def test_doctor_shows_the_rules_for_packages_without_passwords(cellblock: Run) -> None:
    rules = {"CELLBLOCK_INDEXES": "https://me:hush@index.example/simple/", "CELLBLOCK_PACKAGES_PINS": "attrs<26"}
    done = cellblock("doctor", **rules)
    assert done.returncode == 0
    assert "index.example" in done.stdout
    assert "attrs<26" in done.stdout
    assert "hush" not in done.stdout


def test_serving_with_rules_that_make_no_sense_exits_2(cellblock: Run) -> None:
    done = cellblock("serve", "--port", "0", CELLBLOCK_PACKAGES_PINS="not a pin")
    assert done.returncode == 2
    assert "CELLBLOCK_PACKAGES_PINS" in done.stderr


def test_imports_need_no_naming(cellblock: Run) -> None:
    code = "import matplotlib.pyplot as plt, scipy.stats, sklearn, lxml, sympy\nplt.plot([1])\n"
    done = cellblock("exec", "-c", code + "return float(scipy.stats.norm.cdf(0))")
    assert (done.returncode, done.stdout) == (0, "0.5\n")


@pytest.mark.network
def test_micropip_in_a_block(cellblock: Run) -> None:
    code = "import micropip; await micropip.install('humanize'); import humanize; return humanize.naturalsize(10**9)"
    done = cellblock("exec", "-c", code)
    assert (done.returncode, done.stdout) == (0, '"1.0 GB"\n')


def test_two_runs_differ(cellblock: Run) -> None:
    runs = [cellblock("exec", "-c", "import random; return random.random()").stdout for _ in range(2)]
    assert runs[0] != runs[1]


@pytest.mark.parametrize("package", ["not a requirement", "numpy @ http://127.0.0.1/x.whl"])
def test_a_listed_package_that_cant_be_had_exits_2(cellblock: Run, package: str) -> None:
    done = cellblock("exec", "--package", package, "-c", "1", CELLBLOCK_OFFLINE="1")
    assert done.returncode == 2
    assert package in done.stderr


def test_doctor_exits_4_without_an_image(cellblock: Run, tmp_path: Path) -> None:
    done = cellblock("doctor", home=tmp_path)
    assert done.returncode == 4
    assert "cellblock image build" in done.stdout


def test_a_port_in_use_exits_4(cellblock: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cellblock("serve", "--port", str(port))
    assert done.returncode == 4
    assert f"127.0.0.1 port {port} is already in use" in done.stderr


def test_serving_the_world_without_a_token_exits_2(cellblock: Run) -> None:
    done = cellblock("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 2
    assert "CELLBLOCK_TOKEN" in done.stderr
