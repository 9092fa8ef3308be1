"""The display of the size of each predictor's weights along a path."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tautnet.objective.strengths import nearest
from tautnet.views.gains import PenaltyDisplay, penalised
from tautnet.views.plotting import (
    CROSS_VALIDATED,
    INK,
    LINES,
    SMALL,
    attribute,
    drawn_numbers,
    label,
    penalty_label,
    penalty_name,
    plain_ticks,
    spread,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Predictors that are named.
NAMED = 10
# Predictors that are drawn faint behind them.
FAINT = 150
# How far below the chosen strength a path is drawn.
OVER_FITTED = 10


@dataclass
class PathDisplay(PenaltyDisplay):
    """Size of each predictor's weights along the path; the largest are named.

    Parameters
    ----------
    penalty : str
    alphas : array (n_alphas,)
    norms : array (n_alphas, n_predictors)
        Norms of all first-layer and skip weights of each predictor, on the standardised scale.
    predictors : list of str
    chosen : int
        Index of the strength that was chosen.

    Examples
    --------
    >>> from tautnet.estimators.cross_validated import TautNetRegressorCV
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=3, seed=0)
    >>> X, y = table.frame[["x1", "x2", "x3"]], table.frame["y"]
    >>> model = TautNetRegressorCV("l1", cv=3, hidden_layer_sizes=(), random_state=0).fit(X, y)
    >>> PathDisplay.from_estimator(model).frame().columns.tolist()
    ['x1', 'x2', 'x3']
    """

    penalty: str
    alphas: NDArray[np.float64]
    norms: NDArray[np.float64]
    predictors: list[str]
    chosen: int

    @classmethod
    def from_result(cls, result: dict[str, Any], penalty: str | None = None) -> Self:
        """Make the display of the object that ``result.json`` holds."""
        row, detail = penalised(result, penalty)
        alphas = drawn_numbers(detail["path"]["alphas"])
        return cls(
            penalty=row["penalty"],
            alphas=alphas,
            norms=drawn_numbers(detail["path"]["norms"]),
            predictors=result["detail"]["predictors"],
            chosen=nearest(alphas, row["alpha"]),
        )

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Make the display of a fitted ``CV`` estimator.

        With ``feature_groups`` its lines are groups.
        """
        path = attribute(estimator, "path_", CROSS_VALIDATED)
        return cls(
            penalty=penalty_name(estimator),
            alphas=path.alphas,
            norms=path.norms,
            predictors=estimator.path_predictors_,
            chosen=nearest(path.alphas, estimator.alpha_),
        )

    def frame(self) -> "pd.DataFrame":
        """One row a strength, one column a predictor."""
        import pandas as pd

        return pd.DataFrame(self.norms, pd.Index(self.alphas, name="alpha"), self.predictors)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        ax = self._axes(ax)
        order = np.lexsort((-self.norms.max(axis=0), -self.norms[self.chosen]))
        # Weights of the over-fitted end say little and would press the rest flat.
        drawn = self.alphas >= self.alphas[self.chosen] / OVER_FITTED
        alphas = self.alphas[drawn]
        norms = self.norms[drawn]
        named = order[:NAMED]
        faint = order[NAMED : NAMED + FAINT]
        ax.set_xscale("log")
        ax.plot(alphas, norms[:, faint], color="#c7ccd3", linewidth=0.8, zorder=1)
        mark = "o" if len(alphas) == 1 else None
        for i, (color, style) in zip(named, LINES, strict=False):
            ax.plot(alphas, norms[:, i], color=color, linestyle=style, linewidth=1.6, marker=mark)
        ax.axvline(self.alphas[self.chosen], color=INK, linewidth=0.9, alpha=0.75)
        # Roots keep apart what is small, and zero is on the picture.
        ax.set_yscale("function", functions=(np.sqrt, np.square))
        ax.set_ylim(0, (norms.max() or 1.0) * 1.06)
        ax.set_xlim(alphas[0] * (0.9 if len(alphas) == 1 else 1), alphas[-1] * 1.1)
        ax.set(
            xlabel=f"alpha ({penalty_label(self.penalty)}); the upright line is the alpha chosen",
            ylabel="norm of weights",
        )
        plain_ticks(ax, x=True, y=True)
        _name_lines(ax, [self.predictors[i] for i in named], norms[0, named])
        return self


def _name_lines(ax, names, starts):
    """Write names at the left, where the lines start, pushed apart, each tied to its line."""
    low, high = ax.get_ylim()
    starts = np.sqrt(np.maximum(starts - low, 0) / (high - low))
    heights = spread(starts, 0.058)
    for name, start, height, (color, style) in zip(names, starts, heights, LINES, strict=False):
        ax.annotate(
            label(name),
            xy=(0, start),
            xytext=(-0.05, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="right",
            va="center",
            color=INK,
            fontsize=SMALL,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "linestyle": style,
                "linewidth": 1.1,
                "shrinkA": 2,
                "shrinkB": 0,
                "relpos": (1, 0.5),
            },
        )
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.spines["right"].set_visible(True)
