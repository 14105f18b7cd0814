"""One execution: what was asked for, what has happened to it, and who follows that.

What happens is a list of numbered events, so that a client whose connection broke can ask for those it missed. The list
is bounded by what a block may print.
"""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cellblock_service.codec.fields import ExecuteRequest
from cellblock_service.errors import ServiceError
from cellblock_service.trust.tokens import Principal
from cellblock_service.workers.frames import Buffer, Meta
from cellblock_service.workers.job import Job
from cellblock_service.workers.worker import Worker

FINAL = frozenset({"completed", "error", "timeout", "cancelled"})
_EDGE = 65536


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `kind` is "status", "stdout", "stderr" or "result", `seq` counts from 1."""

    seq: int
    kind: str
    members: Mapping[str, Any]


@dataclass(slots=True)
class Outcome:
    """How an execution ended. `result` is a packed value, `json` the same as JSON text if that was asked for.

    `figures` are the pictures that the block left open, `mime` and `data` of each.
    """

    status: str
    result: Buffer = b""
    json: Buffer = b""
    error: dict[str, Any] | None = None
    figures: list[dict[str, Any]] = field(default_factory=list)
    state: str | None = None
    stdout: str = ""
    stderr: str = ""
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes it holds, nearly."""
        figures = sum(len(each["data"]) for each in self.figures)
        return len(self.result) + len(self.json) + len(self.stdout) + len(self.stderr) + figures


class Follower(Protocol):
    """Who wants to hear of an execution."""

    def event(self, execution: Execution, event: Event) -> None:
        """Something happened."""


class Flow(Follower, Protocol):
    """A follower that stands for the flow which the block belongs to."""

    def call(self, execution: Execution, meta: Meta, value: Buffer) -> None:
        """The block asks the flow for something; to be answered with `Execution.reply`."""

    def replay(self, execution: Execution, after: int) -> None:
        """Hear the events after a number again, and the calls not answered yet."""


