"""From what a user hands over to what a fit takes: an encoded table, checked."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.cells import TableLike, as_frame
from tautnet.tables.dates import order_of
from tautnet.tables.disk import beside
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.rounding import column_rounding
from tautnet.tables.target import Target, as_target
from tautnet.tables.target_checks import check_counted

# Weights between these are taken as they are: their sums and products are numbers too.
USUAL_WEIGHTS = (1e-100, 1e100)


class Sample(NamedTuple):
    """An encoded table.

    Attributes
    ----------
    X : array (n_rows, n_columns)
        Raw numbers, missing cells NaN.
    column_predictor : int array (n_columns,)
        The predictor that each column encodes, 0, 1, ...
    y : array (n_rows, n_outputs)
        In the target's own units; 0 and 1 for classes.
    weight : array (n_rows,)
    groups : int array (n_rows,), optional
        Rows that belong together.
    rounding : array (n_columns,), optional
        Relative differences of each column that are rounding, see `rounding.column_rounding`.
    """

    X: Floats
    column_predictor: Integers
    y: Floats
    weight: Floats
    groups: Integers | None = None
    rounding: Floats | None = None

    def of(self, rows: Integers | Booleans | slice) -> "Sample":
        """Return a sample of some of the rows: positions, a truth value for each, or a slice."""
        groups = None if self.groups is None else self.groups[rows]
        return self._replace(
            X=self.X[rows], y=self.y[rows], weight=self.weight[rows], groups=groups
        )

    @property
    def n_predictors(self) -> int:
        """Number of predictors, each of one column or several."""
        return int(self.column_predictor.max()) + 1


def encode(
    X: TableLike, y: TableLike, sample_weight: ArrayLike | None, task: str
) -> tuple[Target, Sample, TableEncoder]:
    """Encode a table: return its target, its sample, and the encoder of its predictors."""
    frame = as_frame(X)
    target = as_target(y, task)
    if len(y) != len(frame):
        raise TableError(f"X has {len(frame)} rows and y has {len(y)}")
    encoder = TableEncoder().fit(frame)
    weight = np.ones(len(frame)) if sample_weight is None else np.asarray(sample_weight, float)
    check_weights(weight, len(frame))
    weight = _of_usual_size(weight)
    check_counted(target, weight)
    X = encoder.transform(frame)
    sample = Sample(X, encoder.column_predictor, beside(X, target.y), beside(X, weight))
    return target, sample._replace(rounding=column_rounding(X, encoder.stored(frame))), encoder


def notes(target: Target, encoder: TableEncoder) -> Iterator[str]:
    """Tell what was decided about a table, sentence by sentence."""
    kinds = list(encoder.kinds.values())
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    yield target.decision
    n_columns = len(encoder.column_names)
    coded = f", coded as {n_columns} columns" if n_columns != len(encoder.predictors) else ""
    yield f"{len(encoder.predictors)} predictors ({counted}){coded}"
    for name, reason in encoder.left_out.items():
        yield f"left out: {name!r} {reason}"
    for recipe in encoder.recipes:
        if recipe.get("also"):
            read = f"{recipe['predictor']!r} is read as {recipe['written']}"
            yield (
                f"{read}; every cell could also be {recipe['also']}: if so, pass --dates"
                f" {order_of(recipe['also'])}, or hand over dates"
            )
    for name, doubt in encoder.doubtful.items():
        yield (
            f"column {name!r} {doubt}: leave it out (--drop {name!r}, in Python"
            f" X.drop(columns={name!r}))?"
        )


def check_weights(weight: Floats, n_rows: int) -> None:
    """Raise where weights are not one finite number a row, or below 0, or all 0."""
    if weight.shape != (n_rows,) or np.isnan(weight).any():
        raise TableError("weights must be one finite number a row")
    n_infinite = int(np.isinf(weight).sum())
    if n_infinite:
        what = "1 weight is" if n_infinite == 1 else f"{n_infinite} weights are"
        raise TableError(f"{what} infinite: weights must be finite numbers, 0 or more")
    if (weight < 0).any():
        raise TableError(
            f"{int((weight < 0).sum())} weights are negative: weights must be 0 or more"
        )
    if not weight.any():
        raise TableError("all weights are 0: some rows must count")


def _of_usual_size(weight: Floats) -> Floats:
    """Return weights in a unit in which their sum is a number; only their ratios count."""
    low, high = USUAL_WEIGHTS
    return weight if low <= weight.max() <= high else weight / weight.max()
