"""New rows are encoded some at a time, so that what they take is bounded."""

from collections.abc import Iterator

import pandas as pd

from tautnet.tables.arrays import Floats
from tautnet.tables.cells import TableLike, as_frame
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.frames import has_names, has_text_names
from tautnet.tables.number_columns import Columns
from tautnet.tables.scaling import rows_at_once
from tautnet.tables.sparse import is_sparse
from tautnet.tables.spelling import Unseen, warn_caller

__all__ = ["encode_parts"]


def encode_parts(
    encoder: TableEncoder,
    X: TableLike,
    unseen: Unseen | None = None,
    *,
    named: bool,
    owner: str = "",
) -> Iterator[Floats]:
    """Yield what `TableEncoder.transform` returns of new rows, some at a time.

    Categories of many levels take much more space encoded than as a table, and so does a sparse
    table, which is never dense as a whole.

    Parameters
    ----------
    encoder : TableEncoder
    X : data frame, array or sparse matrix (n_rows, n_predictors)
    unseen : Unseen, optional
        Filled with the levels that `fit` did not see; else one `UserWarning` counts them.
    named : bool
        Whether the table of the fit had names, as in `TableEncoder.transform`.
    owner : str
        The class of the model, where it is to warn in scikit-learn's words of columns that are
        taken by their positions although one of the tables had names.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> encoder = TableEncoder().fit(np.eye(3))
    >>> list(encode_parts(encoder, csr_array(np.eye(3)[1:]), named=False))
    [array([[0., 1., 0.],
           [0., 0., 1.]])]
    """
    X = as_frame(X) if has_names(X) and not isinstance(X, pd.DataFrame) else X
    if owner and named != has_text_names(X) and encoder.takes_positions(X, named=named):
        has = "does not have valid" if named else "has"
        how = "with" if named else "without"
        warn_caller(f"X {has} feature names, but {owner} was fitted {how} feature names")
    rows = X.tocsr() if is_sparse(X) else encoder.columns_of(X, named=named)
    found = Unseen() if unseen is None else unseen
    size = rows_at_once(len(encoder.column_names))
    for start in range(0, max(rows.shape[0], 1), size):
        # The columns are found already, and named as in the fit where they have names.
        yield encoder.transform(_some(rows, start, start + size), found)
    if unseen is None:
        found.warn()


def _some(rows: Columns, start: int, stop: int) -> Columns:
    """Return some rows of a table; a slice of one row takes long, so all are not sliced."""
    if not start and rows.shape[0] <= stop:
        return rows
    return rows.iloc[start:stop] if isinstance(rows, pd.DataFrame) else rows[start:stop]
