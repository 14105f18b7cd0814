"""The catalogue: which image each block runs in, remembered by its code; what is missing is being built.

A block is looked at once: a worker surveys what its code imports (milliseconds), and mostly the standard image serves.
Otherwise a builder process makes the image, one at a time; requests for the same block wait for the same build.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import structlog
from cellblock_sandbox.errors import SandboxError
from cellblock_sandbox.image import standard
from cellblock_sandbox.image.distribution import Distribution
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store
from cellblock_sandbox.needs import Provision, Survey, serves

from cellblock_service.errors import ImageLoading, NotReady, QueueFull, ServiceError
from cellblock_service.images import supplies
from cellblock_service.images.building import Build, carry_out
from cellblock_service.settings import Settings
from cellblock_service.workers.frames import Frame, Meta
from cellblock_service.workers.pool import Pool

REMEMBERED = 4096
WAITING_BUILDS = 16
SURVEY_S = 15.0
USED_EVERY_S = 60.0

Value = TypeVar("Value")

log = structlog.get_logger(__name__)


class Catalogue:
    """Finds images for blocks. `start()` it with the service, `close()` it before the pool."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self.store = Store(Home.find(settings.home))
        self._known: OrderedDict[str, Provision] = OrderedDict()
        self._installed: OrderedDict[str, list[dict[str, str]]] = OrderedDict()
        self._builds: dict[str, tuple[Build, asyncio.Task[Any]]] = {}
        self._used: dict[str, float] = {}
        self.standard_id = settings.image
        """The id of the image that serves most blocks, or its name as long as it isn't there."""
        self._turn = asyncio.Lock()
        self._distribution: Distribution | None = None

    async def start(self) -> None:
        """Begin the full bundle in the background, if the operator wants it and it isn't there."""
        await self._look_up_standard()
        if self._settings.full_bundle == "background" and not await asyncio.to_thread(standard.has_full, self.store):
            self._begin("full", Build("the full bundle"), partial(self._build, {"kind": "full"}))

    async def close(self) -> None:
        """End all builds; what they had fetched is kept."""
        tasks = [task for _, task in self._builds.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def loading(self) -> list[Build]:
        """Give the builds under way and waiting."""
        return [build for build, _ in self._builds.values() if build.needed]

    async def provision(
        self, texts: Sequence[str], packages: Sequence[str], *, patience_s: float | None = None
    ) -> Provision:
        """Give the image for a block, of which all `texts` run in the same sandbox; build it if it isn't there.

        Raises PackageUnavailable for a listed package that can't be had, BuildFailed, QueueFull, NotReady, and
        ImageLoading when the build takes longer than `patience_s`: it goes on meanwhile.
        """
        if not packages and not any("import" in text for text in texts):
            return self._standard()
        key = _key(sorted(texts), sorted(packages))
        known = self._known.get(key)
        if known is None or not await self._in_use(known.image):
            known = await self._found(key, texts, packages, patience_s)
        _remember(self._known, key, known)
        return known

    def forget(self, texts: Sequence[str], packages: Sequence[str]) -> None:
        """Look for this block's image again next time: it went away meanwhile."""
        self._known.pop(_key(sorted(texts), sorted(packages)), None)

    def _standard(self) -> Provision:
        """The standard image by its id of now: its name may come to mean a better one."""
        return Provision(self.standard_id)

    async def _look_up_standard(self) -> None:
        """Find the standard image's id. One that isn't there keeps its name, for a worker to tell."""
        with contextlib.suppress(SandboxError):
            self.standard_id = await asyncio.to_thread(self.store.resolve, "image", self._settings.image)

    async def install(self, requirements: Sequence[str], installed: Mapping[str, str]) -> list[dict[str, str]]:
        """Give name, version and path of the wheels that a running block asks for, beside those it has.

        Raises PackageUnavailable, BuildFailed.
        """
        key = _key(sorted(requirements), sorted(installed.items()))
        found = self._installed.get(key)
        if found is None:
            task = {"kind": "install", "requirements": list(requirements), "installed": dict(installed)}
            found = await carry_out(self._complete(task), Build(", ".join(requirements)))
        _remember(self._installed, key, found)
        return found

    async def fetch(self, request: Meta) -> bytes:
        """Give a worker on another machine a piece of a file of an image, a bundle or a wheel. Raises ServiceError."""
        return await asyncio.to_thread(supplies.piece, self.store, request)

    async def look_up(self, name: str) -> dict[str, Any]:
        """Give name, version, whether it is `binary`, and `origin` of what a package would come as.

        Raises PackageUnavailable, with the nearest that can be had, and BuildFailed.
        """
        found: dict[str, Any] = await carry_out(self._complete({"kind": "look_up", "name": name}), Build(name))
        return found

    async def _in_use(self, image: str) -> bool:
        """Count an image as used, once in a while; False if it isn't there any more."""
        now = asyncio.get_running_loop().time()
        if now - self._used.get(image, -USED_EVERY_S) >= USED_EVERY_S:
            if not await asyncio.to_thread(self.store.use, "image", image):
                return False
            self._used[image] = now
        return True

    async def _found(
        self, key: str, texts: Sequence[str], packages: Sequence[str], patience_s: float | None
    ) -> Provision:
        """Wait for the search for this block's image, begun here unless it is under way."""
        if key not in self._builds:
            self._begin(key, Build(", ".join(packages) or "what a block imports"), partial(self._find, texts, packages))
        build, running = self._builds[key]
        try:
            async with asyncio.timeout(patience_s):
                found: Provision = await asyncio.shield(running)
        except TimeoutError:
            said = f"an image for this block is being built; {build.describe()}"
            raise ImageLoading(said, progress=build.progress()) from None
        return found

    async def _survey(self, image: str, code: str) -> Survey:
        """Ask a worker, and a second one if the first is lost: the text may have nothing to do with that."""
        frame = Frame({"kind": "survey", "image": image}, [code.encode()])
        for _ in range(2):
            answer = await self._pool.ask(frame, within_s=SURVEY_S)
            if "survey" in answer.meta:
                return Survey(**{name: tuple(found) for name, found in answer.meta["survey"].items()})
            error = answer.meta["error"]
            if error["type"] != "WorkerCrashed":
                break
        raise ServiceError(f"what the block imports couldn't be told: {error['message']}")

    async def _find(self, texts: Sequence[str], packages: Sequence[str], build: Build) -> Provision:
        """Have a worker tell what the texts import; if the standard image doesn't serve, have one built."""
        try:
            image = await asyncio.to_thread(self.store.open, "image", self.standard_id, verify=False)
        except SandboxError as error:
            raise NotReady(str(error)) from error
        wanted = Survey()
        for text in texts:
            wanted |= await self._survey(image.id, text)
        if self._distribution is None:
            self._distribution = await asyncio.to_thread(standard.distribution, self.store.home, SilentProgress())
        if serves(self._distribution, image.manifest.packages, wanted, packages):
            return Provision(image.id)
        code, *also = texts or [""]
        task = {"kind": "provide", "code": code, "also": also, "packages": list(packages)}
        return Provision(**await self._build(task, build))

    def _begin(self, key: str, build: Build, work: Callable[[Build], Coroutine[Any, Any, Any]]) -> None:
        running = asyncio.create_task(work(build), name=f"build-{key[:8]}")
        self._builds[key] = build, running
        running.add_done_callback(lambda task: self._ended(key, task))

    def _ended(self, key: str, task: asyncio.Task[Any]) -> None:
        """Take a build off the list. What went wrong has been logged, and told to those who wait, if anyone does."""
        self._builds.pop(key)
        if not task.cancelled():
            task.exception()

    async def _build(self, task: dict[str, Any], build: Build) -> Any:
        """Build when it is this build's turn: two at once would only slow each other and the workers down."""
        if len(self.loading()) >= WAITING_BUILDS:
            raise QueueFull(f"{WAITING_BUILDS} images are waiting to be built", headers={"Retry-After": "5"})
        build.needed = True
        # The full bundle takes minutes, which nobody's image has to wait for.
        async with contextlib.nullcontext() if task["kind"] == "full" else self._turn:
            log.info("build_started", title=build.title)
            try:
                result = await carry_out(self._complete(task), build)
            except ServiceError as error:
                log.warning("build_failed", title=build.title, reason=error.detail)
                raise
            await self._look_up_standard()
            log.info("build_finished", title=build.title, seconds=build.progress()["seconds"])
            return result

    def _complete(self, task: dict[str, Any]) -> dict[str, Any]:
        return task | {
            "home": str(self.store.home.root),
            "disk_bytes": self._settings.images_disk_bytes,
        }


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _remember(memory: OrderedDict[str, Value], key: str, value: Value) -> None:
    """Keep the most recently used."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
