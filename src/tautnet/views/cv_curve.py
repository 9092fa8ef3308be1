"""The display of a penalty's cross-validated loss against its strength."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tautnet.objective.strengths import nearest
from tautnet.prose.words import NEARLY_SOLVED, SETTLED, SOLVED
from tautnet.views.gains import PenaltyDisplay, penalised
from tautnet.views.plotting import (
    BLUE,
    CROSS_VALIDATED,
    INK,
    MUTED,
    PURPLE,
    SMALL,
    VERMILION,
    attribute,
    drawn_numbers,
    label,
    penalty_label,
    penalty_name,
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Numbers of predictors kept that are written along the axis at the top.
COUNTS = 9


@dataclass
class CVDisplay(PenaltyDisplay):
    """Loss on new rows and on rows seen against the strength of a penalty.

    Parameters
    ----------
    penalty, metric : str
    alphas, mean, error, train : arrays (n_alphas,)
        Strengths; cross-validated loss and its standard error; loss on rows seen.
    null : float
        Loss of the constant prediction.
    least, one_se : float
        The strengths that the two rules choose.
    stopped : array (n_stopped,)
        Strengths at which training was stopped on its way.
    n_features : int array (n_alphas,)
        Number of predictors kept by the fit on all rows.

    Examples
    --------
    >>> from tautnet.estimators.cross_validated import TautNetRegressorCV
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=3, seed=0)
    >>> X, y = table.frame[["x1", "x2", "x3"]], table.frame["y"]
    >>> model = TautNetRegressorCV("l1", cv=3, hidden_layer_sizes=(), random_state=0).fit(X, y)
    >>> CVDisplay.from_estimator(model).frame().columns.tolist()
    ['mean_test_loss', 'se_test_loss', 'mean_train_loss', 'n_features']
    """

    penalty: str
    metric: str
    alphas: NDArray[np.float64]
    mean: NDArray[np.float64]
    error: NDArray[np.float64]
    train: NDArray[np.float64]
    null: float
    least: float
    one_se: float
    stopped: NDArray[np.float64]
    n_features: NDArray[Any]

    @classmethod
    def from_result(cls, result: dict[str, Any], penalty: str | None = None) -> Self:
        """Make the display of the object that ``result.json`` holds."""
        row, detail = penalised(result, penalty)
        path = detail["path"]
        alphas = drawn_numbers(detail["alphas"])
        kept = [path["n_features"][nearest(path["alphas"], alpha)] for alpha in alphas]
        stationarity = drawn_numbers(path["stationarity"])
        objective_gap = drawn_numbers(path["objective_gap"])
        return cls(
            penalty=row["penalty"],
            metric=result["metric"],
            alphas=alphas,
            mean=drawn_numbers(detail["cv_mean"]),
            error=drawn_numbers(detail["cv_se"]),
            train=drawn_numbers(detail["train_mean"]),
            null=result["null"]["test_loss"],
            least=detail["alpha_min"],
            one_se=detail["alpha_1se"],
            stopped=drawn_numbers(path["alphas"])[stopped(stationarity, objective_gap)],
            n_features=np.array(kept),
        )

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Make the display of a fitted ``CV`` estimator."""
        curves = attribute(estimator, "cv_results_", CROSS_VALIDATED)
        path = estimator.path_
        return cls(
            penalty=penalty_name(estimator),
            metric=path.settings.loss.metric_name,
            alphas=curves["alpha"],
            mean=curves["mean_test_loss"],
            error=curves["se_test_loss"],
            train=curves["mean_train_loss"],
            null=estimator.null_loss_,
            least=estimator.alpha_min_,
            one_se=estimator.alpha_1se_,
            stopped=path.alphas[stopped(path.stationarity, path.objective_gap)],
            n_features=curves["n_features"],
        )

    def frame(self) -> "pd.DataFrame":
        """One row a strength."""
        import pandas as pd

        return pd.DataFrame(
            {
                "alpha": self.alphas,
                "mean_test_loss": self.mean,
                "se_test_loss": self.error,
                "mean_train_loss": self.train,
                "n_features": self.n_features,
            }
        ).set_index("alpha")

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        from matplotlib.transforms import ScaledTranslation

        ax = self._axes(ax)
        ax.set_xscale("log")
        self._curves(ax)
        self._choices(ax)
        self._limit(ax)
        above = 0 if np.ptp(self.n_features) == 0 else self._count(ax)
        ax.set(xlabel=f"alpha ({penalty_label(self.penalty)})", ylabel=label(self.metric, 40))
        raised = ax.transAxes + ScaledTranslation(0, above / 72, ax.figure.dpi_scale_trans)
        ax.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            bbox_transform=raised,
            ncols=3,
            frameon=False,
            fontsize=SMALL,
            borderpad=0.2,
            labelspacing=0.3,
        )
        plain_ticks(ax, x=True, y=True)
        return self

    def _curves(self, ax):
        """Draw both losses and that of the constant."""
        mark = "o" if len(self.alphas) == 1 else None
        low = self.mean - self.error
        high = self.mean + self.error
        ax.fill_between(self.alphas, low, high, color=BLUE, alpha=0.18, lw=0)
        words = "new rows, ± one standard error"
        ax.plot(self.alphas, self.mean, color=BLUE, marker=mark, label=words)
        seen = {"color": VERMILION, "marker": mark, "linestyle": "--", "label": "rows seen"}
        ax.plot(self.alphas, self.train, **seen)
        ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")

    def _choices(self, ax):
        """Draw the strengths that the two rules choose, and those where training was stopped."""
        upright = {"color": INK, "linewidth": 0.9, "alpha": 0.75}
        ax.axvline(self.least, label="least", **upright)
        ax.axvline(self.one_se, linestyle="--", label="one-SE choice", **upright)
        ax.plot(
            self.stopped,
            np.zeros(len(self.stopped)),
            "s",
            color=PURPLE,
            transform=ax.get_xaxis_transform(),
            markersize=4,
            clip_on=False,
            label="stopped early",
        )

    def _count(self, ax):
        """The number of predictors kept, on an axis at the top; its height in points."""
        at = np.unique(np.linspace(0, len(self.alphas) - 1, COUNTS).round().astype(int))
        top = ax.secondary_xaxis("top")
        top.set_xticks(self.alphas[at], [f"{count:,}" for count in self.n_features[at]])
        top.set_xticks([], minor=True)
        top.tick_params(labelsize=SMALL, length=3, pad=1, colors=INK)
        top.spines[:].set_color(MUTED)
        # Beside the numbers, not above them, where the legend is.
        ax.annotate(
            "kept",
            (0, 1),
            (-6, 4),
            "axes fraction",
            "offset points",
            ha="right",
            va="bottom",
            fontsize=SMALL,
        )
        return SMALL + 4

    def _limit(self, ax):
        """Limit the axis of losses to those that matter.

        The over-fitted end of a path may be a hundred times worse than a constant.
        """
        largest = np.nanmax([*(self.mean + self.error), self.null])
        top = min(largest * 1.06, 2.5 * self.null)
        least = self.mean.min()
        if 0 < least < 0.15 * self.null:
            ax.set_yscale("log")
            ax.set_ylim(max(np.nanmin(self.train), least / 8), 1.1 * top)
        else:
            ax.set_ylim(0, max(top, 1.1 * least))


def stopped(stationarity, objective_gap):
    """Where on a path models were stopped on their way, by the verdict's own limits."""
    return (stationarity > NEARLY_SOLVED) | ((stationarity > SOLVED) & (objective_gap > SETTLED))
