from collections.abc import Hashable, Iterable, Sequence, Sized
from typing import Protocol, runtime_checkable


@runtime_checkable
class Closable(Protocol):
    def close(self): ...


class File:
    def close(self):
        return "closed"

    def __len__(self):
        return 3


class Custom(Sequence):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        if not 0 <= index < 4:
            raise IndexError(index)
        return index * index


custom = Custom()
try:
    type("Broken", (Sequence,), {})()
except TypeError as error:
    problem = str(error)
result = (isinstance(File(), Closable), isinstance(1, Closable), isinstance(File(), Sized), isinstance([], Hashable), list(reversed(custom)), 9 in custom, custom.index(4), custom.count(1), issubclass(Custom, Iterable), problem)
