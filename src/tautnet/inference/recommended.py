"""Which penalty to use, and whether a network is over-fitted: rules on the rows of a table."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from tautnet.inference.intervals import Difference, paired_difference
from tautnet.objective.registry import BASELINE
from tautnet.tables.arrays import Floats, Integers

Row: TypeAlias = dict[str, Any]


class HasLosses(Protocol):
    """What outer-fold models say: the loss of each row."""

    @property
    def losses(self) -> Floats:
        """Shape (n_rows,)."""


class HasRows(Protocol):
    """A table: its rows, and the losses behind them."""

    @property
    def rows(self) -> Sequence[Row]:
        """One a penalty."""

    @property
    def outer(self) -> Mapping[str, HasLosses]:
        """By name."""


def best_row(rows: Sequence[Row]) -> Row:
    """The row with the least test loss."""
    return min(rows, key=lambda row: row["test_loss"])


def recommended_name(table: HasRows, weight: Floats, groups: Integers | None) -> str:
    """Of the penalties within one standard error of the best, paired, the one that needs least.

    Fewest predictors, then fewest weights, then the lower loss.
    """
    near = []
    for row in table.rows:
        excess = _excess(table, row["penalty"], weight, groups)
        if excess.diff <= excess.se:
            near.append(row)
    return min(near, key=_needs)["penalty"]


def _needs(row: Row) -> tuple[int, int, float]:
    return row["predictors_kept"], row["n_weights"] - row["zero_weights"], row["test_loss"]


def _excess(table: HasRows, name: str, weight: Floats, groups: Integers | None) -> Difference:
    """By how much the loss of a row exceeds the best one."""
    best = table.outer[best_row(table.rows)["penalty"]].losses
    return paired_difference(table.outer[name].losses, best, weight, groups)


def over_fitted(table: HasRows, weight: Floats, groups: Integers | None) -> bool | None:
    """Whether ``none`` is over-fitted: true, false, or None where the data cannot tell.

    True when it has a lower loss on rows it saw than on new ones and some penalty beats it by an
    interval above zero after Holm; false when none does and it is within one standard error of
    the best. With nothing to compare it with, the data cannot tell.
    """
    none = next((row for row in table.rows if row["penalty"] == BASELINE), None)
    if none is None or len(table.rows) == 1:
        return None
    if any(is_better(row["vs_none"]) for row in table.rows):
        return True if none["gap"] > 0 else None
    excess = _excess(table, BASELINE, weight, groups)
    return False if excess.diff <= excess.se else None


def is_better(versus: Row | None) -> bool:
    """Whether a comparison's interval lies above zero, also after Holm."""
    return versus is not None and versus["ci_low"] > 0 and versus["p_holm"] < 0.05
