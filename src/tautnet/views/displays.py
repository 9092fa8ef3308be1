"""Displays: static pictures of a finished comparison for papers and slides, data first, then ``plot``.

They follow scikit-learn's `Display` objects: made by ``from_comparison`` or ``from_result``, the data are in
``frame()``, and ``plot(ax)`` draws on any matplotlib axes and leaves ``ax_`` and ``figure_`` behind.
"""

from dataclasses import dataclass

import numpy as np

from tautnet.fitting.path import nearest
from tautnet.fitting.words import NEARLY_SOLVED, SETTLED, SOLVED, number
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
    label,
    plain_ticks,
    spread,
)
from tautnet.views.gains import drawn_penalty, walked

# Predictors that are named, those drawn faint, and how far below the chosen strength a path is drawn.
NAMED, FAINT, OVER_FITTED = 10, 150, 10


def _row(result, name):
    rows = {row["penalty"]: row for row in result["rows"]}
    if name not in rows:
        raise ValueError(f"{name!r} was not compared: use one of {', '.join(rows)}")
    return rows[name]


def _penalised(result, name):
    """The row and detail of a penalty that has a path, by default the one that is drawn."""
    name = drawn_penalty(result) if name is None else name
    row = None if name is None else _row(result, name)
    if row not in walked(result):
        raise ValueError(f"{name} has no path of strengths: name a penalty that was compared")
    return row, result["detail"]["penalties"][name]


class _PenaltyDisplay(Display):
    """A display of one penalty."""

    @classmethod
    def from_comparison(cls, comparison, penalty=None):
        """Make the display of one penalty of a `Comparison`; None picks the one whose path says most."""
        return cls.from_result(comparison.whole(), penalty)


@dataclass
class CVDisplay(_PenaltyDisplay):
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
    """

    penalty: str
    metric: str
    alphas: object
    mean: object
    error: object
    train: object
    null: float
    least: float
    one_se: float
    stopped: object

    @classmethod
    def from_result(cls, result, penalty=None):
        """Make the display of the object that ``result.json`` holds."""
        row, detail = _penalised(result, penalty)
        mean, error, train = (_array(detail[key]) for key in ("cv_mean", "cv_se", "train_mean"))
        path = detail["path"]
        return cls(
            row["penalty"], result["metric"], _array(detail["alphas"]), mean, error, train,
            result["null"]["test_loss"], detail["alpha_min"], detail["alpha_1se"],
            _array(path["alphas"])[stopped(path)],
        )  # fmt: skip

    def frame(self):
        """One row a strength."""
        import pandas as pd

        return pd.DataFrame(
            {"alpha": self.alphas, "mean_test_loss": self.mean, "se_test_loss": self.error,
             "mean_train_loss": self.train}
        ).set_index("alpha")  # fmt: skip

    def plot(self, ax=None):
        """Draw on axes of one's own, or on new ones."""
        ax, mark = self._axes(ax), "o" if len(self.alphas) == 1 else None
        ax.set_xscale("log")
        ax.fill_between(self.alphas, self.mean - self.error, self.mean + self.error, color=BLUE, alpha=0.18, lw=0)
        ax.plot(self.alphas, self.mean, color=BLUE, marker=mark, label="new rows, ± one standard error")
        ax.plot(self.alphas, self.train, color=VERMILION, marker=mark, linestyle="--", label="rows seen")
        ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
        ax.axvline(self.least, color=INK, linewidth=0.9, alpha=0.75, label="least")
        ax.axvline(self.one_se, color=INK, linestyle="--", linewidth=0.9, alpha=0.75, label="one-SE choice")
        ax.plot(self.stopped, np.zeros(len(self.stopped)), "s", color=PURPLE, transform=ax.get_xaxis_transform(),
                markersize=4, clip_on=False, label="stopped early")  # fmt: skip
        self._limit(ax)
        ax.set(xlabel=f"alpha ({label(self.penalty)})", ylabel=label(self.metric, 40))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=SMALL)
        plain_ticks(ax, x=True, y=True)
        return self

    def _limit(self, ax):
        """The over-fitted end may be a hundred times worse than a constant: what matters lies below."""
        top, least = min(np.nanmax([*(self.mean + self.error), self.null]) * 1.06, 2.5 * self.null), self.mean.min()
        if 0 < least < 0.15 * self.null:
            ax.set_yscale("log")
            ax.set_ylim(max(np.nanmin(self.train), least / 8), 1.1 * top)
        else:
            ax.set_ylim(0, max(top, 1.1 * least))


def stopped(path):
    """Where on a path models were stopped on their way, by the verdict's own limits."""
    residual, gap = _array(path["stationarity"]), _array(path["objective_gap"])
    return (residual > NEARLY_SOLVED) | ((residual > SOLVED) & (gap > SETTLED))


