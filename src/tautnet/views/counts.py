"""What fewer predictors cost: loss against their number, for penalties that take predictors out and for refits."""

from dataclasses import dataclass

import numpy as np

from tautnet.fitting.path import nearest
from tautnet.views.canvas import LINES, MUTED, SMALL, Display, label, plain_ticks


@dataclass
class PredictorsDisplay(Display):
    """Least loss on new rows for each number of predictors that a penalty's path keeps, and of refits on as many.

    Parameters
    ----------
    rows : list of dict
        ``penalty``, ``n_predictors``, ``alpha``, ``mean_test_loss`` and ``se_test_loss``, cross-validated.
    null : float or None
        Loss of the constant prediction, where it is known.
    metric : str

    Examples
    --------
    >>> row = {"penalty": "group", "n_predictors": 2, "alpha": 0.1, "mean_test_loss": 0.3, "se_test_loss": 0.01}
    >>> PredictorsDisplay([row], 1.0, "log-loss").frame().loc[("group", 2), "mean_test_loss"]
    np.float64(0.3)
    """

    rows: list
    null: float
    metric: str

    @classmethod
    def from_result(cls, result):
        """Make the display of the object that ``result.json`` holds; None where no penalty takes predictors out."""
        rows = []
        for name in (row["penalty"] for row in result["rows"]):
            detail = result["detail"]["penalties"][name]
            path_alphas, kept = np.array(detail["path"]["alphas"], float), detail["path"]["n_features"]
            counts = [kept[nearest(path_alphas, alpha)] for alpha in detail["alphas"]]
            if len(set(counts)) > 1:
                rows += _least(name, counts, detail["alphas"], detail["cv_mean"], detail["cv_se"])
        return cls(rows, result["null"]["test_loss"], result["metric"]) if rows else None

    @classmethod
    def from_estimator(cls, model):
        """Make the display of a fitted ``CV`` estimator: its path, and with ``relax=True`` its refits.

        Raises
        ------
        ValueError
            Where the path keeps the same number of predictors all along.
        """
        of = lambda r: [r[k].tolist() for k in ("n_features", "alpha", "mean_test_loss", "se_test_loss")]  # noqa: E731
        rows = _least(model.penalty, *of(model.cv_results_))
        if len(rows) < 2:
            raise ValueError(f"{model.penalty} keeps the same number of predictors all along")
        if model.relax:
            rows += _least(f"{model.penalty}, relaxed", *of(model.relaxed_results_))
        null = next((row["mean_test_loss"] for row in rows if row["n_predictors"] == 0), None)
        return cls(rows, null, model.unit_.settings.loss.metric_name)

    def frame(self):
        """One row a penalty and number of predictors."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index(["penalty", "n_predictors"])

    def plot(self, ax=None):
        """Draw on axes of one's own, or on new ones."""
        ax = self._axes(ax)
        for name, (color, style) in zip(dict.fromkeys(row["penalty"] for row in self.rows), LINES, strict=False):
            own = [row for row in self.rows if row["penalty"] == name]
            counts, means = ([row[key] for row in own] for key in ("n_predictors", "mean_test_loss"))
            ax.errorbar(counts, means, [row["se_test_loss"] for row in own], color=color, linestyle=style, marker="o",
                        markersize=3.5, linewidth=1.4, elinewidth=0.7, label=label(name))  # fmt: skip
        if self.null is not None:
            ax.set_ylim(0, 1.3 * self.null)
            ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
        ax.set(xlabel="number of predictors kept", ylabel=f"{label(self.metric)}, new rows, ± one standard error")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=SMALL)
        plain_ticks(ax, y=True)
        return self


def _least(name, counts, alphas, means, errors):
    """The best strength for each number of predictors."""
    best = {}
    for i, n in enumerate(counts):
        if n not in best or means[i] < means[best[n]]:
            best[n] = i
    return [
        {"penalty": name, "n_predictors": n, "alpha": alphas[i], "mean_test_loss": means[i], "se_test_loss": errors[i]}
        for n, i in sorted(best.items())
    ]
