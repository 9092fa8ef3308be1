"""Rows as a fitted network takes them: encoded at once, or those of a sparse table when read."""

import warnings

import pandas as pd

from tautnet.tables.arrays import Floats, Rows
from tautnet.tables.cells import TableLike, as_frame, has_names, has_text_names
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.sparse import Sparse, is_sparse

__all__ = ["EncodedRows", "encode_rows"]


class EncodedRows:
    """Rows of a sparse table that are encoded when they are read: the whole is never dense.

    Parameters
    ----------
    encoder : TableEncoder
    X : sparse matrix or array (n_rows, n_predictors)

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> encoder = TableEncoder().fit(np.eye(3))
    >>> EncodedRows(encoder, csr_array(np.eye(3)))[1:]
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    def __init__(self, encoder: TableEncoder, X: Sparse) -> None:
        self.encoder = encoder
        self.X = X.tocsr()
        self.shape = (X.shape[0], len(encoder.column_names))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: slice) -> Floats:
        """Return some of the rows."""
        return self.encoder.transform(self.X[which])


def encode_rows(encoder: TableEncoder, X: TableLike, *, named: bool, owner: str = "") -> Rows:
    """Return rows as a fitted network takes them, which reads them by blocks.

    Parameters
    ----------
    encoder : TableEncoder
    X : data frame, array or sparse matrix (n_rows, n_predictors)
    named : bool
        Whether the table of the fit had names, as in `TableEncoder.transform`.
    owner : str
        The class of the model, where it is to warn in scikit-learn's words of columns that are
        taken by their positions although one of the tables had names.
    """
    if is_sparse(X) and X.shape[1] == encoder.n_features_in_:
        rows: Rows = EncodedRows(encoder, X)
        by_position = True
    else:
        X = as_frame(X) if has_names(X) and not isinstance(X, pd.DataFrame) else X
        rows = encoder.transform(X, named=named)
        by_position = encoder.takes_positions(X, named=named)
    if owner and by_position and named != has_text_names(X):
        has = "does not have valid" if named else "has"
        how = "with" if named else "without"
        warnings.warn(
            f"X {has} feature names, but {owner} was fitted {how} feature names",
            UserWarning,
            stacklevel=5,
        )
    return rows
