"""Labels are the values that the target itself has, however a frame holds them."""

import pandas as pd

__all__ = ["own_values"]


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
    own = own.infer_objects()
    if getattr(own.dtype, "kind", "O") not in "biuf":
        return values
    plain = getattr(own.dtype, "numpy_dtype", None)
    return own if plain is None or own.isna().any() else own.astype(plain)
