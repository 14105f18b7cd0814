"""Who is asked what a block imports, when workers are lost meanwhile."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from cellblock_sandbox.needs import Survey
from cellblock_service.errors import ServiceError
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.settings import Settings
from cellblock_service.workers.frames import Frame, failed

pytestmark = pytest.mark.asyncio
LOST = Frame(failed("WorkerCrashed", "the worker process was killed by SIGKILL"))
TOLD = Frame({"kind": "answer", "survey": asdict(Survey())})


class Answering:
    """A pool that gives these answers, one after the other."""

    def __init__(self, *answers: Frame) -> None:
        self.answers = list(answers)

    async def ask(self, frame: Frame, *, within_s: float) -> Frame:
        assert (frame.kind, within_s > 0) == ("survey", True)
        return self.answers.pop(0)


async def found(home: Path, *answers: Frame) -> Any:
    catalogue = Catalogue(Settings(home=home, full_bundle="on-demand"), Answering(*answers))  # type: ignore[arg-type]
    await catalogue.start()
    return await catalogue.provision(["import json"], []), catalogue.standard_id


async def test_a_second_worker_is_asked_when_the_first_is_lost(image_home: Path) -> None:
    provision, standard = await found(image_home, LOST, TOLD)
    assert provision.image == standard


@pytest.mark.parametrize(
    "answers",
    [(LOST, LOST), (Frame(failed("GuestCrashed", "was killed by itself")),)],
    ids=["lost", "failed"],
)
async def test_no_third_is(image_home: Path, answers: tuple[Frame, ...]) -> None:
    with pytest.raises(ServiceError, match=r"couldn't be told: .*killed by"):
        await found(image_home, *answers)
