"""From requirements to checked wheels on disk, and from a name to what it would come as, in one call each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cellblock_sandbox.image.distribution import Distribution
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.catalogue import Catalogue
from cellblock_sandbox.image.packages.client import Client
from cellblock_sandbox.image.packages.index import Index
from cellblock_sandbox.image.packages.policy import Policy
from cellblock_sandbox.image.packages.resolver import best, resolve
from cellblock_sandbox.image.packages.target import Target
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.sources import Folder, Source, configured_sources
from cellblock_sandbox.image.wheel import Wheel


def open_catalogue(
    *,
    home: Home,
    distribution: Distribution,
    policy: Policy,
    installed: Mapping[str, str],
    progress: Progress,
    sources: Sequence[Source] | None = None,
    client: Client | None = None,
) -> Catalogue:
    """Bring together all that `policy` lets packages come from. `sources` are the configured ones by default."""
    target = Target.of(distribution)
    client = client or Client()
    used = configured_sources(home, progress) if sources is None else list(sources)
    if policy.offline:
        used = [source for source in used if source.at_hand]
    indexes = [Index(url, target, home, client, progress, policy.offline) for url in policy.indexes or ("",)]
    return Catalogue(
        distribution=distribution,
        target=target,
        installed=installed,
        fetcher=Fetcher(home, progress, used),
        folders=[source.path for source in used if isinstance(source, Folder)],
        indexes=indexes,
        client=client,
        progress=progress,
    )


def provide(
    requirements: Iterable[str],
    *,
    home: Home,
    distribution: Distribution,
    policy: Policy,
    installed: Mapping[str, str],
    progress: Progress,
    sources: Sequence[Source] | None = None,
    client: Client | None = None,
) -> list[tuple[Wheel, Path]]:
    """Resolve `requirements` for a guest that has `installed` (names to versions); fetch and check what is to be added.

    The wheels come in an order in which each stands after what it needs. Called again, it works without a network:
    pages, metadata and wheels are kept under `home`. Raises what `resolve` raises, and `SourceUnavailable`,
    `HashMismatch`, `WheelInvalid`, `HomeUnusable`.
    """
    catalogue = open_catalogue(
        home=home,
        distribution=distribution,
        policy=policy,
        installed=installed,
        progress=progress,
        sources=sources,
        client=client,
    )
    resolution = resolve(requirements, catalogue, policy)
    return [(wheel, catalogue.obtain(wheel)[0]) for wheel in resolution.wheels]


def look_up(
    name: str,
    *,
    home: Home,
    distribution: Distribution,
    policy: Policy,
    progress: Progress,
    sources: Sequence[Source] | None = None,
    client: Client | None = None,
) -> Wheel:
    """The wheel that a package would come as by itself, in a guest that has nothing. No wheel is fetched.

    Raises what `resolve` raises; PackageUnknown and WheelMissing name what comes nearest.
    """
    catalogue = open_catalogue(
        home=home,
        distribution=distribution,
        policy=policy,
        installed={},
        progress=progress,
        sources=sources,
        client=client,
    )
    found = best(name, catalogue, policy).wheel
    assert found is not None, "nothing is installed"
    return found
