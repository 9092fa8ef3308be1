"""Where a walk stands before its first step."""

from typing import cast

import numpy as np

from tautnet.engine.adam import Adam
from tautnet.engine.loop import Ticker
from tautnet.engine.row_space import RowSpace, has_as_many_rows, row_space
from tautnet.objective.problem import Data
from tautnet.solving.prepared import Prepared
from tautnet.tables.arrays import Floats


def wide_space(prepared: Prepared, factors: Floats) -> RowSpace | None:
    """The space of the rows, where there are fewer of them than columns."""
    if prepared.batched or has_as_many_rows(prepared.X):
        return None
    return row_space(np.asarray(prepared.X), prepared.weight, factors)


def start_adam(
    prepared: Prepared, alpha: float, ticker: Ticker, space: RowSpace | None = None
) -> Adam:
    """Proximal Adam at the start of some rows, in the precision of the walk.

    Where a space is given, its networks are those of the directions of that space.
    """
    dtype = np.dtype(prepared.settings.precision).type
    data = prepared.data(dtype)
    problem = prepared.problem(alpha, dtype)
    start = prepared.start(dtype)
    if space is None:
        return Adam(problem, data, start, ticker, prepared.batches(data))
    # Wide tables are copied.
    copied = cast(Data, data)
    return Adam(space.problem(problem), space.data(copied), space.start(start), ticker)
