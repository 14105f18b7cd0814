"""Cellblock's own figures, in this process: fresh and kept sandboxes, and the build of an image."""

from __future__ import annotations

import time

from cellblock_sandbox import ExecutionResult, Image, Sandbox
from cellblock_sandbox.image import snapshot, standard
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress, SilentProgress
from cellblock_sandbox.image.snapshot import Recipe
from cellblock_sandbox.image.store import Store

from cellblock_service.bench.figures import DATAFRAME, TRIVIAL, Figure, figure, timed

_IMAGE = "bench"


def sandboxes(progress: Progress) -> list[Figure]:
    """A new sandbox for every run, and one kept for all."""
    image = Image.open("data")

    def fresh(code: str) -> None:
        with image.sandbox() as sandbox:
            _checked(sandbox.run(code))

    figures = [
        figure("1+1", "Cellblock, new sandbox", timed(progress, "new sandbox, 1+1", lambda: fresh(TRIVIAL)), goal=2.5),
        figure(
            "pandas",
            "Cellblock, new sandbox",
            timed(progress, "new sandbox, pandas", lambda: fresh(DATAFRAME)),
            goal=10,
        ),
    ]
    with image.sandbox() as kept:
        figures += [_kept(progress, kept, "1+1", TRIVIAL, None), _kept(progress, kept, "pandas", DATAFRAME, 2)]
    return figures


def image_build(progress: Progress) -> list[Figure]:
    """A further image from the finished bundle, built three times from nothing."""
    home = Home.find()
    bundle = standard.require_bundle(home=home, progress=SilentProgress())
    recipe = Recipe(bundle, ("numpy", "pandas", "decimal"))
    samples = []
    for _ in range(3):
        started = time.perf_counter()
        built = snapshot.build(_IMAGE, recipe, home=home, progress=SilentProgress())
        samples.append(time.perf_counter() - started)
        Store(home).remove("image", built.id)
        progress.note(f"image built in {samples[-1]:.1f} s")
    return [figure("image", "A further image from a finished bundle", samples, unit="s", goal=15)]


def _kept(progress: Progress, sandbox: Sandbox, group: str, code: str, goal: float | None) -> Figure:
    samples = timed(progress, f"kept sandbox, {group}", lambda: _checked(sandbox.run(code)))
    return figure(group, "Cellblock, kept sandbox", samples, goal=goal)


def _checked(result: ExecutionResult) -> None:
    assert result.status == "completed", result.error
