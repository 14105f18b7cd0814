"""Runs one side: processes that take files, replaced when they die, or when a test takes too long."""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

_MARK = b"\x1e"
# For each test, and for reading a file and all that it imports.
_TIMEOUT_S = 300.0

Outcome = tuple[str, str]
"""What became of a test, and the end of its message if it failed."""


@dataclass
class FileRun:
    """The outcomes of one file's tests, by name."""

    path: str
    seconds: float = 0.0
    outcomes: dict[str, Outcome] = field(default_factory=dict)


class Gone(Exception):
    """The process has died or was ended, in the middle of something."""


class Side:
    """One side: how its processes are started, whether they take several files, what was kept of earlier runs."""

    def __init__(self, command: Sequence[str], kept: Path, *, reused: bool) -> None:
        self._command = command
        self._kept = kept
        self._reused = reused

    def run(self, paths: Sequence[str], processes: int, advance: Callable[[], None]) -> list[FileRun]:
        """Run every file, `processes` at a time. Files that are kept are not run again."""
        self._kept.mkdir(parents=True, exist_ok=True)
        idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for _ in range(processes):
            idle.put(_Process(self._command))

        def one(path: str) -> FileRun:
            kept = self._kept / f"{path.replace('/', '.')}.json"
            if not kept.is_file():
                process = idle.get()
                done = _run_file(process, path)
                if not self._reused:
                    process.end()
                idle.put(process)
                partial = kept.with_suffix(".part")
                partial.write_text(json.dumps(vars(done)))
                partial.rename(kept)
            advance()
            read = json.loads(kept.read_text())
            outcomes = {name: (outcome, message) for name, (outcome, message) in read["outcomes"].items()}
            return FileRun(path, read["seconds"], outcomes)

        try:
            with ThreadPoolExecutor(processes) as pool:
                return list(pool.map(one, paths))
        finally:
            while not idle.empty():
                idle.get().end()


def _run_file(process: "_Process", path: str) -> FileRun:
    """Run a file, going on after the test that ended the process until all are done."""
    run, started = FileRun(path), time.monotonic()
    while True:
        current = f"{path}::"
        try:
            process.send({"path": path, "done": list(run.outcomes)})
            while (event := process.event())[0] != "end":
                kind, name, *rest = event
                if kind == "begin":
                    current = name
                else:
                    outcome, message = rest
                    _note(run, name, outcome, message)
            break
        except Gone as gone:
            process.end()
            run.outcomes[current] = (str(gone), "")
            if current == f"{path}::":  # before any test: it would happen again
                break
    run.seconds = round(time.monotonic() - started, 1)
    return run


def _note(run: FileRun, name: str, outcome: str, message: str) -> None:
    """Keep an outcome; an error in a test's teardown goes over what the test itself gave."""
    if outcome == "error" or name not in run.outcomes:
        run.outcomes[name] = (outcome, message)


class _Process:
    """A process of a side, started when it is first sent something."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._events: queue.SimpleQueue[list[str] | None] = queue.SimpleQueue()

    def send(self, job: object) -> None:
        if self._child is None:
            pipe = subprocess.PIPE
            environment = {**os.environ, "TZ": "UTC"}
            self._child = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment
            )
            self._events = queue.SimpleQueue()
            threading.Thread(target=_read, args=(self._child, self._events), daemon=True).start()
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(job).encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise Gone("crashed") from error

    def event(self) -> list[str]:
        try:
            event = self._events.get(timeout=_TIMEOUT_S)
        except queue.Empty as error:
            raise Gone("hung") from error
        if event is None:
            raise Gone("crashed")
        return event

    def end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None


def _read(child: "subprocess.Popen[bytes]", events: "queue.SimpleQueue[list[str] | None]") -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(_MARK):
            events.put(json.loads(line[1:]))
    events.put(None)
