"""The display of how sure a selection is: p-values or frequencies, and when predictors leave."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tautnet.views.plotting import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    SMALL,
    VERMILION,
    Display,
    label,
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Predictors that are drawn at most.
SHOWN = 30


@dataclass
class SelectionDisplay(Display):
    """P-values or frequencies of predictors beside what they have to reach, and order of exit.

    P-values stand beside the line of Benjamini and Hochberg (1995), frequencies beside the
    threshold of stability selection. The strength at which each predictor leaves the path has an
    axis of its own above.

    Parameters
    ----------
    rows : list of dict
        ``name``, ``selected``, ``threshold``, ``p_value`` or ``frequency``, ``exit_alpha`` (NaN
        where it never leaves) and ``exit_alpha_sd``, over folds, of its logarithm to base 10;
        one a predictor, the surest first. A predictor is selected where its p-value, or that of
        one further down, is at most the threshold, or its frequency at least.
    level : float
        The false discovery rate, or the number of false ones that is allowed.

    Examples
    --------
    >>> exits = {"exit_alpha": 0.3, "exit_alpha_sd": 0.1}
    >>> predictors = [{"name": "x1", "p_value": 0.002} | exits,
    ...     {"name": "x2", "p_value": 0.4} | exits]
    >>> result = {"method": "randomization", "level": 0.1, "selected": ["x1"],
    ...     "predictors": predictors}
    >>> SelectionDisplay.from_result(result).frame()["threshold"].tolist()
    [0.05, 0.1]
    """

    rows: list[dict[str, Any]]
    level: float

    @classmethod
    def from_result(cls, result: dict[str, Any]) -> Self:
        """Make the display of the object that ``tautnet select --json`` prints."""
        key = "p_value" if result["method"] == "randomization" else "frequency"
        share = result["level"] / len(result["predictors"])
        rows = []
        for rank, one in enumerate(result["predictors"], 1):
            row = {
                "name": one["name"],
                "selected": one["name"] in result["selected"],
                key: one[key],
                "threshold": share * rank if key == "p_value" else result["threshold"],
            }
            for exit in ("exit_alpha", "exit_alpha_sd"):
                row[exit] = np.nan if one[exit] is None else one[exit]
            rows.append(row)
        return cls(rows, result["level"])

    @classmethod
    def from_selection(cls, selection: Any) -> Self:
        """Make the display of a `Selection`."""
        return cls.from_result(selection.result)

    def frame(self) -> "pd.DataFrame":
        """One row a predictor, the surest first."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index("name")

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones; of many predictors the first thirty.

        A diamond is where a predictor leaves the path of all rows, its line one standard
        deviation over folds.
        """
        ax = self._axes(ax)
        rows = self.rows[:SHOWN]
        if "p_value" in rows[0]:
            line = f"Benjamini-Hochberg, {self.level:g}"
            _values(ax, rows, "p_value", 1, line)
            ax.set_xscale("log")
            ax.set_xlabel("p-value, holdout randomization test")
        else:
            line = f"threshold, {rows[0]['threshold']:g}"
            _values(ax, rows, "frequency", 0, line)
            ax.set_xlabel("share of halves among the largest")
        plain_ticks(ax, x=True)
        handles, labels = ax.get_legend_handles_labels()
        above = 1.0
        if handle := _exits(ax, rows):
            handles.append(handle)
            labels.append("leaves at alpha (above)")
            above = 1.12
        ax.legend(
            handles,
            labels,
            loc="lower center",
            bbox_to_anchor=(0.5, above),
            ncols=2,
            frameon=False,
            fontsize=SMALL,
        )
        return self


def _values(ax, rows, key, start, line):
    """Draw the value of each predictor as a line from ``start`` with a dot, and the thresholds."""
    places = range(len(rows))
    ax.hlines(places, start, [row[key] for row in rows], color=MUTED, linewidth=0.8)
    for is_selected, color, words in ((True, BLUE, "selected"), (False, MUTED, "not selected")):
        own = [i for i in places if rows[i]["selected"] is is_selected]
        ax.plot([rows[i][key] for i in own], own, "o", color=color, markersize=5, label=words)
    thresholds = [row["threshold"] for row in rows]
    ax.plot(thresholds, list(places), color=VERMILION, linestyle="--", label=line)
    ax.set_yticks(list(places), [label(row["name"]) for row in rows], color=INK, fontsize=SMALL)
    ax.invert_yaxis()


def _exits(ax, rows):
    """Draw where predictors leave, on a logarithmic axis above.

    Returns
    -------
    matplotlib.lines.Line2D or None
        What a legend shows; None where no predictor leaves.
    """
    alphas = np.array([row["exit_alpha"] for row in rows], float)
    spread = np.array([row["exit_alpha_sd"] for row in rows], float)
    leaves = np.flatnonzero(np.isfinite(alphas) & (alphas > 0))
    if not len(leaves):
        return None
    above = ax.twiny()
    above.set_xscale("log")
    factors = 10.0 ** np.nan_to_num(spread[leaves])
    # A little lower than the dots, which would hide them.
    above.hlines(
        leaves + 0.25,
        alphas[leaves] / factors,
        alphas[leaves] * factors,
        color=GREEN,
        linewidth=1.4,
    )
    handle = above.plot(alphas[leaves], leaves + 0.25, "D", color=GREEN, markersize=4)[0]
    above.set_xlabel(
        "alpha at which it leaves, ± one standard deviation over folds", fontsize=SMALL
    )
    plain_ticks(above, x=True)
    return handle
