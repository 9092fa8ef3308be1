"""Rows that belong together for more than one reason."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tautnet.tables.arrays import Integers


def belonging_together(groups: Integers | None, copies: Integers | None) -> Integers | None:
    """One code for all rows that a chain of groups and copies joins.

    Parameters
    ----------
    groups, copies : int arrays (n_rows,) or None
        Codes from 0; rows of one code belong together.

    Returns
    -------
    int array (n_rows,) or None

    Examples
    --------
    >>> belonging_together(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    if groups is None or copies is None:
        return copies if groups is None else groups
    n_groups = int(groups.max()) + 1
    size = n_groups + int(copies.max()) + 1
    joined = coo_array((np.ones(len(groups)), (groups, n_groups + copies)), shape=(size, size))
    return connected_components(joined, directed=False)[1][groups]
