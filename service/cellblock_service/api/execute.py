"""`POST /v1/execute`: run one block and answer with what became of it.

The request is `{code, data?, inputs?, msg?, packages?, dependencies?, timeout_s?, memory_mb?, id?, name?}` in
msgpack or JSON. Whatever the block does, the answer is 200 with `{id, status, result, stdout, stderr, error?,
timings_ms}`; what is wrong with the request is a problem document (see `api/problems.py`).

Decisions: a limit above the operator's maximum is refused (422 above_maximum, naming the maximum) rather than
lowered in silence; `dependencies` other than an empty list are refused until results are kept; an unknown field is
refused; null counts as absent in every field but `data`. What a block imports and the `packages` it lists
(requirements as in PEP 508) decide its image, and one that isn't there is built while the client waits: with
`Prefer: wait=SECONDS` at most that long, then the answer is 503 image_loading with the progress, and nothing has run.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web
from cellblock_sandbox.needs import Provision

from cellblock_service.api.keys import CATALOGUE, POOL, SETTINGS
from cellblock_service.api.negotiation import CONTENT_TYPES, Kind, answer_kind, body_kind
from cellblock_service.codec import envelope, fields, jsontext
from cellblock_service.codec.fields import ExecuteRequest
from cellblock_service.errors import AboveMaximum, BodyTooLarge, BodyTooSlow, RequestError, ServiceError
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.settings import Settings
from cellblock_service.workers.frames import Buffer, Frame, chunks
from cellblock_service.workers.pool import Job, Pool

# Bodies above these sizes are taken apart in a worker: 10 ms of skipping, 4 ms of reading JSON, at the worst.
INLINE_MSGPACK = 4 * 1024 * 1024
INLINE_JSON = 256 * 1024
INLINE_ANSWER = 1024 * 1024
CONVERT_S = 30.0

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,5})\b", re.IGNORECASE)

log = structlog.get_logger(__name__)
routes = web.RouteTableDef()


@routes.post("/v1/execute")
async def execute(request: web.Request) -> web.StreamResponse:
    """Check the request, have a worker run it, answer in the type asked for."""
    loop = asyncio.get_running_loop()
    arrived = loop.time()
    settings, pool = request.app[SETTINGS], request.app[POOL]
    kind = body_kind(request.content_type)
    wanted = answer_kind(request.headers.get("Accept"), kind)
    work = await _take_apart(await _read(request, settings), kind, pool)
    timeout_s, memory_mb = _limits(work, settings)
    identifier = work.id or uuid.uuid4().hex
    with structlog.contextvars.bound_contextvars(execution=identifier):
        run = _Run(work, timeout_s, memory_mb, as_json=wanted == "json", patience_s=_patience(request))
        answer, job, load_s = await _carry_out(run, request.app[CATALOGUE], pool, settings)
        timings = _timings(answer, job, load_s=load_s, total_s=loop.time() - arrived)
        error = answer.meta["error"] or {}
        log.info("execution", status=answer.meta["status"], error=error.get("type"), **timings)
        return await _respond(request, _answer(identifier, answer, timings, wanted), CONTENT_TYPES[wanted])


@dataclass(frozen=True, slots=True)
class _Run:
    """One block to run, with what holds for it."""

    work: ExecuteRequest
    timeout_s: float
    memory_mb: int
    as_json: bool
    patience_s: float | None

    def frame(self, provision: Provision) -> Frame:
        """What a worker is told."""
        work = self.work
        limits = {"timeout_s": self.timeout_s, "memory_mb": self.memory_mb}
        meta = {"kind": "run", "execution": uuid.uuid4().hex, "image": provision.image, "limits": limits}
        request = envelope.guest_request(work.code, work.name, self.timeout_s, work.payloads, provision.unavailable)
        return Frame(meta | {"as_json": self.as_json}, request)


async def _carry_out(run: _Run, catalogue: Catalogue, pool: Pool, settings: Settings) -> tuple[Frame, Job, float]:
    """Run a block in the image it needs; give the answer, the job, and the seconds that finding the image took.

    An image may go to make room just before it is used: then nothing has run, and it is built again, once.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    for last in (False, True):
        provision = await catalogue.provision(run.work.code, run.work.packages, patience_s=run.patience_s)
        load_s = loop.time() - started
        answer, job = await pool.submit(run.frame(provision), within_s=run.timeout_s + settings.kill_grace_s)
        if last or answer.meta.get("image") != "missing":
            break
        catalogue.forget(run.work.code, run.work.packages)
    return answer, job, load_s


