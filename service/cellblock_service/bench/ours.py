"""Cellblock's own figures, in this process: fresh and kept sandboxes, and whether a large bundle slows them down."""

from __future__ import annotations

from functools import partial

from cellblock_sandbox import ExecutionResult, Image, Sandbox
from cellblock_sandbox.image.progress import Progress

from cellblock_service.bench.figures import DATAFRAME, OURS, RUNS, TRIVIAL, Figure, figure, milliseconds, timed
from cellblock_service.bench.stock import NO_FULL, Stock

_WARM_UP = 3


def sandboxes(stock: Stock) -> list[Figure]:
    """A new sandbox for every run, and one kept for all."""
    image, progress = Image.open("data"), stock.progress
    figures = [
        figure("1+1", OURS, timed(progress, "new sandbox, 1+1", lambda: _fresh(image, TRIVIAL)), goal=2.5),
        figure("pandas", OURS, timed(progress, "new sandbox, pandas", lambda: _fresh(image, DATAFRAME)), goal=10),
    ]
    with image.sandbox() as kept:
        figures += [_kept(progress, kept, "1+1", TRIVIAL, None), _kept(progress, kept, "pandas", DATAFRAME, 2)]
    return figures


def libraries(stock: Stock, runs: int = RUNS) -> list[Figure]:
    """A new sandbox and `1+1` from an image without imports, on a bundle of few libraries and on one of many.

    The two take turns, so that whatever else the machine does meets both; the difference is that of each turn.
    """
    if stock.many is None:
        return [Figure("libraries", "Restore", note=NO_FULL)]
    images = [stock.image(f"bench-{count}", bundle) for count, bundle in enumerate((stock.few, stock.many))]
    counts = [bundle.manifest.details["libraries"] for bundle in (stock.few, stock.many)]
    samples: list[list[float]] = [[], []]
    with stock.progress.step("restore with few and many libraries", total=runs) as step:
        for turn in range(_WARM_UP + runs):
            for side in (0, 1) if turn % 2 else (1, 0):
                samples[side].append(milliseconds(partial(_fresh, images[side], TRIVIAL)))
            if turn >= _WARM_UP:
                step.advance()
    few, many = (values[_WARM_UP:] for values in samples)
    differences = [more - less for less, more in zip(few, many, strict=True)]
    return [
        figure("libraries", f"A bundle of {counts[0]} libraries", few),
        figure("libraries", f"A bundle of {counts[1]} libraries", many),
        figure("libraries", "The second less the first", differences, goal=0.3),
    ]


def _fresh(image: Image, code: str) -> None:
    with image.sandbox() as sandbox:
        _checked(sandbox.run(code))


def _kept(progress: Progress, sandbox: Sandbox, group: str, code: str, goal: float | None) -> Figure:
    samples = timed(progress, f"kept sandbox, {group}", lambda: _checked(sandbox.run(code)))
    return figure(group, "Cellblock, kept sandbox", samples, goal=goal)


def _checked(result: ExecutionResult) -> None:
    assert result.status == "completed", result.error
