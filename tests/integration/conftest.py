"""Fixtures on the real images."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest
from cellblock_sandbox import Image


@pytest.fixture(scope="session")
def image(image_home):
    return Image.open("data", home=image_home)


@pytest.fixture
def sandbox(image):
    with image.sandbox() as fresh:
        yield fresh


# What programs of `same_as_linux` may use: errors as the names of their errno, since the numbers differ.
PRELUDE = """
import errno, io, os, shutil, stat, sys, time

def tried(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except OSError as error:
        return errno.errorcode[error.errno]

def content(path):
    with open(path, "rb") as file:
        return file.read().decode("latin-1")

def put(path, text=""):
    with open(path, "w") as file:
        file.write(text)
"""


@pytest.fixture
def same_as_linux(sandbox, tmp_path):
    """Run a program in a sandbox and in CPython on Linux, each in an empty folder: `main()` has to give the same."""

    def check(program):
        text = PRELUDE + dedent(program) + "\nimport json\n"
        result = sandbox.run(f"{text}os.makedirs('/tmp/work')\nos.chdir('/tmp/work')\nreturn json.dumps(main())")
        assert result.error is None, result.error.traceback
        native = subprocess.run(
            [sys.executable, "-c", f"{text}print(json.dumps(main()))"],
            cwd=tmp_path,
            env={"TZ": "UTC", "HOME": "/home/x", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )
        assert native.returncode == 0, native.stderr
        assert json.loads(result.value) == json.loads(native.stdout)

    return check