@dataclass
class PathDisplay(_PenaltyDisplay):
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
    """

    penalty: str
    alphas: object
    norms: object
    predictors: list
    chosen: int

    @classmethod
    def from_result(cls, result, penalty=None):
        """Make the display of the object that ``result.json`` holds."""
        row, detail = _penalised(result, penalty)
        alphas, norms = _array(detail["path"]["alphas"]), _array(detail["path"]["norms"])
        return cls(row["penalty"], alphas, norms, result["detail"]["predictors"], nearest(alphas, row["alpha"]))

    def frame(self):
        """One row a strength, one column a predictor."""
        import pandas as pd

        return pd.DataFrame(self.norms, pd.Index(self.alphas, name="alpha"), self.predictors)

    def plot(self, ax=None):
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
        ax.set(xlabel=f"alpha ({label(self.penalty)}); the upright line is the alpha chosen", ylabel="norm of weights")
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
            label(name), xy=(0, start), xytext=(-0.05, height),
            xycoords="axes fraction", textcoords="axes fraction", ha="right", va="center", color=INK,
            fontsize=SMALL, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "linestyle": style, "linewidth": 1.1, "shrinkA": 2,
                        "shrinkB": 0, "relpos": (1, 0.5)},
        )  # fmt: skip
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.spines["right"].set_visible(True)


@dataclass
class WeightHistogramDisplay(_PenaltyDisplay):
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
    """

    penalty: str
    alpha: float
    counts: object
    edges: object
    zeros: int
    largest: float

    @classmethod
    def from_result(cls, result, penalty=None):
        """Make the display of the object that ``result.json`` holds, at the strength that was chosen."""
        row = _row(result, result["recommended"] if penalty is None else penalty)
        detail = result["detail"]["penalties"][row["penalty"]]
        path = detail["path"]
        at = nearest(np.array(path["alphas"]), row["alpha"])
        counts = np.array(path["histograms"][at])
        edges = np.linspace(-detail["histogram_limit"], detail["histogram_limit"], len(counts) + 1)
        counts[np.searchsorted(edges, 0.0, side="right") - 1] -= row["zero_weights"]
        return cls(row["penalty"], row["alpha"], counts, edges, row["zero_weights"], row["weight_max_abs"])

    def frame(self):
        """One row a bin: ``low``, ``high``, ``weights``."""
        import pandas as pd

        return pd.DataFrame({"low": self.edges[:-1], "high": self.edges[1:], "weights": self.counts})

    def plot(self, ax=None):
        """Draw on axes of one's own, or on new ones."""
        ax, width, n_weights = self._axes(ax), np.diff(self.edges), int(self.counts.sum()) + self.zeros
        ax.set_yscale("log")
        # Room above the highest bar that there can be, for the words.
        ax.set_ylim(0.7, 12 * max(n_weights, 2))
        ax.bar(self.edges[:-1], self.counts, width, align="edge", color=BLUE, edgecolor="white", linewidth=0.3)
        if self.zeros:
            ax.bar(0.0, self.zeros, width[0] / 2, color=VERMILION, edgecolor="white", linewidth=0.3, hatch="///")
        strength = f"alpha {number(self.alpha)}" if self.alpha > 0 else "no penalty"
        ax.set_title(f"{label(self.penalty)}, {strength}", loc="left", fontweight="bold", fontsize=10)
        zeros = f"{self.zeros:,} of {n_weights:,} exactly zero"
        ax.text(0.02, 0.95, zeros, transform=ax.transAxes, va="top", fontsize=SMALL,
                color=VERMILION if self.zeros else MUTED)  # fmt: skip
        ax.text(0.98, 0.95, f"largest {number(self.largest)}", transform=ax.transAxes, va="top", ha="right",
                fontsize=SMALL, color=MUTED)  # fmt: skip
        beyond = self.largest > self.edges[-1] * 1.001
        ax.set_xlabel("weight (the outermost bars hold all beyond them)" if beyond else "weight")
        ax.set_ylabel("number of weights")
        plain_ticks(ax, x=True, y=True)
        return self


@dataclass
class TrainingCurveDisplay(Display):
    """Loss of ``none`` against steps of training, and what stopping early could have had.

    Parameters
    ----------
    steps, train, test : arrays (n_steps,)
    null : float
    metric : str
    """

    steps: object
    train: object
    test: object
    null: float
    metric: str

    @classmethod
    def from_result(cls, result):
        """Make the display of the object that ``result.json`` holds; None where ``none`` was not compared."""
        one = result["detail"]["none"]
        if one is None:
            return None
        steps, train, test = (_array(one[key]) for key in ("steps", "train", "test"))
        return cls(steps, train, test, result["null"]["test_loss"], result["metric"])

    def frame(self):
        """One row a step that was recorded."""
        import pandas as pd

        columns = {"step": self.steps.astype(int), "train_loss": self.train, "test_loss": self.test}
        return pd.DataFrame(columns).set_index("step")

    def plot(self, ax=None):
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
        words = f"early stopping could have had {number(self.test[best])} at step {int(self.steps[best]):,}"
        ax.plot(self.steps[best], self.test[best], "o", color=GREEN, markeredgecolor="white", markersize=7, zorder=5,
                label=words)  # fmt: skip
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=SMALL)
        ax.set(xlabel="steps of training, no penalty", ylabel=label(self.metric, 40))
        plain_ticks(ax, x=True, y=True)
        return self


def _array(values):
    """Numbers of a JSON list; null is NaN, which is not drawn."""
    return np.array(values, float)
