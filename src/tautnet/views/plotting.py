"""What all pictures share: colours, labels, axes, and how a figure becomes the bytes of an image.

matplotlib is imported inside the functions, and its figures are used without pyplot: nothing global
is touched, no display is opened, and two threads may draw at once.
"""

import base64
import io
import re
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from tautnet.objective.registry import adaptive_name, described
from tautnet.prose.words import DIGITS, number, shown_name
from tautnet.views.cells import readable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INK = "#1f2328"
MUTED = "#6b7280"
GRID = "#e5e7eb"
# Okabe and Ito's colours without yellow, which is pale on white; told apart with any colour vision.
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
PURPLE = "#cc79a7"
ORANGE = "#e69f00"
SKY = "#56b4e9"
LINES = [
    (color, style)
    for style in ("-", "--")
    for color in (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
]
FONT = "DejaVu Sans"
# Size of the font beside the axes, in points.
SMALL = 8.5
# Width of a figure in inches, and CSS pixels an inch.
WIDTH = 9.0
PIXELS = 96
LONGEST_NAME = 26
# Significant digits that labels of an axis have at most.
MOST_DIGITS = 12
# What an error asks for where an estimator lacks what is drawn.
CROSS_VALIDATED = "one that chose its alpha by cross-validation, as TautNetClassifierCV"


class Picture(NamedTuple):
    """An image and what to say to those who do not see it.

    Attributes
    ----------
    data : bytes
    kind : {"svg", "png"}
    width, height : int
        In CSS pixels.
    description : str
    """

    data: bytes
    kind: str
    width: int
    height: int
    description: str

    @property
    def source(self):
        """What stands as the source of an image in a page that loads nothing."""
        kind = {"svg": "svg+xml"}.get(self.kind, self.kind)
        return f"data:image/{kind};base64,{base64.b64encode(self.data).decode('ascii')}"


class Display(ABC):
    """What all displays share: data first, then ``plot``.

    They follow scikit-learn's `Display` objects: made by ``from_comparison``, ``from_result`` or
    ``from_estimator``, the data are in ``frame()``, and ``plot(ax)`` draws on any matplotlib axes
    and leaves ``ax_`` and ``figure_`` behind.
    """

    ax_: "Axes"
    figure_: Any

    @classmethod
    @abstractmethod
    def from_result(cls, result: dict[str, Any]) -> Self | None:
        """Make the display of the object that ``result.json`` holds; None without data."""

    @abstractmethod
    def frame(self) -> "pd.DataFrame":
        """What is drawn, as a data frame."""

    @abstractmethod
    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""

    @classmethod
    def from_comparison(cls, comparison: Any) -> Self | None:
        """Make the display of a `Comparison`; None where that has nothing to draw."""
        return cls.from_result(comparison.whole())

    def _axes(self, ax):
        """The axes to draw on, remembered."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots()[1]
        self.ax_ = ax
        self.figure_ = ax.figure
        return ax


def attribute(estimator, name, owners):
    """A fitted attribute of an estimator that only some have; the error names those."""
    check_is_fitted(estimator)
    if not hasattr(estimator, name):
        raise ValueError(f"this {type(estimator).__name__} has nothing to draw here: give {owners}")
    return getattr(estimator, name)


def penalty_name(estimator):
    """The name of an estimator's penalty, as `compare` has it."""
    own = getattr(estimator, "penalty_", estimator.penalty)
    is_adaptive = getattr(estimator, "adaptive_", estimator.adaptive)
    return adaptive_name(own) if is_adaptive and described(own).is_on_weights else own


def strength(estimator):
    """The strength of an estimator's penalty; 0 for those that have none."""
    if hasattr(estimator, "alpha_"):
        return estimator.alpha_
    if not described(estimator.penalty).has_strength:
        return 0.0
    return getattr(estimator, "alpha", None)


def drawn_numbers(values):
    """Numbers of a JSON list; null is NaN, which is not drawn."""
    return np.array(values, float)


@cache
def _characters():
    """Code points that the font can draw."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont(FONT)).get_charmap())


def label(text, longest=LONGEST_NAME):
    """A stranger's text as a label: shortened, and drawn as it stands.

    A box takes the place of a character that the font lacks.

    Examples
    --------
    >>> label("price $x^2$ \\U0010ffff")
    'price \\\\$x^2\\\\$ □'
    >>> label("a" * 300, 5)
    'aaaa…'
    """
    text = readable(text)
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    drawn = "".join(character if ord(character) in _characters() else "□" for character in text)
    # Between two bare dollar signs matplotlib would read a formula.
    return drawn.replace("$", r"\$")


def spread(places, distance):
    """Places between 0 and 1 moved apart, as little as that takes, in the order they were in.

    Examples
    --------
    >>> spread(np.array([0.5, 0.5, 0.0]), 0.2).round(2).tolist()
    [0.5, 0.7, 0.0]
    """
    order = np.argsort(places, kind="stable")
    moved = np.array(places, float)
    floor = 0.0
    for i in order:
        moved[i] = max(moved[i], floor)
        floor = moved[i] + distance
    ceiling = 1.0
    for i in order[::-1]:
        moved[i] = min(moved[i], ceiling)
        ceiling = moved[i] - distance
    return moved


def blank_figure(height):
    """A figure of the common width without axes; the height is in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), facecolor="white", layout="constrained")


