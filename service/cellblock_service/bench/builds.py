"""How long building takes: images of finished bundles, and the bundle of all libraries. All of it in scratch homes."""

from __future__ import annotations

import time
from dataclasses import replace

from cellblock_sandbox import BuildError
from cellblock_sandbox.image import full as full_bundle
from cellblock_sandbox.image import standard
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.provision import Provider, install

from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.stock import NO_FULL, SCIENCE, Stock, scratch_home

_RUNS = 3
_ADDED = "humanize"


def images(stock: Stock) -> list[Figure]:
    """Further images: of numpy and pandas, and of the scientific libraries. Each built anew every time."""
    few = _image(stock, "A further image of numpy and pandas", standard.PACKAGES, goal=15, full=False)
    return [few, _image(stock, "An image of scipy, scikit-learn and matplotlib", SCIENCE, goal=20, full=True)]


def _image(stock: Stock, name: str, preload: tuple[str, ...], *, goal: float, full: bool) -> Figure:
    bundle = stock.many if full else stock.many or stock.few
    if bundle is None:
        return Figure("building", name, note=NO_FULL)
    store, samples = Store(stock.scratch), list[float]()
    with stock.progress.step(f"build: {name}", total=_RUNS) as step:
        for turn in range(_RUNS):
            started = time.perf_counter()
            # An import more than any image has, so that there is none to reuse.
            built = stock.build("bench-build", bundle, (*preload, "decimal"))
            samples.append(time.perf_counter() - started)
            store.remove("image", built.id)
            step.note(f"{turn + 1} of {_RUNS} in {samples[-1]:.1f} s")
            step.advance()
    return figure("building", name, samples, unit="s", goal=goal)


def package(stock: Stock) -> list[Figure]:
    """An image with one more pure-Python package, from the block that asks for it to the image that has it imported.

    Its wheel is fetched beforehand; without a network and without the wheel there is nothing to measure.
    """
    name = "An image with one more pure-Python package, its wheel at hand"
    policy = Policy.from_environment()
    try:
        install([_ADDED], {}, home=stock.home, policy=policy, progress=stock.progress)
    except BuildError as error:
        return [Figure("building", name, note=f"not measured: {error}".partition("\n")[0])]
    home, samples = stock.home, list[float]()
    with scratch_home(home, home.bundles, home.images, home.downloads) as scratch:
        standard.require_images(home=scratch, progress=stock.progress)
        with stock.progress.step(f"build: {name}", total=_RUNS) as step:
            for _ in range(_RUNS):
                provider = Provider(scratch, replace(policy, offline=True), SilentProgress(), disk_bytes=1 << 40)
                started = time.perf_counter()
                # What else it imports makes it an image that nobody has.
                built = provider.provide(f"import {_ADDED}, decimal, fractions, statistics", [_ADDED])
                samples.append(time.perf_counter() - started)
                Store(scratch).remove("image", built.image)
                step.advance()
    return [figure("building", name, samples, unit="s", goal=10)]


def full(stock: Stock) -> list[Figure]:
    """The bundle of all libraries and the images on it, once, from wheels that are there already."""
    policy, samples, home = Policy.from_environment(), list[float](), stock.home
    with scratch_home(home, home.downloads, home.tools) as scratch:
        started = time.perf_counter()
        full_bundle.build(home=scratch, policy=policy, progress=stock.progress)
        samples.append(time.perf_counter() - started)
        built = Store(scratch).open("bundle", standard.FULL, verify=False)
        count = built.manifest.details["libraries"]
    name = f"The bundle of all {count} libraries and two images of it, the wheels at hand"
    return [figure("building", name, samples, unit="s", goal=300)]


def full_left_out(_stock: Stock) -> list[Figure]:
    """Takes the place of `full` in a run that doesn't ask for it."""
    note = "takes minutes; measured with --builds"
    return [Figure("building", "The bundle of all libraries, the wheels at hand", note=note)]
