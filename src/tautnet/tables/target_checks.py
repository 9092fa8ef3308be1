"""What a target must have so that something can be learned of it, and what makes that take long."""

from collections.abc import Iterator

import numpy as np

from tautnet.tables.arrays import Booleans, Floats
from tautnet.tables.errors import TableError
from tautnet.tables.rounding import varies
from tautnet.tables.target import Target

__all__ = ["cautions", "check_counted"]

# Losses are squares of a target, and sums of them.
LARGEST = 1e100
LEAST_SPREAD = 1e-100
# A fit of more classes than this takes minutes where classes times rows are so many.
MANY_CLASSES = 100
MANY_NUMBERS = 500_000


def check_counted(target: Target, weight: Floats) -> None:
    """Raise where the rows that count have a target of which nothing can be learned.

    Parameters
    ----------
    target : Target
    weight : array (n_rows,)

    Raises
    ------
    TableError
        Where the target is constant there, of one class or without an event, or so large or so
        little spread that its losses are no numbers.
    """
    counted = weight > 0
    rows = f"in the {int(counted.sum()):,} rows of a weight above 0"
    if target.task == "regression":
        for column in target.y[counted].T:
            _check_numbers(column, target.name, "" if counted.all() else f" {rows}")
    elif target.labels is not None and len(np.unique(target.labels[counted])) == 1:
        raise TableError(
            f"the target {target.name!r} has only one class {rows}: there is nothing to learn"
        )
    elif target.task == "survival" and not (target.y[counted] > 0).any():
        raise TableError(f"there is no event {rows}: there is nothing to learn")


def _check_numbers(numbers: Floats, name: str, rows: str) -> None:
    """Raise where numbers are constant, or so large or so little spread that losses are none."""
    if not varies(numbers):
        raise TableError(f"the target {name!r} is constant{rows}: there is nothing to learn")
    largest = float(np.abs(numbers).max())
    if largest > LARGEST:
        raise TableError(
            f"the target {name!r} reaches {largest:.3g}, too large for its squared errors: divide"
            f" it by {largest:.0e}"
        )
    spread = float(np.ptp(numbers))
    if spread < LEAST_SPREAD:
        raise TableError(
            f"the target {name!r} spreads over {spread:.3g}, too little for its squared errors:"
            f" divide it by {spread:.0e}"
        )


def cautions(target: Target, weight: Floats) -> Iterator[str]:
    """Say what a user should know of a target before the work begins, sentence by sentence.

    Parameters
    ----------
    target : Target
    weight : array (n_rows,)
    """
    if target.labels is None or target.classes is None:
        return
    n_classes = len(target.classes)
    n_rows = len(target.labels)
    if n_classes > MANY_CLASSES and n_classes * n_rows >= MANY_NUMBERS:
        yield (
            f"the target {target.name!r} has {n_classes:,} classes in {n_rows:,} rows, which will"
            " take long: join rare classes, or fit a regression if they are quantities"
        )
    yield from _weightless(target, np.bincount(target.labels, weight, n_classes) == 0)


def _weightless(target: Target, without: Booleans) -> Iterator[str]:
    """Say which classes have rows of weight 0 alone."""
    if not without.any() or target.classes is None:
        return
    names = [repr(str(one)) for one in target.classes[without]]
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    what = "all rows of class" if len(names) == 1 else f"all rows of {len(names)} classes"
    yield (
        f"{what} {shown} of {target.name!r} weigh 0, so that it is never predicted: leave them out,"
        " or give them a weight"
    )
