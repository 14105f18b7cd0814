"""A worker without a sandbox, for testing the pool and the HTTP side: the "code" of a request is a command for it.

`echo` gives back the data, `env` the names in its environment, `limits` those it was told, `sleep S` (ends early when
it is cancelled), `exit N`, `sleep-and-exit S`, `hang` (ignores its deadline and being cancelled), `convert S` (takes S
seconds after the block ended), `fetch N` (asks for a file N times, 0.1 s each), `gone` (says that its image is),
`babble` (sends what is no frame), `print TEXT`, `ask KEY` (gives back what the flow replies), `tell OP JSON` (says it
for its node and gives back the reply), `pid`, `count PATH` (adds a line to that file), `count-and-exit PATH`. It greets
with the image it is told, or fails when asked for the image "missing", or dies when asked for "dying".

Told that it is elsewhere, it asks before it begins. `early N PATH WHAT` lets the first N workers do WHAT before
(`exit N`, `hang`, `sleep S`, `fetch N`, `wait N`), and is a `count PATH` then.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import sys
import threading
import time
from pathlib import Path

import msgpack
from cellblock_service.codec import jsontext
from cellblock_service.workers import conversion
from cellblock_service.workers.frames import Buffer, Frame, Link, Meta, failed


class Stub:
    def __init__(self, link: Link, *, elsewhere: bool) -> None:
        self.link = link
        self.jobs: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.replies: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.cancelled = threading.Event()
        self.states: set[str] = set()
        self.elsewhere = elsewhere

    def read(self) -> None:
        while (frame := self.link.receive()) is not None:
            match frame.kind:
                case "cancel":
                    self.cancelled.set()
                case "reply":
                    self.replies.put(frame)
                case "release":
                    self.states -= set(frame.meta["states"])
                case _:
                    self.jobs.put(frame)
        os._exit(0)

    def serve(self, image: str) -> None:
        first: Meta = {"image": {"name": image, "id": "0123", "packages": {"numpy": "2"}}}
        while True:
            self.link.send({"kind": "ready", "rss_bytes": 1 << 20, "states": sorted(self.states), **first})
            first = {}
            frame = self.jobs.get()
            self.cancelled.clear()
            work = {"convert": self.convert, "express": self.express}.get(frame.kind, self.run)
            self.link.send(*work(frame))

    def run(self, frame: Frame) -> tuple[Meta, bytes]:
        request = msgpack.unpackb(_received(frame))
        command, _, argument = request["code"].partition(" ")
        if command == "early":
            command, argument = "count", self.early(argument)
        if not self.may_begin():
            return failed("Cancelled", "", "cancelled"), b""
        result, status = request.get("data", b"\xc0"), "completed"
        if command == "env":
            result = msgpack.packb(sorted(os.environ))
        elif command == "limits":
            result = msgpack.packb(frame.meta["limits"])
        elif command == "inputs":
            result = request["inputs"]
        elif command == "pid":
            result = msgpack.packb(os.getpid())
        elif command == "sleep":
            status = "cancelled" if self.cancelled.wait(float(argument)) else status
        elif command == "exit":
            os._exit(int(argument))
        elif command == "sleep-and-exit":
            time.sleep(float(argument))
            os._exit(1)
        elif command == "hang":
            time.sleep(1000)
        elif command == "babble":
            self.link._socket.sendall(b"\0\0\0\1\0\0\0\0\xc1")
        elif command == "convert":
            self.link.send({"kind": "ran"})
            time.sleep(float(argument))
        elif command == "fetch":
            self.fetch(int(argument))
        elif command == "count":
            note(argument)
        elif command == "count-and-exit":
            note(argument)
            os._exit(1)
        elif command == "convert-forever":
            while True:
                self.link.send({"kind": "ran"})
                time.sleep(0.05)
        elif command == "print":
            for character in argument.encode():
                self.link.send({"kind": "output", "stream": "stdout"}, bytes([character]))
        elif command == "ask":
            result = self.asked({"op": "get", "scope": "flow", "store": None, "key": argument})
        elif command == "tell":
            op, _, text = argument.partition(" ")
            value = b"" if op == "env" else msgpack.packb(json.loads(text))
            key = text if op == "env" else None
            result = self.asked({"op": op, "scope": "node", "store": None, "key": key}, value)
        answer: Meta = {"kind": "answer", "status": status, "error": None, "ready_ms": 0.5, "run_ms": 1.5}
        if command == "forge":
            answer[argument] = "forged"
        if command == "gone":
            answer["image"] = "missing"
        answer |= self.state(frame) | ({} if frame.meta.get("live") else {"stdout": b"out\xff"})
        if frame.meta["as_json"]:
            return answer | {"packed_bytes": len(result)}, result + jsontext.result_to_json(result)
        return answer, result

    def early(self, argument: str) -> str:
        """What the first workers do before they begin. What is to be counted afterwards."""
        number, path, what = argument.split(" ", 2)
        if note(f"{path}.early") > int(number):
            return path
        command, _, argument = what.partition(" ")
        if command == "exit":
            os._exit(int(argument))
        elif command == "hang":
            time.sleep(1000)
        elif command == "sleep":
            time.sleep(float(argument))
        elif command == "fetch":
            self.fetch(int(argument))
        elif command == "wait":
            for _ in range(int(argument)):
                self.link.send({"kind": "waiting"})
                time.sleep(0.1)
        return path

    def may_begin(self) -> bool:
        if not self.elsewhere:
            return True
        self.link.send({"kind": "begin", "call": 7})
        return "error" not in self.replies.get().meta

    def fetch(self, times: int) -> None:
        for _ in range(times):
            self.link.send({"kind": "fetch", "call": 1})
            self.replies.get(timeout=20)
            time.sleep(0.1)

    def asked(self, what: Meta, value: bytes = b"") -> bytes:
        self.link.send({"kind": "call", "call": 1, **what}, value)
        reply = self.replies.get(timeout=20)
        return bytes(reply.blob) if "error" not in reply.meta else msgpack.packb(reply.meta["error"])

    def state(self, frame: Frame) -> Meta:
        key = frame.meta.get("state")
        if key is None:
            return {}
        kept = key in self.states and not frame.meta["reset"]
        self.states.add(key)
        return {"state": "kept" if kept else "new"}

    def convert(self, frame: Frame) -> tuple[Meta, bytes]:
        self.may_begin()
        meta, pieces = conversion.take_apart(bytes(frame.blob), json=frame.meta["json"])
        return meta, b"".join(pieces)

    def express(self, frame: Frame) -> tuple[Meta, bytes]:
        self.may_begin()
        return {"kind": "answer", "error": None}, jsontext.result_to_json(bytes(frame.blob))


def note(path: str) -> int:
    """Add a line to a file; the lines there are."""
    with Path(path).open("a+") as file:
        file.write("line\n")
    return len(Path(path).read_text().splitlines())


def _received(frame: Frame) -> Buffer:
    if frame.arriving is None:
        return frame.blob
    place = memoryview(bytearray(len(frame.arriving)))
    frame.arriving.receive_into(place)
    return place


def main() -> None:
    link = Link(socket.socket(fileno=int(sys.argv[1])))
    hello = link.receive()
    assert hello is not None
    if hello.meta["image"] == "missing":
        link.send({"kind": "failed", "error": "ImageMissing", "reason": "no image called 'missing'"})
        return
    if hello.meta["image"] == "dying":
        os._exit(9)
    stub = Stub(link, elsewhere=hello.meta["fetch"])
    threading.Thread(target=stub.serve, args=(hello.meta["image"],), daemon=True).start()
    stub.read()


if __name__ == "__main__":
    main()
