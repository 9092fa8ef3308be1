"""Gains over the network without a penalty: on what scale they are drawn, and their display."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tautnet.objective.registry import BASELINE, described
from tautnet.prose.words import number
from tautnet.views.cells import figure
from tautnet.views.older import upgraded
from tautnet.views.plotting import (
    BLUE,
    INK,
    MUTED,
    SMALL,
    Display,
    label,
    penalty_label,
    plain_numbers,
)
from tautnet.views.standing import (
    BOOSTING,
    CONSTANT,
    LINEAR,
    gain_key,
    leading_penalty,
    marks,
    named_rows,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Rows that are no penalties, and may be far off.
OTHERS = (LINEAR, BOOSTING, BASELINE)


def walked(result):
    """The rows of penalties that have a path of strengths; without a penalty there is one, 0."""
    return [row for row in result["rows"] if row["alpha"] > 0]


def drawn_penalty(result):
    """The penalty whose path is drawn.

    The one delivered if it selects predictors, else one that does, else any.

    Returns
    -------
    str or None
        None where no penalty has a path.
    """
    names = [row["penalty"] for row in walked(result)]
    selecting = [name for name in names if removes_on_its_path(name)]
    # Whole predictors that leave make the clearest picture.
    first = leading_penalty(result)
    selecting.sort(key=lambda name: (name != first, not described(name).is_joint))
    return next(iter([*selecting, *names]), None)


def removes_on_its_path(name):
    kind = described(name)
    return kind.selects and kind.relaxed_of is None


def row_of(result, name):
    """The row of a penalty; the error names those that were compared."""
    rows = {row["penalty"]: row for row in result["rows"]}
    if name not in rows:
        raise ValueError(f"{name!r} was not compared: use one of {', '.join(rows)}")
    return rows[name]


def penalised(result, name):
    """The row and detail of a penalty that has a path, by default the one that is drawn."""
    name = drawn_penalty(result) if name is None else name
    row = None if name is None else row_of(result, name)
    if row not in walked(result):
        raise ValueError(f"{name} has no path of strengths: name a penalty that was compared")
    return row, result["detail"]["penalties"][name]


class PenaltyDisplay(Display):
    """A display of one penalty."""

    @classmethod
    @abstractmethod
    def from_result(cls, result: dict[str, Any], penalty: str | None = None) -> Self:
        """Make the display of one penalty of the object that ``result.json`` holds."""

    @classmethod
    def from_comparison(cls, comparison: Any, penalty: str | None = None) -> Self:
        """Make the display of one penalty of a `Comparison`.

        None picks the one whose path says most.
        """
        return cls.from_result(comparison.whole(), penalty)


@dataclass
class ComparisonDisplay(Display):
    """By how much each row's loss is lower than that without a penalty, with 95 % intervals.

    Parameters
    ----------
    rows : list of dict
        ``penalty``, ``diff``, ``ci_low``, ``ci_high``.
    marked : dict
        Rows that are marked, by name, and the word for each: "recommended", or "delivered" for
        what the model file holds where that is another.
    against : {"unpenalised", "constant"}
    metric : str

    Examples
    --------
    >>> row = {"penalty": "l2", "diff": 0.3, "ci_low": 0.1, "ci_high": 0.5}
    >>> display = ComparisonDisplay([row], {"l2": "recommended"}, "unpenalised", "log-loss")
    >>> display.frame().loc["l2", "diff"]
    np.float64(0.3)
    """

    rows: list[dict[str, Any]]
    marked: dict[str, str]
    against: str
    metric: str

    @classmethod
    def from_result(cls, result: dict[str, Any]) -> Self | None:
        """Make the display of the object that ``result.json`` holds.

        None where there is nothing to compare.
        """
        result = upgraded(result)
        key, against = gain_key(result)
        rows = [
            {"penalty": name} | {part: row[key][part] for part in ("diff", "ci_low", "ci_high")}
            for name, row in rows_with_gain(result)
        ]
        if not rows:
            return None
        return cls(rows, marks(result), against, result["metric"])

    def frame(self) -> "pd.DataFrame":
        """One row a penalty, with ``diff``, ``ci_low`` and ``ci_high``."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("penalty")

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        ax = self._axes(ax)
        ax.set_xlim(*gain_limits(self.rows))
        for i, row in enumerate(self.rows):
            _gain_line(ax, i, row, row["penalty"] in self.marked)
        ax.axvline(0, color=INK, linewidth=0.9)
        names = [self._name(row["penalty"]) for row in self.rows]
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(
            f"{label(self.metric)} lower than that of {self.against}, 95 % interval (right of 0 is"
            " better)"
        )
        ax.xaxis.set_major_formatter(plain_numbers())
        return self

    def _name(self, name):
        """The name of a row, with what it is marked with."""
        word = self.marked.get(name)
        return penalty_label(name) + (f" ({word})" if word else "")


def rows_with_gain(result):
    """The rows of a result whose gain is known, each a pair of name and row.

    Penalties, the linear map, boosting, and what is chosen.
    """
    key, _ = gain_key(result)
    return [
        (name, row)
        for name, row in named_rows(result)
        if name != CONSTANT and row[key] is not None and row[key]["diff"] is not None
    ]


def gain_limits(rows):
    """Limits of an axis of gains that show the penalties well.

    A linear map, boosting or the unpenalised network may be so much worse that nothing else could
    be told apart, so they do not set them.
    """
    shown = [row for row in rows if row["penalty"] not in OTHERS] or rows[:1]
    ends = [0.0, *(value for row in shown for value in interval_ends(row))]
    span = (max(ends) - min(ends)) or 1.0
    low = min(ends) - 0.06 * span
    high = max(ends) + 0.06 * span
    everything = [value for row in rows for value in interval_ends(row)]
    least = min(everything)
    most = max(everything)
    # Nothing is cut off to win a little room.
    if low - span < least < low:
        low_shown = least - 0.06 * span
    else:
        low_shown = low
    if high < most < high + span:
        high_shown = most + 0.06 * span
    else:
        high_shown = high
    return low_shown, high_shown


def interval_ends(versus):
    """Both ends of a difference's interval, or the difference itself where it has none."""
    return [versus["diff"] if versus[end] is None else versus[end] for end in ("ci_low", "ci_high")]


def _gain_line(ax, i, row, recommended):
    """Draw one gain with its interval, and write it at the right.

    An arrow stands where the interval ends beyond the picture.
    """
    color = BLUE if recommended else MUTED
    width = 2.6 if recommended else 1.8
    low, high = interval_ends(row)
    left, right = ax.get_xlim()
    ax.plot([low, high], [i, i], color=color, linewidth=width, solid_capstyle="round")
    ax.plot(row["diff"], i, "o", color=color, markersize=7 if recommended else 5.5)
    inwards = 0.012 * (right - left)
    if low < left:
        ax.plot(left + inwards, i, "<", color=color, markersize=8)
    if high > right:
        ax.plot(right - inwards, i, ">", color=color, markersize=8)
    ax.text(
        1.015,
        i,
        f"{number(row['diff'])} ({figure(row['ci_low'])}, {figure(row['ci_high'])})",
        transform=ax.get_yaxis_transform(),
        va="center",
        fontsize=SMALL,
        color=INK,
        fontweight="bold" if recommended else "normal",
    )
