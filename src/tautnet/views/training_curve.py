"""The display of the loss without a penalty, step of training by step."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tautnet.prose.words import number
from tautnet.views.plotting import (
    BLUE,
    CROSS_VALIDATED,
    GREEN,
    INK,
    MUTED,
    SMALL,
    VERMILION,
    Display,
    attribute,
    drawn_numbers,
    label,
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


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
        """Make the display of the object that ``result.json`` holds.

        None where ``none`` was not compared.
        """
        one = result["detail"]["none"]
        if one is None:
            return None
        return cls(
            steps=drawn_numbers(one["steps"]),
            train=drawn_numbers(one["train"]),
            test=drawn_numbers(one["test"]),
            null=result["null"]["test_loss"],
            metric=result["metric"],
        )

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Make the display of a ``CV`` estimator that was fitted with ``penalty="none"``."""
        curve = attribute(estimator, "training_curve_", f"{CROSS_VALIDATED}, with penalty='none'")
        return cls(
            steps=curve["step"],
            train=curve["mean_train_loss"],
            test=curve["mean_test_loss"],
            null=estimator.null_loss_,
            metric=estimator.scaling_.settings.loss.metric_name,
        )

    def frame(self) -> "pd.DataFrame":
        """One row a step that was recorded."""
        import pandas as pd

        columns = {"step": self.steps.astype(int), "train_loss": self.train, "test_loss": self.test}
        return pd.DataFrame(columns).set_index("step")

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw on axes of one's own, or on new ones."""
        ax = self._axes(ax)
        best = int(np.nanargmin(self.test))
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.plot(self.steps, self.test, color=BLUE, label="new rows")
        ax.plot(self.steps, self.train, color=VERMILION, linestyle="--", label="rows seen")
        ax.axhline(self.null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
        floor = max(np.nanmin(self.train), self.test[best] / 100) / 1.5
        ax.set_ylim(floor, max(np.nanmax([*self.test, *self.train]), self.null) * 1.6)
        ax.axvline(self.steps[best], color=INK, linewidth=0.9, alpha=0.75)
        step = f"{int(self.steps[best]):,}"
        words = f"early stopping could have had {number(self.test[best])} at step {step}"
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
