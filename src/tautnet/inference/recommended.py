"""Which model to recommend: a rule on the rows of a table."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from tautnet.inference.intervals import EACH_ROW, Observations, paired_difference
from tautnet.objective.choices import LINEAR
from tautnet.tables.arrays import Floats

Row: TypeAlias = dict[str, Any]

# A difference that is a smaller share of the constant's loss does not matter, however sure it is.
MATTERS = 0.01


class HasLosses(Protocol):
    """What outer-fold models say: the loss of each row."""

    @property
    def losses(self) -> Floats:
        """Shape (n_rows,)."""


def best_row(rows: Sequence[Row]) -> Row:
    """The row with the least test loss."""
    return min(rows, key=lambda row: row["test_loss"])


def recommended_row(
    rows: Sequence[Row],
    outer: Mapping[str, HasLosses],
    bars: Sequence[float],
    weight: Floats,
    observations: Observations = EACH_ROW,
) -> Row:
    """The simplest row that is about as good as the best one.

    Its mean loss exceeds the best one's by no more than one standard error of the best one's own
    mean, and by no more than one of the paired difference; and it is not worse than any bar. A
    linear map is simpler than any network. Of networks the one with the fewest predictors, then the
    fewest weights, then the lower loss. A row that counts no predictors, such as boosting, is the
    least simple.

    Parameters
    ----------
    rows : list of dict
        Rows of a table: ``penalty``, ``test_loss``, ``test_loss_se``, ``predictors_kept``,
        ``n_weights``, ``zero_weights``.
    outer : dict
        Name of each row -> its losses.
    bars : list of float
        Mean losses that a row must not exceed: what simple rivals lose, with what does not matter.
    weight : array (n_rows,)
    observations : Observations, optional

    Returns
    -------
    dict
        The best row itself where every row near it is above a bar.
    """
    best = best_row(rows)
    near = [
        row
        for row in rows
        if row["test_loss"] <= min(bars, default=float("inf"))
        and row["test_loss"] - best["test_loss"] <= best["test_loss_se"]
        and _excess_is_small(outer[row["penalty"]], outer[best["penalty"]], weight, observations)
    ]
    return min(near, key=_needs, default=best)


def _excess_is_small(
    own: HasLosses, best: HasLosses, weight: Floats, observations: Observations
) -> bool:
    excess = paired_difference(own.losses, best.losses, weight, observations)
    return excess.diff <= excess.se


def _needs(row: Row) -> tuple[int, int, int, float]:
    """How much a model needs, the kind of model first."""
    if row["predictors_kept"] is None:
        return 2, 0, 0, row["test_loss"]
    return (
        0 if row["penalty"] == LINEAR else 1,
        row["predictors_kept"],
        row["n_weights"] - row["zero_weights"],
        row["test_loss"],
    )
