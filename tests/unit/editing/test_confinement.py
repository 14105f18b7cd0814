"""The process that reads strangers' sources runs none of them and reads nothing else. Each program is a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, subprocess, socket, ctypes
from pathlib import Path
from cellblock_service.editing.confinement import confine
readable, sources, outside = map(Path, sys.argv[1:4])
confine([readable, *map(Path, sys.path[1:])], sources)
try:
    {code}
except PermissionError:
    print("refused")
else:
    print("done")
"""

REFUSED = [
    "open(outside / 'secret').read()",
    "open(readable / '..' / 'outside' / 'secret').read()",
    "open(sources / 'link').read()",
    "os.open(outside / 'secret', os.O_RDONLY)",
    "open(readable / 'file', 'a')",
    "open(readable / 'new', 'x')",
    "os.listdir(outside)",
    "os.listdir('/')",
    "next(os.scandir('/'))",
    "list(outside.iterdir())",
    "sys.path.insert(0, str(sources)); import stranger",
    "exec(compile('1', str(sources / 'stranger.py'), 'exec'))",
    "subprocess.run(['true'])",
    "os.system('true')",
    "os.execv('/bin/true', ['true'])",
    "os.fork()",
    "socket.socket().connect(('127.0.0.1', 9))",
    "ctypes.CDLL(None)",
]

DONE = [
    "open(readable / 'file').read()",
    "open(sources / 'stranger.py').read()",
    "open(sources / 'new', 'w').write('x')",
    "os.listdir(sources)",
    "compile('1', str(sources / 'stranger.py'), 'exec')",
    "import json",
]


@pytest.mark.parametrize(
    ("code", "outcome"), [(code, "refused") for code in REFUSED] + [(code, "done") for code in DONE]
)
def test_what_it_may_do(code: str, outcome: str, tmp_path: Path) -> None:
    readable, sources, outside = (tmp_path / name for name in ("readable", "sources", "outside"))
    for folder in (readable, sources, outside):
        folder.mkdir()
    (readable / "file").touch()
    (outside / "secret").touch()
    (sources / "stranger.py").write_text("print('it was run')\n")
    (sources / "link").symlink_to(outside / "secret")
    command = [sys.executable, "-c", PROGRAM.format(code=code), str(readable), str(sources), str(outside)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.strip() == outcome, ended.stderr
