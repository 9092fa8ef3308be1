"""What fewer predictors cost: loss against their number, along paths and for refits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tautnet.objective.strengths import nearest
from tautnet.views.plotting import (
    CROSS_VALIDATED,
    LINES,
    MUTED,
    SMALL,
    Display,
    attribute,
    label,
    penalty_name,
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS = ("alpha", "n_features", "mean_test_loss", "se_test_loss")


@dataclass
class PredictorsDisplay(Display):
    """Least loss on new rows for each number of predictors kept, of paths and of refits.

    Parameters
    ----------
    rows : list of dict
        ``penalty``, ``n_predictors``, ``alpha``, ``mean_test_loss`` and ``se_test_loss``,
        cross-validated.
    null : float
        Loss of the constant prediction.
    metric : str

    Examples
    --------
    >>> row = {"penalty": "group", "n_predictors": 2, "alpha": 0.1, "mean_test_loss": 0.3,
    ...     "se_test_loss": 0.01}
    >>> PredictorsDisplay([row], 1.0, "log-loss").frame().loc[("group", 2), "mean_test_loss"]
    np.float64(0.3)
    """

    rows: list[dict[str, Any]]
    null: float
    metric: str

    @classmethod
    def from_result(cls, result: dict[str, Any]) -> Self | None:
        """Make the display of the object that ``result.json`` holds.

        None where no penalty takes predictors out.
        """
        rows = []
        refits = result["detail"].get("relaxed", {})
        for row in result["rows"]:
            name = row["penalty"]
            if name in refits:
                rows += _least(name, *[refits[name][column] for column in COLUMNS])
                continue
            detail = result["detail"]["penalties"][name]
            path_alphas = np.array(detail["path"]["alphas"], float)
            path_kept = detail["path"]["n_features"]
            kept = [path_kept[nearest(path_alphas, alpha)] for alpha in detail["alphas"]]
            rows += _counts(name, detail["alphas"], kept, detail["cv_mean"], detail["cv_se"])
        if not rows:
            return None
        return cls(rows, result["null"]["test_loss"], result["metric"])

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self | None:
        """Make the display of a fitted ``CV`` estimator, with its refits.

        None where no predictor is taken out.
        """
        curves = attribute(estimator, "cv_results_", CROSS_VALIDATED)
        name = penalty_name(estimator)
        rows = _counts(name, *[curves[column].tolist() for column in COLUMNS])
        refits = getattr(estimator, "relaxed_results_", None)
        if refits is not None:
            rows += _least(f"{name}, relaxed", *[refits[column].tolist() for column in COLUMNS])
        if not rows:
            return None
        return cls(rows, estimator.null_loss_, estimator.scaling_.settings.loss.metric_name)

    def frame(self) -> "pd.DataFrame":
        """One row a penalty and number of predictors."""
        import pandas as pd

        return pd.DataFrame(self.rows).set_index(["penalty", "n_predictors"])

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        ax = self._axes(ax)
        names = dict.fromkeys(row["penalty"] for row in self.rows)
        for name, (color, style) in zip(names, LINES, strict=False):
            own = [row for row in self.rows if row["penalty"] == name]
            ax.errorbar(
                [row["n_predictors"] for row in own],
                [row["mean_test_loss"] for row in own],
                [row["se_test_loss"] for row in own],
                color=color,
                linestyle=style,
                marker="o",
                markersize=3.5,
                linewidth=1.4,
                elinewidth=0.7,
                label=label(name),
            )
        ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
        ax.set(
            xlabel="number of predictors kept",
            ylabel=f"{label(self.metric)}\nnew rows, ± one standard error",
        )
        ax.set_ylim(0, 1.3 * self.null)
        ax.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, fontsize=SMALL
        )
        plain_ticks(ax, y=True)
        return self


def _counts(name, alphas, kept, mean, error):
    """The best strength for each number of predictors.

    Nothing for a penalty whose path keeps the same all along.
    """
    return _least(name, alphas, kept, mean, error) if len(set(kept)) > 1 else []


def _least(name, alphas, kept, mean, error):
    """The best strength for each number of predictors."""
    best = {}
    for i, n in enumerate(kept):
        if n not in best or mean[i] < mean[best[n]]:
            best[n] = i
    return [
        {
            "penalty": name,
            "n_predictors": n,
            "alpha": alphas[i],
            "mean_test_loss": mean[i],
            "se_test_loss": error[i],
        }
        for n, i in sorted(best.items())
    ]
