"""Pictures: matplotlib's figures and Pillow's images travel as PNG, whatever else as the bytes it is with its type."""

import io
import sys
from dataclasses import dataclass
from typing import Any

from .format import ValueNotPortable

# What PNG can hold, and what the rest becomes without losing anything that is seen.
_PNG_MODES = frozenset({"1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA"})
_PLAINER_MODES = {"CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB", "LAB": "RGB", "La": "LA", "RGBa": "RGBA", "PA": "RGBA"}


@dataclass(frozen=True)
class Picture:
    """An encoded image: `data` is a file's content, `mime` its media type, as in "image/png"."""

    mime: str
    data: bytes

    def __post_init__(self) -> None:
        if type(self.mime) is not str or type(self.data) is not bytes:
            raise TypeError("a picture needs a media type and bytes")


def picture_of(value: Any) -> Picture | None:
    """Give a Picture of a matplotlib figure, of the figure of its axes, or of a Pillow image; None for anything else.

    Raises ValueNotPortable for an image that PNG can't hold, and whatever drawing a figure raises.
    """
    if isinstance(value, Picture):
        return value
    figure = figure_of(value)
    if figure is not None:
        return draw(figure)
    images = sys.modules.get("PIL.Image")
    if images is not None and isinstance(value, images.Image):
        return _png(value)
    return None


def figure_of(value: Any) -> Any:
    """Give `value` if it is a matplotlib figure, the figure of its axes, else None."""
    figures, axes = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.axes")
    if axes is not None and isinstance(value, axes.Axes):
        value = value.get_figure(root=True)
    return value if figures is not None and isinstance(value, figures.Figure) else None


def draw(figure: Any) -> Picture:
    """Draw a matplotlib figure in its own size and resolution."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return Picture("image/png", file.getvalue())


def _png(image: Any) -> Picture:
    if image.mode not in _PNG_MODES:
        if image.mode not in _PLAINER_MODES:
            reason = f"an image of mode {image.mode} has no PNG form; return numpy.asarray(image)"
            raise ValueNotPortable("Image", reason=reason)
        image = image.convert(_PLAINER_MODES[image.mode])
    file = io.BytesIO()
    image.save(file, format="png")
    return Picture("image/png", file.getvalue())
