"""How sure a selection of predictors is: p-values or frequencies beside what they have to reach,
and order of exit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tautnet.views.canvas import (
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

SHOWN = 30


@dataclass
class SelectionDisplay(Display):
    """P-values beside the line of Benjamini and Hochberg, or frequencies beside the threshold of
    stability selection.

    And the strength at which each predictor leaves the path, on an axis of its own above.

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
        rows = [
            {
                "name": one["name"],
                "selected": one["name"] in result["selected"],
                key: one[key],
                "threshold": share * rank if key == "p_value" else result["threshold"],
            }
            | {
                exit: np.nan if one[exit] is None else one[exit]
                for exit in ("exit_alpha", "exit_alpha_sd")
            }
            for rank, one in enumerate(result["predictors"], 1)
        ]
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
        ax, rows = self._axes(ax), self.rows[:SHOWN]
        by_p_value = "p_value" in rows[0]
        values = [row["p_value" if by_p_value else "frequency"] for row in rows]
        places = range(len(rows))
        ax.hlines(places, 0 if not by_p_value else 1, values, color=MUTED, linewidth=0.8)
        for is_selected, color, words in ((True, BLUE, "selected"), (False, MUTED, "not selected")):
            own = [i for i in places if rows[i]["selected"] is is_selected]
            ax.plot([values[i] for i in own], own, "o", color=color, markersize=5, label=words)
        line = (
            f"Benjamini-Hochberg, {self.level:g}"
            if by_p_value
            else f"threshold, {rows[0]['threshold']:g}"
        )
        ax.plot(
            [row["threshold"] for row in rows],
            list(places),
            color=VERMILION,
            linestyle="--",
            label=line,
        )
        ax.set_yticks(list(places), [label(row["name"]) for row in rows], color=INK, fontsize=SMALL)
        ax.invert_yaxis()
        if by_p_value:
            ax.set_xscale("log")
        ax.set_xlabel(
            "p-value, holdout randomization test"
            if by_p_value
            else "share of halves among the largest"
        )
        plain_ticks(ax, x=True)
        handles, labels = ax.get_legend_handles_labels()
        if handle := _exits(ax, rows):
            handles, labels = [*handles, handle], [*labels, "leaves at alpha (above)"]
        above = 1.12 if handle else 1.0
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


def _exits(ax, rows):
    """Draw where predictors leave, on a logarithmic axis above; what to show in a legend, None
    where none leaves.
    """
    alphas, spread = (
        np.array([row[key] for row in rows], float) for key in ("exit_alpha", "exit_alpha_sd")
    )
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
