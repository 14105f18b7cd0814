"""Which sandboxes a worker has ready, gives out, keeps and closes."""

from __future__ import annotations

from typing import Any

import pytest
from cellblock_sandbox import Limits
from cellblock_service.workers import shelf as shelves
from cellblock_service.workers.shelf import IN_USE_S, MAX_STATES, OPEN_IMAGES, Shelf, TooManyStates

DEFAULTS = Limits()


class StubSandbox:
    def __init__(self, image: str, limits: Limits) -> None:
        self.image, self.limits, self.alive = image, limits, True

    def close(self) -> None:
        self.alive = False


class StubImage:
    """An image whose sandboxes are only noted, in `made`."""

    def __init__(self, ident: str, made: list[StubSandbox]) -> None:
        self.id, self._made = ident, made

    def sandbox(self, limits: Limits, *, installer: Any) -> StubSandbox:
        self._made.append(StubSandbox(self.id, limits))
        return self._made[-1]


@pytest.fixture
def made() -> list[StubSandbox]:
    return []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(shelves.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def shelf(made: list[StubSandbox], clock: list[float]) -> Shelf:
    first: Any = StubImage("first", made)
    prepared = Shelf(first, lambda ident: StubImage(ident, made), DEFAULTS, lambda *_: [])
    prepared.prepare()
    return prepared


def alive(made: list[StubSandbox]) -> list[str]:
    return [each.image for each in made if each.alive]


def test_one_is_ready_and_the_used_one_is_closed(shelf: Shelf, made: list[StubSandbox]) -> None:
    assert alive(made) == ["first"]
    taken = shelf.take("first", Limits(timeout_s=5, output_bytes=7))
    assert taken is made[0]
    shelf.prepare()
    assert not taken.alive
    assert alive(made) == ["first"]


@pytest.mark.parametrize("other", [{"memory_mb": 512}, {"file_bytes": 5}, {"files": 5}])
def test_other_room_is_another_sandbox(shelf: Shelf, made: list[StubSandbox], other: dict[str, int]) -> None:
    taken = shelf.take("first", Limits(**other))  # type: ignore[arg-type]
    assert taken is not made[0]
    assert taken.limits == Limits(**other)  # type: ignore[arg-type]
    shelf.prepare()
    assert alive(made) == ["first"]


def test_each_image_in_use_has_one_ready(shelf: Shelf, made: list[StubSandbox], clock: list[float]) -> None:
    for ident in ("first", "second", "third"):
        shelf.take(ident, DEFAULTS)
        shelf.prepare()
    assert sorted(alive(made)) == ["first", "second", "third"]
    clock[0] += IN_USE_S - 1
    shelf.take("second", DEFAULTS)
    clock[0] += 2
    count = len(made)
    shelf.prepare()
    assert [each.image for each in made[count:]] == ["second"]


def test_an_image_that_was_only_looked_into_has_none_ready(shelf: Shelf, made: list[StubSandbox]) -> None:
    shelf.image("second")
    shelf.prepare()
    assert alive(made) == ["first"]


def test_open_images_are_bounded(shelf: Shelf, made: list[StubSandbox]) -> None:
    for number in range(OPEN_IMAGES + 3):
        shelf.take(f"image {number}", DEFAULTS)
        shelf.prepare()
    assert alive(made) == [f"image {number}" for number in range(3, OPEN_IMAGES + 3)]


def test_kept_sandboxes_stay_until_released_or_dead(shelf: Shelf, made: list[StubSandbox]) -> None:
    first, state = shelf.take_kept("a", "first", DEFAULTS, reset=False)
    shelf.prepare()
    assert (state, first.alive, shelf.states()) == ("new", True, ["a"])
    assert shelf.take_kept("a", "first", DEFAULTS, reset=False) == (first, "kept")
    second, state = shelf.take_kept("a", "first", DEFAULTS, reset=True)
    assert (state, first.alive, second.alive) == ("new", False, True)
    second.close()
    assert shelf.states() == []
    third, _ = shelf.take_kept("a", "first", DEFAULTS, reset=False)
    shelf.release(["a", "nobody"])
    assert (third.alive, shelf.states()) == (False, [])


def test_a_kept_sandbox_of_another_kind_is_replaced(shelf: Shelf) -> None:
    kept, _ = shelf.take_kept("a", "first", DEFAULTS, reset=False)
    assert shelf.take_kept("a", "first", Limits(timeout_s=1), reset=False) == (kept, "kept")
    assert shelf.take_kept("a", "second", DEFAULTS, reset=False)[1] == "new"
    assert shelf.take_kept("a", "second", Limits(memory_mb=99), reset=False)[1] == "new"
    assert shelf.states() == ["a"]


def test_kept_sandboxes_are_bounded(shelf: Shelf) -> None:
    for number in range(MAX_STATES):
        shelf.take_kept(str(number), "first", DEFAULTS, reset=False)
    with pytest.raises(TooManyStates, match="64"):
        shelf.take_kept("more", "first", DEFAULTS, reset=False)
    assert shelf.take_kept("0", "first", DEFAULTS, reset=True)[1] == "new"
