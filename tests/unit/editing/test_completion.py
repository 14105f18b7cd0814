"""The handle of the helper process: one that hangs, dies or talks nonsense costs one answer and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.store import Store
from cellblock_service.editing import completion
from cellblock_service.editing.completion import Completer
from cellblock_service.errors import QueueFull

pytestmark = pytest.mark.asyncio
NOTHING = {"items": [], "incomplete": True}

# A helper whose code is a command.
STUB = """
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    command = request["code"]
    if command == "hang": time.sleep(1000)
    if command == "slow": time.sleep(0.5)
    if command == "die": os._exit(3)
    if command == "babble": print("no json", flush=True); continue
    answer = {"n": request["n"], "items": [{"label": str(os.getpid())}], "incomplete": False}
    if command == "fail": answer |= {"items": [], "failed": "RecursionError: deep"}
    print(json.dumps(answer), flush=True)
    if command == "last": os._exit(0)
"""

Make = Callable[..., Completer]


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[Completer] = []

    def start(answer_s: float = 20.0) -> Completer:
        made.append(Completer(Store(Home(tmp_path)), program=("-c", STUB), answer_s=answer_s))
        return made[-1]

    yield start
    for each in made:
        await each.close()


async def ask(completer: Completer, code: str = "") -> str:
    """Ask, give the label of the one item: the process that answered."""
    answer = await completer.complete(code, 1, 1, image="data")
    return str(answer["items"][0]["label"]) if answer["items"] else ""


async def test_one_process_answers_all(make: Make) -> None:
    completer = make()
    assert len({await ask(completer) for _ in range(3)}) == 1


async def test_many_at_once_take_turns(make: Make) -> None:
    completer = make()
    assert len(set(await asyncio.gather(*(ask(completer) for _ in range(completion.MAX_WAITING))))) == 1


async def test_too_many_at_once_are_refused(make: Make) -> None:
    completer = make()
    tasks = [asyncio.create_task(ask(completer, "slow")) for _ in range(completion.MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await ask(completer)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await ask(completer)


async def test_one_that_hangs_is_replaced(make: Make) -> None:
    completer = make(answer_s=3.0)
    first = await ask(completer)
    assert await completer.complete("hang", 1, 1, image="data") == NOTHING
    second = await ask(completer)
    assert first != second != ""


@pytest.mark.parametrize("command", ["die", "babble"])
async def test_code_that_kills_it_has_no_completion(make: Make, command: str) -> None:
    completer = make()
    assert await completer.complete(command, 1, 1, image="data") == NOTHING
    assert await ask(completer)


async def test_one_that_ended_is_started_again(make: Make) -> None:
    completer = make()
    first = await ask(completer, "last")
    second = await ask(completer)
    assert first != second != ""


async def test_an_answer_nobody_waits_for_goes_to_nobody(make: Make) -> None:
    completer = make()
    await ask(completer)
    failing = asyncio.create_task(completer.complete("fail", 1, 1, image="data"))
    await asyncio.sleep(0)
    asked = asyncio.create_task(ask(completer, "slow"))
    await asyncio.sleep(0.1)
    failing.cancel()
    asked.cancel()
    assert await ask(completer)


async def test_it_ends_when_nobody_asks(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "IDLE_S", 0.05)
    completer = make()
    first = await ask(completer)
    async with asyncio.timeout(20):
        while completer._process is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert await ask(completer) != first
