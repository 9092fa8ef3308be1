"""Sparse matrices become dense ones, where that fits in memory.

Standardised columns are not sparse, and a network's programs take dense rows: what is kept sparse
is read by blocks of rows, as for predictions.
"""

from typing import Any, TypeAlias

import numpy as np

from tautnet.tables.arrays import Cells
from tautnet.tables.errors import TableError

__all__ = ["MOST_DENSE", "Sparse", "as_dense", "is_sparse"]

# A matrix or an array of scipy.sparse, of any format.
Sparse: TypeAlias = Any

MOST_DENSE = 2 * 2**30
"""Bytes that a sparse table may take as a dense one."""


def is_sparse(X: object) -> bool:
    """Tell whether a table is a sparse matrix or array of SciPy's, which nothing is imported for.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> is_sparse(csr_array(np.eye(2))), is_sparse(np.eye(2))
    (True, False)
    """
    return hasattr(X, "toarray") and hasattr(X, "tocsr")


def as_dense(X: Sparse) -> Cells:
    """Return a sparse table as an array, in float32 where that holds every cell as it is.

    Raises
    ------
    TableError
        Where it would take more than `MOST_DENSE` bytes.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> as_dense(csr_array(np.eye(2)))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    # Cells that stand in one place twice are added first.
    rows = X.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    if rows.dtype == np.float64:
        with np.errstate(over="ignore"):
            small = rows.data.astype(np.float32)
        if np.array_equal(small, rows.data, equal_nan=True):
            rows = rows.astype(np.float32)
    n_bytes = rows.shape[0] * rows.shape[1] * rows.dtype.itemsize
    if n_bytes > MOST_DENSE:
        raise TableError(
            f"the sparse table of {rows.shape[0]} rows and {rows.shape[1]} columns takes"
            f" {n_bytes / 2**30:.1f} GiB as a dense one, and {MOST_DENSE / 2**30:.0f} GiB is the"
            " limit: give fewer columns (SelectKBest, or min_frequency in OneHotEncoder), or pass"
            " X.toarray()"
        )
    return rows.toarray()
