"""Which penalty to use, and whether a network is over-fitted: rules on the rows of a table."""

from tautnet.inference.intervals import paired_difference
from tautnet.objective.registry import BASELINE


def best_row(rows):
    """The row with the least test loss."""
    return min(rows, key=lambda row: row["test_loss"])


def recommended_name(table, weight, groups):
    """Of the penalties within one standard error of the best, paired, the one that needs least.

    Fewest predictors, then fewest weights, then the lower loss.
    """
    best = best_row(table.rows)
    own = table.outer[best["penalty"]].losses

    def excess(row):
        return paired_difference(table.outer[row["penalty"]].losses, own, weight, groups)

    near = [row for row in table.rows if (d := excess(row)).diff <= d.se]
    return min(
        near,
        key=lambda r: (r["predictors_kept"], r["n_weights"] - r["zero_weights"], r["test_loss"]),
    )["penalty"]


def over_fitted(table, weight, groups):
    """Whether ``none`` is over-fitted: true, false, or None where the data cannot tell.

    True when it has a lower loss on rows it saw than on new ones and some penalty beats it by an
    interval above zero after Holm; false when none does and it is within one standard error of
    the best. With nothing to compare it with, the data cannot tell.
    """
    none = next((row for row in table.rows if row["penalty"] == BASELINE), None)
    if none is None or len(table.rows) == 1:
        return None
    beaten = any(is_better(row["vs_none"]) for row in table.rows)
    if beaten:
        return True if none["gap"] > 0 else None
    best = table.outer[best_row(table.rows)["penalty"]].losses
    excess = paired_difference(table.outer[BASELINE].losses, best, weight, groups)
    return False if excess.diff <= excess.se else None


def is_better(versus):
    """Whether a comparison's interval lies above zero, also after Holm."""
    return versus is not None and versus["ci_low"] > 0 and versus["p_holm"] < 0.05
