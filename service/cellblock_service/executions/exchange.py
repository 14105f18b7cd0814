"""What a worker is told of an execution, and what its answer says of the outcome."""

from __future__ import annotations

from cellblock_sandbox.needs import Provision

from cellblock_service.codec import envelope
from cellblock_service.executions.execution import FINAL, Execution, Outcome
from cellblock_service.workers import frames
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.job import Job


def frame(execution: Execution, provision: Provision) -> Frame:
    """What a worker is told."""
    work = execution.work
    meta = {
        "kind": "run",
        "execution": execution.id,
        "image": provision.image,
        "limits": dict(execution.limits),
        "as_json": execution.as_json,
        "state": execution.state_key,
        "reset": work.reset_state,
        "live": execution.live,
        "context": execution.flow is not None,
    }
    request = envelope.guest_request(
        work.code,
        work.name,
        execution.limits["timeout_s"],
        work.payloads | ({"inputs": execution.results} if execution.results else {}),
        provision.unavailable,
        env=work.env,
        node=work.node,
        cpu_s=execution.limits.get("cpu_s"),
        result_bytes=execution.limits["result_bytes"],
        keep=work.keep_state,
    )
    return Frame(meta, request)


def read(execution: Execution, answer: Frame, job: Job) -> Outcome:
    """Read a worker's answer. ValueError for one that isn't in the shape of an answer: a block made it up."""
    meta, blob = answer.meta, answer.blob
    error = meta["error"]
    if meta["status"] not in FINAL or not (error is None or isinstance(error["type"], str)):
        raise ValueError("the worker's answer has no such status or error")
    for stream in ("stdout", "stderr"):
        if meta.get(stream):
            execution.output(stream, meta[stream])
    outcome = Outcome(meta["status"], error=error, figures=meta.get("figures", []), state=meta.get("state"))
    packed = meta.get("packed_bytes", len(blob))
    view = memoryview(blob)
    outcome.result, outcome.json = (view[:packed], view[packed:]) if packed < len(blob) else (blob, b"")
    queue_s = max(0.0, job.started_at - job.queued_at)
    outcome.timings_ms = {
        "load": round(execution.load_s * 1000, 3),
        "queue": round(queue_s * 1000, 3),
        "ready": round(meta.get("ready_ms", 0.0), 3),
        "run": round(meta.get("run_ms", 0.0), 3),
    }
    if "convert_ms" in meta:
        outcome.timings_ms["convert"] = round(meta["convert_ms"], 3)
    return outcome


def cancelled() -> Outcome:
    """The outcome of one that no worker had when it was cancelled."""
    return failed("Cancelled", "the execution was cancelled", "cancelled")


def failed(kind: str, message: str, status: str = "error") -> Outcome:
    """The outcome of one that its block couldn't end itself."""
    return Outcome(status, error=frames.failed(kind, message)["error"])
