"""What to expect of a model on new rows, in what people think in."""

import math

from tautnet.prose.words import Result, Row, number, percent, percent_interval

# Accuracies that are closer than this to the constant's say nothing: most rows are of one class.
NO_BETTER = 0.01
Z = 1.959964


def expected(result: Result, row: Row, *, against_constant: bool = True) -> str:
    """What to expect of a row's model on new rows, and what a constant prediction has.

    Parameters
    ----------
    result : dict
        The object that ``compare --json`` prints, with ``detail``.
    row : dict
        One of its rows.
    against_constant : bool
        Whether the constant is told beside.

    Returns
    -------
    str
        What follows a colon in a sentence.
    """
    figures = row["figures"]
    if "rmse" in figures:
        return _numbers(result, row, against_constant)
    if "classes" in figures:
        return _classes(result, row, against_constant)
    if "c_index" in figures:
        share = percent(figures["c_index"])
        said = f"expect it to put {share} of pairs of new rows in the right order of risk"
        return f"{said}; guessing ranks half" if against_constant else said
    return f"expect all labels of {percent(figures['accuracy'])} of new rows right"


def _numbers(result: Result, row: Row, against_constant: bool) -> str:
    """A typical error, in the target's unit."""
    is_squared = result["metric"] == "mean squared error"
    key = "rmse" if is_squared else "mae"
    said = f"expect a typical error of {number(row['figures'][key])} on new rows"
    if is_squared and row["test_loss"] > 0:
        # On the scale of logarithms, so that no end is below 0.
        factor = math.exp(0.5 * Z * row["test_loss_se"] / row["test_loss"])
        error = row["figures"][key]
        said += f" (95 % interval {number(error / factor)} to {number(error * factor)})"
    if against_constant:
        said += f", against {number(result['null']['figures'][key])} for a constant prediction"
    return said


def _classes(result: Result, row: Row, against_constant: bool) -> str:
    """A share of rows that are right; where most rows are of one class, probabilities."""
    own = row["figures"]["accuracy"]
    constant = result["null"]["figures"]["accuracy"]
    if own - constant < NO_BETTER:
        auc = row["figures"]["auc"]
        ranks = "" if auc is None else f", AUC {auc:.2f}"
        return (
            f"expect better probabilities than a constant's (log-loss {number(row['test_loss'])},"
            f" not {number(result['null']['test_loss'])}{ranks}), but no more rows right"
        )
    low, high = _wilson(own, result["detail"]["observations"]["n"])
    said = f"expect {percent(own)} of new rows right ({percent_interval(low, high)})"
    if against_constant:
        said += f", against {percent(constant)} if all are given the commonest class"
    return said


def _wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of n rows (Wilson 1927)."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(centre - half, 0.0), min(centre + half, 1.0)
