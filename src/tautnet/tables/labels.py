"""Labels are the values that the target itself has, however a frame holds them."""

import pandas as pd

from tautnet.tables.arrays import Cells
from tautnet.tables.frames import inferred

__all__ = ["of_own_type", "own_values"]


def own_values(values: pd.Series) -> pd.Series:
    """Return a target of the type that its cells have: numbers or truth values of a category too.

    Parameters
    ----------
    values : pandas.Series

    Returns
    -------
    pandas.Series
        One of NumPy's types, but where cells are missing; the series itself where the cells are
        neither numbers nor truth values.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.labels import own_values
    >>> own_values(pd.Series([3, 1], dtype="category")).dtype
    dtype('int64')
    >>> own_values(pd.Series([True, False], dtype=object)).dtype
    dtype('bool')
    """
    own = values
    if isinstance(values.dtype, pd.CategoricalDtype):
        own = values.astype(values.cat.categories.dtype)
    if own.dtype == object:
        own = inferred(own.to_frame("label"))["label"].rename(values.name)
    if getattr(own.dtype, "kind", "O") not in "biuf":
        return values
    plain = getattr(own.dtype, "numpy_dtype", None)
    return own if plain is None or own.isna().any() else own.astype(plain)


def of_own_type(classes: Cells | None, values: pd.Series) -> Cells | None:
    """Return classes that are integers with the type of the column's integers; others as they are.

    Examples
    --------
    >>> import numpy as np
    >>> of_own_type(np.array([0, 1]), pd.Series([0, 1], dtype="uint8")).dtype
    dtype('uint8')
    """
    if classes is None or classes.dtype.kind != "i" or values.dtype.kind not in "iu":
        return classes
    return classes.astype(values.dtype)
