"""Categories as boosting can take them, by what the rows of one fit hold."""

import numpy as np

from tautnet.tables.arrays import Booleans, Floats, Integers

# Levels of a category that a model tells apart; scikit-learn's limit is 255.
MOST_LEVELS = 254


def codes_for_fit(
    codes: Floats, is_category: Booleans, seen: Integers, weight: Floats
) -> tuple[Floats, Booleans]:
    """Codes that scikit-learn can take, by what training rows hold.

    Levels that these rows lack are missing. Of more than 254 levels the 253 with most weight stay,
    and the others share one code. A predictor without a value in these rows is 0 everywhere.

    Parameters
    ----------
    codes, is_category
        As `ordinal_codes` returns them.
    seen : int array
        The training rows; all of them have a weight.
    weight : array (n_rows,)

    Returns
    -------
    codes : array (n_rows, n_predictors)
    is_category : bool array (n_predictors,)
        Those with two levels or more. With one level and missing cells scikit-learn 1.9.1 predicts
        a category other than it was fitted; as a number it has the same splits.

    Examples
    --------
    >>> codes = np.array([[4.0], [9.0], [9.0], [7.0], [np.nan]])
    >>> pooled, _ = codes_for_fit(codes, np.array([True]), np.array([0, 1, 2, 4]), np.ones(5))
    >>> pooled.T
    array([[ 1.,  0.,  0., nan, nan]])
    """
    pooled = codes.copy()
    has_levels = is_category.copy()
    for j in np.flatnonzero(is_category):
        # A missing cell has position -1, which is the last.
        cells = np.where(np.isnan(codes[:, j]), -1, codes[:, j]).astype(int)
        present = seen[cells[seen] >= 0]
        weights = np.bincount(cells[present], weight[present], minlength=cells.max() + 1)
        levels = np.argsort(-weights, kind="stable")[: np.count_nonzero(weights)]
        lookup = np.full(len(weights) + 1, np.nan)
        lookup[levels] = np.minimum(np.arange(len(levels)), MOST_LEVELS - 1)
        pooled[:, j] = lookup[cells]
        has_levels[j] = len(levels) > 1
    pooled[:, np.isnan(pooled[seen]).all(axis=0)] = 0.0
    return pooled, has_levels
