"""A worker without a sandbox, for testing the pool and the HTTP side: the "code" of a request is a command for it.

`echo` gives back the data, `env` the names in its environment, `sleep S`, `exit N`, `hang` (ignores its deadline),
`convert S` (takes S seconds after the block ended), `babble` (sends what is no
frame). It greets with the image it is told, or fails when asked for the image "missing", or dies when asked for
"dying".
"""

from __future__ import annotations

import os
import socket
import sys
import time

import msgpack
from cellblock_service.codec import envelope, jsontext
from cellblock_service.codec.fields import check
from cellblock_service.errors import RequestError
from cellblock_service.workers.frames import Frame, Link, Meta


def run(link: Link, frame: Frame) -> tuple[Meta, bytes]:
    request = msgpack.unpackb(frame.blob)
    command, _, argument = request["code"].partition(" ")
    result = request.get("data", b"\xc0")
    if command == "env":
        result = msgpack.packb(sorted(os.environ))
    elif command == "limits":
        result = msgpack.packb([frame.meta["limits"]["timeout_s"], frame.meta["limits"]["memory_mb"]])
    elif command == "sleep":
        time.sleep(float(argument))
    elif command == "exit":
        os._exit(int(argument))
    elif command == "hang":
        time.sleep(1000)
    elif command == "babble":
        link._socket.sendall(b"\0\0\0\1\0\0\0\0\xc1")
    elif command == "convert":
        link.send({"kind": "ran"})
        time.sleep(float(argument))
    if frame.meta["as_json"]:
        result = jsontext.result_to_json(result)
    timings = {"ready_ms": 0.5, "run_ms": 1.5}
    return {"kind": "answer", "status": "completed", "error": None, "stdout": b"out\xff"} | timings, result


def convert(frame: Frame) -> tuple[Meta, bytes]:
    try:
        request = check(jsontext.cut(frame.blob) if frame.meta["json"] else envelope.cut(frame.blob))
    except RequestError as error:
        return {"kind": "refused", "error_key": error.error_key, "detail": error.detail, "members": error.members}, b""
    return {"kind": "answer", "request": {name: getattr(request, name) for name in request.__slots__}}, b""


def main() -> None:
    link = Link(socket.socket(fileno=int(sys.argv[1])))
    hello = link.receive()
    assert hello is not None
    if hello.meta["image"] == "missing":
        link.send({"kind": "failed", "error": "ImageMissing", "reason": "no image called 'missing'"})
        return
    if hello.meta["image"] == "dying":
        os._exit(9)
    while True:
        image = {"name": hello.meta["image"], "id": "0123", "packages": {"numpy": "2"}}
        link.send({"kind": "ready", "image": image})
        frame = link.receive()
        if frame is None:
            return
        link.send(*(convert(frame) if frame.kind == "convert" else run(link, frame)))


if __name__ == "__main__":
    main()
