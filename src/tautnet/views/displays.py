"""Displays: static pictures of a finished comparison for papers and slides, data first, then
``plot``.

They follow scikit-learn's `Display` objects: made by ``from_comparison``, ``from_result`` or
``from_estimator``, the data are in ``frame()``, and ``plot(ax)`` draws on any matplotlib axes
and leaves ``ax_`` and ``figure_`` behind.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tautnet.objective.strengths import nearest
from tautnet.prose.words import NEARLY_SOLVED, SETTLED, SOLVED, number
from tautnet.views.canvas import (
    BLUE,
    GREEN,
    INK,
    LINES,
    MUTED,
    PURPLE,
    SMALL,
    VERMILION,
    Display,
    attribute,
    label,
    penalty_name,
    plain_ticks,
    spread,
)
from tautnet.views.gains import PenaltyDisplay, penalised

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

CROSS_VALIDATED = "one that chose its alpha by cross-validation, as TautNetClassifierCV"
# Predictors that are named, those drawn faint, and how far below the chosen strength a path is
# drawn.
NAMED, FAINT, OVER_FITTED = 10, 150, 10
# Of predictors kept along an axis.
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
        alphas, mean, error, train = (
            _array(detail[key]) for key in ("alphas", "cv_mean", "cv_se", "train_mean")
        )
        path = detail["path"]
        kept = np.array([path["n_features"][nearest(path["alphas"], alpha)] for alpha in alphas])
        return cls(
            row["penalty"],
            result["metric"],
            alphas,
            mean,
            error,
            train,
            result["null"]["test_loss"],
            detail["alpha_min"],
            detail["alpha_1se"],
            _array(path["alphas"])[
                stopped(_array(path["stationarity"]), _array(path["objective_gap"]))
            ],
            kept,
        )

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Make the display of a fitted ``CV`` estimator."""
        curves, path = attribute(estimator, "cv_results_", CROSS_VALIDATED), estimator.path_
        names = ("alpha", "mean_test_loss", "se_test_loss", "mean_train_loss")
        alphas, mean, error, train = (curves[name] for name in names)
        return cls(
            penalty_name(estimator),
            path.unit.settings.loss.metric_name,
            alphas,
            mean,
            error,
            train,
            estimator.null_loss_,
            estimator.alpha_min_,
            estimator.alpha_1se_,
            path.alphas[stopped(path.stationarity, path.objective_gap)],
            curves["n_features"],
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

        ax, mark = self._axes(ax), "o" if len(self.alphas) == 1 else None
        ax.set_xscale("log")
        ax.fill_between(
            self.alphas,
            self.mean - self.error,
            self.mean + self.error,
            color=BLUE,
            alpha=0.18,
            lw=0,
        )
        ax.plot(
            self.alphas, self.mean, color=BLUE, marker=mark, label="new rows, ± one standard error"
        )
        ax.plot(
            self.alphas, self.train, color=VERMILION, marker=mark, linestyle="--", label="rows seen"
        )
        ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
        ax.axvline(self.least, color=INK, linewidth=0.9, alpha=0.75, label="least")
        ax.axvline(
            self.one_se, color=INK, linestyle="--", linewidth=0.9, alpha=0.75, label="one-SE choice"
        )
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
        self._limit(ax)
        above = 0 if np.ptp(self.n_features) == 0 else self._count(ax)
        ax.set(xlabel=f"alpha ({label(self.penalty)})", ylabel=label(self.metric, 40))
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
        """The over-fitted end may be a hundred times worse than a constant: what matters lies
        below.
        """
        top, least = (
            min(np.nanmax([*(self.mean + self.error), self.null]) * 1.06, 2.5 * self.null),
            self.mean.min(),
        )
        if 0 < least < 0.15 * self.null:
            ax.set_yscale("log")
            ax.set_ylim(max(np.nanmin(self.train), least / 8), 1.1 * top)
        else:
            ax.set_ylim(0, max(top, 1.1 * least))


def stopped(stationarity, objective_gap):
    """Where on a path models were stopped on their way, by the verdict's own limits."""
    return (stationarity > NEARLY_SOLVED) | ((stationarity > SOLVED) & (objective_gap > SETTLED))


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
        alphas, norms = _array(detail["path"]["alphas"]), _array(detail["path"]["norms"])
        return cls(
            row["penalty"],
            alphas,
            norms,
            result["detail"]["predictors"],
            nearest(alphas, row["alpha"]),
        )

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Make the display of a fitted ``CV`` estimator; with ``feature_groups`` its lines are
        groups.
        """
        path, names = attribute(estimator, "path_", CROSS_VALIDATED), estimator.path_predictors_
        return cls(
            penalty_name(estimator),
            path.alphas,
            path.norms,
            names,
            nearest(path.alphas, estimator.alpha_),
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
        alphas, norms = self.alphas[drawn], self.norms[drawn]
        named, faint = order[:NAMED], order[NAMED : NAMED + FAINT]
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
            xlabel=f"alpha ({label(self.penalty)}); the upright line is the alpha chosen",
            ylabel="norm of weights",
        )
        plain_ticks(ax, x=True, y=True)
        _name_lines(ax, [self.predictors[i] for i in named], norms[0, named])
        return self


def _name_lines(ax, names, starts):
    """Names at the left, where the lines start, pushed apart, each tied to its line."""
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


@dataclass
class TrainingCurveDisplay(Display):
    """Loss of ``none`` against steps of training, and what stopping early could have had.

    Parameters
    ----------
    steps, train, test : arrays (n_steps,)
    null : float
    metric : str

    Examples
    --------
    >>> display = TrainingCurveDisplay(np.array([10, 20]), np.array([0.3, 0.1]),
    ...     np.array([0.4, 0.5]), 0.7, "log-loss")
    >>> int(display.frame()["test_loss"].idxmin())
    10
    """

    steps: NDArray[Any]
    train: NDArray[np.float64]
    test: NDArray[np.float64]
    null: float
    metric: str

    @classmethod
    def from_result(cls, result: dict[str, Any]) -> Self | None:
        """Make the display of the object that ``result.json`` holds; None where ``none`` was not
        compared.
        """
        one = result["detail"]["none"]
        if one is None:
            return None
        steps, train, test = (_array(one[key]) for key in ("steps", "train", "test"))
        return cls(steps, train, test, result["null"]["test_loss"], result["metric"])

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Make the display of a ``CV`` estimator that was fitted with ``penalty="none"``."""
        curve = attribute(estimator, "training_curve_", f"{CROSS_VALIDATED}, with penalty='none'")
        metric = estimator.unit_.settings.loss.metric_name
        steps, train, test = (curve[name] for name in ("step", "mean_train_loss", "mean_test_loss"))
        return cls(steps, train, test, estimator.null_loss_, metric)

    def frame(self) -> "pd.DataFrame":
        """One row a step that was recorded."""
        import pandas as pd

        columns = {"step": self.steps.astype(int), "train_loss": self.train, "test_loss": self.test}
        return pd.DataFrame(columns).set_index("step")

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        ax, best = self._axes(ax), int(np.nanargmin(self.test))
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.plot(self.steps, self.test, color=BLUE, label="new rows")
        ax.plot(self.steps, self.train, color=VERMILION, linestyle="--", label="rows seen")
        ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
        floor = max(np.nanmin(self.train), self.test[best] / 100) / 1.5
        ax.set_ylim(floor, max(np.nanmax([*self.test, *self.train]), self.null) * 1.6)
        ax.axvline(self.steps[best], color=INK, linewidth=0.9, alpha=0.75)
        words = (
            f"early stopping could have had {number(self.test[best])} at step"
            f" {int(self.steps[best]):,}"
        )
        ax.plot(
            self.steps[best],
            self.test[best],
            "o",
            color=GREEN,
            markeredgecolor="white",
            markersize=7,
            zorder=5,
            label=words,
        )
        ax.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=SMALL
        )
        ax.set(xlabel="steps of training, no penalty", ylabel=label(self.metric, 40))
        plain_ticks(ax, x=True, y=True)
        return self


def _array(values):
    """Numbers of a JSON list; null is NaN, which is not drawn."""
    return np.array(values, float)