def tick_labels(values):
    """Labels of an axis, with as many digits as tell them apart and say where they stand.

    Examples
    --------
    >>> tick_labels([0.0, 5000.0, 10000.0]), tick_labels([1000.0, 1002.5, 1005.0])
    (['0', '5,000', '10,000'], ['1,000', '1,002.5', '1,005'])
    """
    different = np.unique(np.array(values, float))
    # A label may be off by a hundredth of a step, which nobody sees.
    allowed = np.diff(different).min(initial=np.inf) / 100
    digits = DIGITS
    while digits < MOST_DIGITS and any(
        abs(float(f"{value:.{digits}g}") - value) > allowed for value in different
    ):
        digits += 1
    return [number(value, digits) for value in values]


def plain_numbers():
    """A formatter of matplotlib that writes `tick_labels`."""
    from matplotlib.ticker import Formatter

    class PlainNumbers(Formatter):
        def __call__(self, value, pos=None):
            return number(value)

        def format_ticks(self, values):
            return tick_labels(values)

    return PlainNumbers()


def penalty_label(penalty):
    """The name of a penalty as a label."""
    return label(shown_name(penalty))


def plain_ticks(panel, *, x=False, y=False):
    """Tick labels as plain numbers, 1-2-5 where a logarithmic axis spans little."""
    from matplotlib.ticker import LogLocator, NullFormatter

    for axis, wanted in ((panel.xaxis, x), (panel.yaxis, y)):
        if not wanted:
            continue
        low, high = sorted(axis.get_view_interval())
        if axis.get_scale() == "log":
            narrow = high / max(low, 1e-300) < 300
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=8))
            axis.set_minor_formatter(NullFormatter())
        axis.set_major_formatter(plain_numbers())


def renumber(svg):
    """An SVG image with its random names numbered instead: the same picture has the same bytes.

    Examples
    --------
    >>> renumber(b'<path id="m0123456789"/><use href="#m0123456789"/>')
    b'<path id="n0"/><use href="#n0"/>'
    """
    found = dict.fromkeys(re.findall(rb'\bid="([a-zA-Z][0-9a-f]{10})"', svg))
    new = {name: b"n%d" % i for i, name in enumerate(found)}
    return re.sub(
        rb'((?:\bid="|#))([a-zA-Z][0-9a-f]{10})\b', lambda m: m[1] + new.get(m[2], m[2]), svg
    )


def finished_picture(figure, kind, description):
    """Style a figure alike and turn it into bytes."""
    from matplotlib.text import Text

    for panel in figure.axes:
        panel.spines[["top", "right"]].set_visible(panel.yaxis.get_label_position() == "right")
        panel.spines["top"].set_visible(False)
        panel.spines[:].set_color(MUTED)
        panel.tick_params(colors=INK, labelsize=SMALL)
        # Of two axes that share a panel one has a grid.
        if panel.xaxis.get_label_position() == "bottom":
            panel.grid(
                color=GRID,
                linewidth=0.7,
                axis="both" if panel.spines["left"].get_visible() else "x",
            )
        panel.set_axisbelow(True)
    for text in figure.findobj(Text):
        text.set_fontfamily(FONT)
    target = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(target, format=kind, dpi=2 * PIXELS, metadata=metadata)
    data = renumber(target.getvalue()) if kind == "svg" else target.getvalue()
    width, height = figure.get_size_inches()
    return Picture(data, kind, round(PIXELS * width), round(PIXELS * height), readable(description))
