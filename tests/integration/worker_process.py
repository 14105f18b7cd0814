"""A worker process for tests, without a service: frames over its socket, blocking."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys

import msgpack
from cellblock_sandbox.guest import values
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store
from cellblock_service.errors import ServiceError
from cellblock_service.images.supplies import piece
from cellblock_service.workers.frames import Link

DEADLINE_S = 60.0


class WorkerProcess:
    """Starts one and greets it. `ready` is its latest frame of that kind, `image` the id of its image.

    `elsewhere`: it is told that it is on another machine, and given the files that it asks for.
    """

    def __init__(self, home, *, elsewhere=False, **limits):
        ours, theirs = socket.socketpair()
        ours.settimeout(DEADLINE_S)
        command = [sys.executable, "-m", "cellblock_service.workers.process", str(theirs.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=dict(os.environ))
        theirs.close()
        self.link = Link(ours)
        self._ours = ours
        self._numbers = itertools.count()
        limits = {"timeout_s": 30.0, "memory_mb": 1024, **limits}
        self._store = Store(Home.find(home))
        hello = {"image": "data", "home": str(home), "limits": limits, "verify": True, "fetch": elsewhere}
        self.link.send({"kind": "hello", **hello})
        self.ready = self.receive("ready").meta
        self.image = self.ready["image"]["id"]

    def receive(self, kind=None):
        """The next frame, which has to be of `kind`."""
        while (frame := self.link.receive()) is not None and frame.kind == "fetch":
            self._give(frame.meta)
        assert frame is not None, "the worker closed its end"
        assert kind in (None, frame.kind), frame.meta
        return frame

    def _give(self, asked):
        reply, content = {"kind": "reply", "call": asked["call"]}, b""
        try:
            content = piece(self._store, asked)
        except ServiceError as error:
            reply["error"] = error.detail
        self.link.send(reply, content)

    def begin(self, code, *, request=None, **meta):
        """Send a run; give its id."""
        ident = f"run-{next(self._numbers)}"
        asked = {"image": self.image, "limits": {}, "as_json": False, "live": False, "context": False}
        blob = msgpack.packb({"code": code, **(request or {})})
        self.link.send({"kind": "run", "execution": ident, **asked, **meta}, blob)
        return ident

    def end(self):
        """Receive up to the answer and the ready after it; give the answer and the frames before it."""
        before = []
        while (frame := self.receive()).kind not in ("answer", "refused"):
            before.append(frame)
        self.ready = self.receive("ready").meta
        return frame, before

    def run(self, code, **meta):
        """Run a block to its end; give the answer's map and its value."""
        self.begin(code, **meta)
        frame, _ = self.end()
        return frame.meta, values.unpack(bytes(frame.blob)) if frame.blob else None

    def close(self):
        """Close our end; give the exit code."""
        self._ours.close()
        return self.process.wait(DEADLINE_S)
