"""Why a value can't travel: the walk that finds the culprit and its path, once packing has failed."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from .format import MAX_DEPTH, PLAIN, ValueNotPortable, check_key, short, with_article

Attempt = Callable[[Any], object]
"""Packs a value, or raises."""


def explain(value: Any, root: str, error: Exception, attempt: Attempt) -> ValueNotPortable:
    """Make the refusal that names what in `value` `attempt` could not pack, and where it is."""
    try:
        for found in _culprits(value, root, set(), attempt):
            return found
    except RecursionError:
        return ValueNotPortable(type(value).__name__, root, "nested too deeply to travel")
    if isinstance(error, ValueNotPortable):
        return error.at(root)
    return ValueNotPortable(type(value).__name__, root, f"{with_article(type(value).__name__)} can't travel: {error}")


def _culprits(value: Any, path: str, trail: set[int], attempt: Attempt) -> Iterator[ValueNotPortable]:
    """Walk `value`, naming each thing that can't travel; the caller stops at the first."""
    children = _children(value, path)
    if children is None:
        refusal = _refusal(value, path, attempt)
        if refusal is not None:
            yield refusal
        return
    if id(value) in trail:
        yield ValueNotPortable(type(value).__name__, path, f"{with_article(type(value).__name__)} that holds itself")
        return
    if len(trail) > MAX_DEPTH:
        yield ValueNotPortable(type(value).__name__, path, "nested too deeply to travel")
        return
    if isinstance(value, dict):
        for key in value:
            try:
                check_key(key)
            except ValueNotPortable as refusal:
                yield refusal.at(path)
    trail.add(id(value))
    for child, child_path in children:
        yield from _culprits(child, child_path, trail, attempt)
    trail.discard(id(value))


def _children(value: Any, path: str) -> Iterator[tuple[Any, str]] | None:
    """Give the things inside `value` with their paths; None when it holds none that could be at fault."""
    if isinstance(value, dict):
        return ((item, f"{path}[{short(key)}]") for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ((item, f"{path}[{i}]") for i, item in enumerate(value))
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return ((value.iloc[:, i], f"{path}[{short(name)}]") for i, name in enumerate(value.columns))
    if pandas is not None and isinstance(value, pandas.Series) and value.dtype == object:
        return ((item, f"{path}[{i}]") for i, item in enumerate(value.tolist()))
    if numpy is not None and isinstance(value, numpy.ndarray) and value.dtype == object:
        return ((item, f"{path}[{', '.join(map(str, place))}]") for place, item in numpy.ndenumerate(value))
    return None


def _refusal(value: Any, path: str, attempt: Attempt) -> ValueNotPortable | None:
    if type(value) in PLAIN and type(value) is not str:
        return None
    try:
        attempt(value)
    except ValueNotPortable as refusal:
        return refusal.at(path)
    except UnicodeEncodeError:
        return ValueNotPortable(type(value).__name__, path, "text with a lone surrogate can't travel")
    except (TypeError, ValueError, OverflowError, RecursionError, BufferError) as error:
        return ValueNotPortable(type(value).__name__, path, f"{with_article(type(value).__name__)}: {error}")
    return None
