"""20,000 executions of every kind on one service, and its memory meanwhile: `python -m tests.soak`, or `make soak`.

Writes docs/images/soak.png and soak.json. Exit code 1 if an execution ended otherwise than it should, or if the memory
of the service or of its workers in the last quarter is more than a tenth above that in the second.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from cellblock_service.bench.memory import megabytes
from cellblock_service.bench.serving import Served, serving
from cellblock_service.cli.output import say

from tests.integration.crowd import Crowd, told

from .plot import plot

EXECUTIONS = 20_000
EVERY_S = 1.0
SLACK = 1.1
TARGET = Path(__file__).parents[2] / "docs" / "images"
# Results are remembered until they take so much: little enough to be full in the first quarter.
SETTINGS = {"WORKERS": "2", "RESULTS_BYTES": str(32 << 20)}


@dataclass(frozen=True)
class Sample:
    """Megabytes of the service and of all its workers, after so many seconds and executions.

    Of memory that is their own: the part of an image's file that counts as theirs depends on who else has it open.
    """

    seconds: float
    executions: int
    service: float
    workers: float


async def soak(served: Served, executions: int) -> tuple[Crowd, list[Sample]]:
    """Run them all, and look at the memory every second."""
    crowd, samples, started = Crowd(served.url), list[Sample](), time.monotonic()
    work = asyncio.create_task(crowd.work(most=executions))
    while not work.done():
        await asyncio.wait([work], timeout=EVERY_S)
        service, *workers = await asyncio.to_thread(lambda: [_megabytes(pid) for pid in served.pids()])
        samples.append(Sample(time.monotonic() - started, len(crowd.answers), service, sum(workers)))
    await work
    return crowd, samples


def problems(crowd: Crowd, samples: list[Sample]) -> list[str]:
    """What isn't as it should be."""
    found = [
        f"{ident} ended as {answers}, expected {expected}" for ident, (answers, expected) in crowd.surprises().items()
    ]
    found += [f"{ident} has {len(answers)} answers" for ident, answers in crowd.answers.items() if len(answers) != 1]
    found += [f"{ident} has no answer" for ident in crowd.expected.keys() - crowd.answers.keys()]
    for what in ("service", "workers"):
        before, after = (statistics.median(values) for values in _quarters(samples, what))
        if after > SLACK * before:
            found.append(f"the memory of the {what} grew from {before:.0f} to {after:.0f} MB")
    return found


def _quarters(samples: list[Sample], what: str) -> tuple[list[float], list[float]]:
    """The figures of the second and the last quarter of the executions."""
    total = samples[-1].executions
    second = [getattr(each, what) for each in samples if total / 4 <= each.executions < total / 2]
    return second, [getattr(each, what) for each in samples if each.executions >= total * 3 / 4]


def _megabytes(pid: int) -> float:
    try:
        return megabytes(pid, "Pss_Anon")
    except (OSError, RuntimeError):  # a worker that is just being replaced
        return 0.0


def main(executions: int = EXECUTIONS, target: Path = TARGET) -> int:
    """Soak, report, and say whether all was well."""
    with serving(**SETTINGS) as served:
        crowd, samples = asyncio.run(soak(served, executions))
    endings = Counter(told(answers[0])[0] for answers in crowd.answers.values())
    found = problems(crowd, samples)
    report = {"endings": dict(endings), "problems": found, "samples": [asdict(each) for each in samples]}
    (target / "soak.json").write_text(json.dumps(report, indent=1) + "\n")
    plot(samples, endings, target / "soak.png")
    say(f"{len(crowd.answers)} executions in {samples[-1].seconds:.0f} s: {dict(endings)}")
    say("\n".join(found[:20]) or "memory is flat, and every execution ended as it should")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