async def _read(request: web.Request, settings: Settings) -> bytes:
    if (request.content_length or 0) > settings.body_bytes:
        raise BodyTooLarge(f"the body is {request.content_length} bytes; at most {settings.body_bytes} are taken")
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            return await request.read()
    except TimeoutError:
        raise BodyTooSlow(f"the body didn't arrive within {settings.body_timeout_s:g} s") from None


async def _take_apart(body: bytes, kind: Kind, pool: Pool) -> ExecuteRequest:
    """Cut and check a body, here when that is quick, else in a worker."""
    if kind == "msgpack":
        try:
            return fields.check(envelope.cut(body, inline_bytes=INLINE_MSGPACK))
        except envelope.TooLargeInline:
            pass
    elif len(body) <= INLINE_JSON:
        return fields.check(jsontext.cut(body))
    frame, _ = await pool.submit(Frame({"kind": "convert", "json": kind == "json"}, [body]), within_s=CONVERT_S)
    answer = frame.meta
    if frame.kind == "refused":
        raise RequestError.rebuild(answer["error_key"], answer["detail"], answer["members"])
    if "request" not in answer:
        raise ServiceError(f"the body couldn't be read: {answer['error']['message']}")
    return ExecuteRequest(**answer["request"])


def _limits(work: ExecuteRequest, settings: Settings) -> tuple[float, int]:
    """Give the wall time and memory that hold for this request. Raises AboveMaximum."""
    timeout_s = settings.timeout_s if work.timeout_s is None else work.timeout_s
    memory_mb = settings.memory_mb if work.memory_mb is None else work.memory_mb
    for field, asked, maximum in (
        ("timeout_s", timeout_s, settings.max_timeout_s),
        ("memory_mb", memory_mb, settings.max_memory_mb),
    ):
        if asked > maximum:
            raise AboveMaximum(
                f"{field}: {asked:g} asked for, at most {maximum:g} allowed here", field=field, maximum=maximum
            )
    return timeout_s, memory_mb


def _patience(request: web.Request) -> float | None:
    """How long the client waits for an image: `Prefer: wait=SECONDS` (RFC 7240); None: as long as it takes."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return float(found[1]) if found else None


def _timings(answer: Frame, job: Job, *, load_s: float, total_s: float) -> dict[str, float]:
    """Give the milliseconds spent finding the image, queued, making the sandbox, running the block, and altogether."""
    queue_s = max(0.0, job.started_at - job.queued_at)
    timings = {
        "load": load_s * 1000,
        "queue": queue_s * 1000,
        "ready": answer.meta.get("ready_ms", 0.0),
        "run": answer.meta.get("run_ms", max(0.0, (total_s - load_s - queue_s) * 1000)),
        "total": total_s * 1000,
    }
    return {name: round(value, 3) for name, value in timings.items()}


def _answer(identifier: str, frame: Frame, timings: dict[str, float], wanted: Kind) -> list[Buffer]:
    answer = frame.meta
    members: dict[str, Any] = {
        "id": identifier,
        "status": answer["status"],
        "stdout": answer.get("stdout", b"").decode("utf-8", "replace"),
        "stderr": answer.get("stderr", b"").decode("utf-8", "replace"),
        "timings_ms": timings,
    }
    if answer["error"]:
        members["error"] = answer["error"]
    if wanted == "json":
        text = memoryview(frame.blob)[answer.get("packed_bytes", 0) :]
        return jsontext.stitch(members, text or jsontext.NULL)
    return envelope.stitch(members, frame.blob or fields.NIL)


async def _respond(request: web.Request, pieces: list[Buffer], content_type: str) -> web.StreamResponse:
    """Send an answer; a large one in chunks, between which the loop does other work."""
    size = sum(len(piece) for piece in pieces)
    if size <= INLINE_ANSWER:
        return web.Response(body=b"".join(pieces), content_type=content_type)
    response = web.StreamResponse(headers={"Content-Type": content_type})
    response.content_length = size
    await response.prepare(request)
    for chunk in chunks(pieces):
        await response.write(chunk)
    await response.write_eof()
    return response
