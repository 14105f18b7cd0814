"""The figures that a block leaves open in matplotlib's pyplot: drawn and closed, they come back with its result."""

import sys
import weakref
from typing import Any

from ..values.pictures import Picture, draw, figure_of
from .interruption import interruption

MAX_FIGURES = 20
"""Figures that come back from one run."""

_sent: weakref.WeakSet[Any] = weakref.WeakSet()


def note_sent(value: Any) -> None:
    """Remember the figures in what a block has sent: they don't come back once more."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and pyplot.get_fignums():
        _sent.update(_figures_in(value))


def open_figures(result: Any, max_bytes: int) -> list[Picture]:
    """Draw the figures that are open in pyplot, except those in `result` or sent before, and close all of them.

    What isn't drawn (more than MAX_FIGURES, more than `max_bytes` together, a figure that can't be drawn) is told on
    stderr. Nothing happens where pyplot isn't imported.
    """
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None or not pyplot.get_fignums():
        return []
    try:
        known = {id(figure) for figure in [*_figures_in(result), *_sent]}
        return _drawn([pyplot.figure(number) for number in pyplot.get_fignums()], known, max_bytes)
    finally:
        _sent.clear()
        pyplot.close("all")


def close_figures() -> None:
    """Close the figures that a failed block left open: they are no figures of the next one."""
    _sent.clear()
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def _drawn(figures: list[Any], known: set[int], max_bytes: int) -> list[Picture]:
    pictures: list[Picture] = []
    kept = [figure for figure in figures if id(figure) not in known]
    for figure in kept[:MAX_FIGURES]:
        try:
            picture = draw(figure)
        except Exception as error:  # a figure holds code of the block: formatters, artists
            if interruption.deadline is not None:
                raise
            _complain(f"figure {figure.number} can't be drawn: {type(error).__name__}: {error}")
            continue
        max_bytes -= len(picture.data)
        if max_bytes < 0:
            _complain(f"figure {figure.number} and those after it are left out: they are over the limit of a result")
            break
        pictures.append(picture)
    if len(kept) > MAX_FIGURES:
        _complain(f"{len(kept)} figures were left open, of which the first {MAX_FIGURES} come back")
    return pictures


def _complain(text: str) -> None:
    print(f"[{text}]", file=sys.stderr)  # noqa: T201 (the block's stderr)


def _figures_in(value: Any, depth: int = 8) -> list[Any]:
    """The figures in a result, as deep as anyone would put them."""
    figure = figure_of(value)
    if figure is not None:
        return [figure]
    items = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(items, list | tuple | set) or not depth:
        return []
    return [each for item in items for each in _figures_in(item, depth - 1)]
