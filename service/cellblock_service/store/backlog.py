"""What isn't on disk yet: the executions under way and those that ended since the last batch.

Lives on the event loop and is never shared with a thread, so it needs no lock. An entry holds all changes of one
execution since it began, and goes when its end is on disk. So a slow disk lets changes of an execution come together
in one row rather than queue up, what was just put can be read, and a lost file loses nothing of what is under way.

Memory is bounded when nothing can be written: first the oldest results and texts go, then the oldest executions that
have ended; both are counted. Those under way stay, the service's own queue bounds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cellblock_service.store.changes import Begun, Change, Ended, Record, fold

BATCH = 500
BATCH_WEIGHT = 8 << 20
MOST_WEIGHT = 64 << 20
ENTRY_WEIGHT = 2048
MOST_CHANGES = 64
BARE_ERROR_BYTES = 200


@dataclass(slots=True, eq=False)
class Entry:
    """One execution: its changes, its row's number once it was given one, and which state of it is on disk."""

    changes: list[Change]
    number: int | None = None
    version: int = 1
    weight: int = ENTRY_WEIGHT

    @property
    def key(self) -> tuple[str, str]:
        """Owner and id."""
        return self.changes[0].owner, self.changes[0].id

    @property
    def ended(self) -> bool:
        """Whether it has reached its final status."""
        return isinstance(self.changes[-1], Ended)


class Work(NamedTuple):
    """An entry as it was when the writer took it."""

    entry: Entry
    number: int
    version: int
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Losses:
    """What couldn't be kept: executions without their results and texts, and executions altogether."""

    shortened: int = 0
    dropped: int = 0
    unwritable: int = 0


@dataclass(slots=True)
class Backlog:
    """Changes on their way to the disk. `add` them, `take` a batch, `settle` it when it is written."""

    result_bytes: int
    tail_bytes: int
    most_weight: int = MOST_WEIGHT
    next_number: int = 1
    weight: int = 0
    losses: Losses = field(default_factory=Losses)
    _entries: dict[Entry, None] = field(default_factory=dict)
    _newest: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _unwritten: dict[Entry, None] = field(default_factory=dict)
    _whole: dict[Entry, None] = field(default_factory=dict)
    _droppable: dict[Entry, None] = field(default_factory=dict)

    def __len__(self) -> int:
        """Give the number of executions with changes that aren't on disk."""
        return len(self._unwritten)

    def add(self, change: Change) -> None:
        """Take in a change. One of an execution that isn't under way changes nothing.

        Raises ValueError when an execution begins that is under way.
        """
        key = (change.owner, change.id)
        entry = self._newest.get(key)
        if isinstance(change, Begun):
            if entry is not None and not entry.ended:
                raise ValueError(f"execution {change.id} of {change.owner} has begun before and hasn't ended")
            entry = self._newest[key] = Entry([change])
            self._entries[entry] = None
            self.weight += entry.weight
        elif entry is None or entry.ended:
            return
        elif isinstance(change, Ended):
            self._end(entry, change.shortened(self.result_bytes, self.tail_bytes))
        elif len(entry.changes) < MOST_CHANGES:
            entry.changes.append(change)
        else:
            entry.changes[-1] = change
        entry.version += 1
        self._unwritten[entry] = None
        if self.weight > self.most_weight:
            self._shed()

    def find(self, execution: str, owner: str | None) -> Record | None:
        """Give the newest execution of this id that is here; of any owner when `owner` is None."""
        if owner is not None:
            entry = self._newest.get((owner, execution))
        else:
            entry = next((entry for entry in reversed(self._entries) if entry.key[1] == execution), None)
        return fold(entry.changes) if entry else None

    def newest_first(self, owner: str | None) -> Iterator[Entry]:
        """Give the executions of one owner, or of all, that are here."""
        return (entry for entry in reversed(self._entries) if owner in (None, entry.key[0]))

    def take(self) -> list[Work]:
        """Give the next batch, those that have waited longest; it stays here until it is settled."""
        batch: list[Work] = []
        weight = 0
        for entry in self._unwritten:
            if len(batch) == BATCH or weight > BATCH_WEIGHT:
                break
            if entry.number is None:
                entry.number, self.next_number = self.next_number, self.next_number + 1
                self._droppable.pop(entry, None)
            batch.append(Work(entry, entry.number, entry.version, tuple(entry.changes)))
            weight += entry.weight
        return batch

    def settle(self, batch: list[Work]) -> None:
        """Let go of what is on disk; what changed meanwhile lines up again."""
        for work in batch:
            self._unwritten.pop(work.entry, None)
            if work.entry.version != work.version:
                self._unwritten[work.entry] = None
            elif work.entry.ended:
                self._forget(work.entry)

    def discard(self, work: Work) -> None:
        """Give up an execution that the database doesn't take."""
        self.losses.unwritable += 1
        self._forget(work.entry)

    def start_over(self) -> None:
        """Line up everything again, for a new file."""
        self._unwritten = dict.fromkeys(self._entries)
        for entry in self._entries:
            entry.number = None

    def _end(self, entry: Entry, ended: Ended) -> None:
        entry.changes.append(ended)
        added = ended.weight()
        entry.weight += added
        self.weight += added
        self._whole[entry] = None
        if entry.number is None:
            self._droppable[entry] = None

    def _shed(self) -> None:
        """Make room: results and texts first, then whole executions, the oldest ends first.

        One that was given a number may have a row, which would look as if it were running for ever: it stays. There
        are no more of those than were under way when writing failed.
        """
        while self.weight > self.most_weight and self._whole:
            self._shorten(next(iter(self._whole)))
        while self.weight > self.most_weight and self._droppable:
            self._forget(next(iter(self._droppable)))
            self.losses.dropped += 1

    def _shorten(self, entry: Entry) -> None:
        ended = entry.changes[-1]
        assert isinstance(ended, Ended)
        entry.changes[-1] = bare = ended.shortened(0, 0, BARE_ERROR_BYTES)
        freed = ended.weight() - bare.weight()
        entry.weight -= freed
        self.weight -= freed
        self._whole.pop(entry)
        self.losses.shortened += 1

    def _forget(self, entry: Entry) -> None:
        if entry not in self._entries:
            return
        for index in (self._entries, self._unwritten, self._whole, self._droppable):
            index.pop(entry, None)
        self.weight -= entry.weight
        if self._newest.get(entry.key) is entry:
            del self._newest[entry.key]
