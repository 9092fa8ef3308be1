"""The display of all weights of a model as a histogram: the article's own picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tautnet.objective.histograms import HISTOGRAM_BINS
from tautnet.objective.strengths import nearest
from tautnet.prose.words import number
from tautnet.views.gains import PenaltyDisplay, row_of
from tautnet.views.plotting import (
    BLUE,
    MUTED,
    SMALL,
    VERMILION,
    attribute,
    penalty_label,
    penalty_name,
    plain_ticks,
    strength,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass
class WeightHistogramDisplay(PenaltyDisplay):
    """Histogram of all weights of a model, those that are exactly zero apart.

    Parameters
    ----------
    penalty : str
    alpha : float
    counts : int array (n_bins,)
        Numbers of weights in equal bins, zeros not counted.
    edges : array (n_bins + 1,)
    zeros : int
    largest : float

    Examples
    --------
    >>> from tautnet.estimators.models import TautNetRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> model = TautNetRegressor("l1", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0])
    >>> display = WeightHistogramDisplay.from_estimator(model)
    >>> display.zeros, int(display.frame()["weights"].sum())
    (2, 1)
    """

    penalty: str
    alpha: float
    counts: NDArray[Any]
    edges: NDArray[np.float64]
    zeros: int
    largest: float

    @classmethod
    def from_result(cls, result: dict[str, Any], penalty: str | None = None) -> Self:
        """Make the display of the object that ``result.json`` holds, at the strength chosen."""
        row = row_of(result, result["recommended"] if penalty is None else penalty)
        detail = result["detail"]["penalties"][row["penalty"]]
        path = detail["path"]
        at = nearest(np.array(path["alphas"]), row["alpha"])
        counts = np.array(path["histograms"][at])
        edges = np.linspace(-detail["histogram_limit"], detail["histogram_limit"], len(counts) + 1)
        counts[np.searchsorted(edges, 0.0, side="right") - 1] -= row["zero_weights"]
        return cls(
            penalty=row["penalty"],
            alpha=row["alpha"],
            counts=counts,
            edges=edges,
            zeros=row["zero_weights"],
            largest=row["weight_max_abs"],
        )

    @classmethod
    def from_estimator(cls, estimator: Any, limit: float | None = None) -> Self:
        """Make the display of a fitted estimator, plain or ``CV``.

        Parameters
        ----------
        estimator : estimator
        limit : float, optional
            Where the outermost bins end, which hold all beyond them; the largest magnitude if not
            given. With one limit for two models their bars can be compared.
        """
        coefs = attribute(estimator, "coefs_", "an estimator of tautnet")
        skip = [] if estimator.skip_coef_ is None else [estimator.skip_coef_]
        weights = np.concatenate([w.ravel() for w in [*coefs, *skip]])
        largest = float(np.abs(weights).max())
        end = limit or largest or 1.0
        counts, edges = np.histogram(
            np.clip(weights[weights != 0], -end, end), HISTOGRAM_BINS, (-end, end)
        )
        return cls(
            penalty=penalty_name(estimator),
            alpha=strength(estimator),
            counts=counts,
            edges=edges,
            zeros=int((weights == 0).sum()),
            largest=largest,
        )

    def frame(self) -> "pd.DataFrame":
        """One row a bin: ``low``, ``high``, ``weights``."""
        import pandas as pd

        return pd.DataFrame(
            {"low": self.edges[:-1], "high": self.edges[1:], "weights": self.counts}
        )

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        ax = self._axes(ax)
        width = np.diff(self.edges)
        n_weights = int(self.counts.sum()) + self.zeros
        ax.set_yscale("log")
        # Room above the highest bar that there can be, for the words.
        ax.set_ylim(0.7, 12 * max(n_weights, 2))
        ax.bar(
            self.edges[:-1],
            self.counts,
            width,
            align="edge",
            color=BLUE,
            edgecolor="white",
            linewidth=0.3,
        )
        if self.zeros:
            ax.bar(
                0.0,
                self.zeros,
                width[0] / 2,
                color=VERMILION,
                edgecolor="white",
                linewidth=0.3,
                hatch="///",
            )
        at = f"alpha {number(self.alpha)}" if self.alpha > 0 else "no penalty"
        ax.set_title(
            f"{penalty_label(self.penalty)}, {at}", loc="left", fontweight="bold", fontsize=10
        )
        zeros = f"{self.zeros:,} of {n_weights:,} exactly zero"
        ax.text(
            0.02,
            0.95,
            zeros,
            transform=ax.transAxes,
            va="top",
            fontsize=SMALL,
            color=VERMILION if self.zeros else MUTED,
        )
        ax.text(
            0.98,
            0.95,
            f"largest {number(self.largest)}",
            transform=ax.transAxes,
            va="top",
            ha="right",
            fontsize=SMALL,
            color=MUTED,
        )
        beyond = self.largest > self.edges[-1] * 1.001
        ax.set_xlabel("weight (the outermost bars hold all beyond them)" if beyond else "weight")
        ax.set_ylabel("number of weights")
        plain_ticks(ax, x=True, y=True)
        return self