@dataclass(slots=True, eq=False, repr=False)
class Execution:
    """One run of one block on its way. A listener of its job: what the worker tells becomes events."""

    id: str
    principal: Principal
    work: ExecuteRequest
    limits: Mapping[str, Any]
    as_json: bool = False
    live: bool = False
    remote: str = ""
    status: str = "queued"
    created_at: float = field(default_factory=time.time)
    clock: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    begun: float = 0.0
    load_s: float = 0.0
    has_started: bool = False
    digest: bytes = b""
    needs: dict[str, Execution | None] = field(default_factory=dict)
    results: list[Buffer] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    outcome: Outcome | None = None
    refusal: ServiceError | None = None
    job: Job | None = None
    task: asyncio.Task[None] | None = None
    flow: Flow | None = None
    followers: set[Follower] = field(default_factory=set)
    waiting: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    on_status: Callable[[Execution], None] = lambda _: None
    calls: dict[int, tuple[Worker, Meta, Buffer]] = field(default_factory=dict)
    _decoders: dict[str, codecs.IncrementalDecoder] = field(default_factory=dict)

    code_sha256: str = ""
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begun = self.clock()
        self.code_sha256, self.sizes = measures(self.work)

    @property
    def owner(self) -> str:
        """Whose it is: the id of a token."""
        return self.principal.id

    @property
    def lane(self) -> str:
        """The lane it waits in: its block's, else its owner's."""
        return f"{self.owner}/{self.work.block}" if self.work.block else self.owner

    @property
    def held_bytes(self) -> int:
        """The bytes that it alone holds until it has ended: of its texts and values."""
        held = (*self.work.payloads.values(), *self.work.texts, *self.work.env.values())
        return sum(map(len, held))

    @property
    def state_key(self) -> str | None:
        """What its kept state is called."""
        return self.lane if self.work.keep_state else None

    def join(self, flow: Flow) -> None:
        """Have a flow follow it, and answer its calls."""
        self.flow = flow
        self.followers.add(flow)

    def publish(self, kind: str, **members: Any) -> None:
        """Add an event and tell all who follow."""
        event = Event(len(self.events) + 1, kind, members)
        self.events.append(event)
        for follower in tuple(self.followers):
            follower.event(self, event)

    def set_status(self, status: str, **members: Any) -> None:
        """Note where it is now, unless it is further already."""
        if self.status not in FINAL:
            changed, self.status = status != self.status, status
            self.publish("status", status=status, **members)
            if changed:
                self.on_status(self)

    def end(self, outcome: Outcome) -> None:
        """Note how it ended. Only the first time counts."""
        if self.outcome is not None or self.refusal is not None:
            return
        for stream in ("stdout", "stderr"):
            self._print(stream, b"", final=True)
            setattr(outcome, stream, "".join(each.members["text"] for each in self.events if each.kind == stream))
        outcome.timings_ms["total"] = round((self.clock() - self.begun) * 1000, 3)
        self.outcome, self.status = outcome, outcome.status
        self.publish("result")
        self._let_go()
        self.on_status(self)

    def refuse(self, refusal: ServiceError) -> None:
        """Note that it won't run at all."""
        if self.outcome is None and self.refusal is None:
            self.refusal = refusal
            self.publish("refused")
            self._let_go()
            self.on_status(self)

    def _let_go(self) -> None:
        """Keep nothing of what was only needed to run."""
        self.work.payloads.clear()
        self.work.env.clear()
        self.work.also.clear()
        self.needs.clear()
        self.results.clear()
        self.calls.clear()
        self.job = self.task = None
        self.ended.set()

    def reply(self, call: int, value: Buffer = b"", *, error: str | None = None) -> None:
        """Answer a call of the block. An answer to what was not asked, or was answered, is ignored."""
        asked = self.calls.pop(call, None)
        if asked is not None:
            asked[0].reply(call, value, error=error)

    # What the worker tells.

    def started(self) -> None:
        """A worker has it."""
        self.has_started = True
        self.set_status("running")

    def output(self, stream: str, chunk: Buffer) -> None:
        """It printed something."""
        if stream in ("stdout", "stderr"):
            self._print(stream, chunk)

    def call(self, worker: Worker, meta: Meta, value: Buffer) -> None:
        """It asks the flow behind it for something."""
        self.calls[meta["call"]] = worker, meta, value
        if self.flow is None:
            self.reply(meta["call"], error="no flow stands behind this run")
        else:
            self.flow.call(self, meta, value)

    def _print(self, stream: str, chunk: Buffer, *, final: bool = False) -> None:
        """Publish text; what a chunk leaves of an unfinished character waits for the next."""
        decoder = self._decoders.get(stream)
        if decoder is None:
            if not chunk:
                return
            decoder = self._decoders[stream] = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(chunk, final)
        if text:
            self.publish(stream, text=text)


def measures(work: ExecuteRequest) -> tuple[str, dict[str, int]]:
    """Give what the records keep of a request: its code's sha256, and the bytes of code and values."""
    code = work.code.encode("utf-8", "surrogatepass")
    return hashlib.sha256(code).hexdigest(), {"code": len(code)} | {
        name: len(value) for name, value in work.payloads.items()
    }


def digest(work: ExecuteRequest) -> bytes:
    """Tell requests apart: by all small fields, and of each payload its length and its first and last 64 KiB."""
    found = hashlib.sha256()
    small = (work.code, work.name, work.block, work.order, work.concurrent, work.keep_state, work.reset_state)
    lists = (
        work.also,
        work.packages,
        work.dependencies,
        *(sorted(each.items()) for each in (work.env, work.node, work.limits)),
    )
    found.update(repr((small, lists)).encode("utf-8", "replace"))
    for name, payload in sorted(work.payloads.items()):
        found.update(f"{name} {len(payload)} ".encode())
        found.update(payload[:_EDGE])
        found.update(payload[-_EDGE:])
    return found.digest()
