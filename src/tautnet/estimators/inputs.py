"""What estimators are handed, checked by scikit-learn's rules and in its words."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    validate_data,
)

from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.cells import as_frame, check_column_names
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.frames import has_names, without_mask
from tautnet.tables.labels import own_values
from tautnet.tables.rounding import merged
from tautnet.tables.sample import Sample
from tautnet.tables.target import as_series, split_times

# What users hand over as table or target: a frame of pandas or polars, an array, or a column of
# one. Which of them are good is checked at run time.
Table: TypeAlias = Any
# A target that is checked: one column, or several.
TargetColumns: TypeAlias = pd.Series | pd.DataFrame
# Name of a group -> its features, by name or position.
FeatureGroups: TypeAlias = Mapping[str, str | Iterable[str | int]]


def check_table(
    estimator: BaseEstimator, X: Table, y: Table = "no_validation", *, reset: bool
) -> Table:
    """A table as it was checked: a data frame, an array, or a sparse matrix in rows.

    On ``reset`` the estimator remembers its names and width, else they are compared. Frames keep
    their types; arrays are checked as everywhere in scikit-learn, except that a missing cell may
    be NaN. A ``y`` that is None raises.
    """
    X = without_mask(X)
    least = 2 if reset else 1
    if has_names(X):
        # Names that are those of the fit need no other check, which takes long for one row.
        if reset or not _has_names_of_fit(estimator, X):
            check_column_names(X)
            X = X if isinstance(X, pd.DataFrame) else as_frame(X)
            validate_data(estimator, X, y, reset=reset, skip_check_array=True)
        if len(X) < least:
            raise ValueError(
                f"Found array with {len(X)} sample(s) (shape={X.shape}) while a minimum of {least}"
                " is required."
            )
        return X
    if y is None:
        validate_data(estimator, X, y, reset=reset, skip_check_array=True)
    return validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse="csr",
        dtype=None,
        ensure_all_finite="allow-nan",
        ensure_min_samples=least,
    )


def _has_names_of_fit(estimator: Any, frame: pd.DataFrame) -> bool:
    """Whether a frame has the names that a fitted estimator remembers, in their order."""
    return hasattr(estimator, "feature_names_in_") and estimator.encoder_.is_of_fit(frame)


def check_target(frame: pd.DataFrame | Floats, y: Table, task: str) -> TargetColumns:
    """A target with as many rows as the table and without missing cells.

    It is a series where it has one column.
    """
    if task == "survival":
        y = pd.DataFrame(dict(zip(("time", "event"), split_times(y), strict=True)))
    y = y if has_names(y) else _as_column(y)
    if has_names(y):
        y = as_frame(y)
        y = y.iloc[:, 0] if y.shape[1] == 1 else y
    check_consistent_length(frame, y)
    if pd.isna(y).to_numpy().any():
        raise ValueError("Input y contains NaN.")
    if task == "classification":
        y = own_labels(y)
        check_classification_targets(y)
    return y


def own_labels(y: Table) -> Table:
    """Labels of the type that they have, where a category or an array of objects holds them."""
    if isinstance(y, pd.DataFrame):
        return y.apply(own_values)
    return own_values(as_series(y)) if np.ndim(y) == 1 else y


def _as_column(y: ArrayLike | pd.Series) -> TargetColumns:
    """An array, a list or a series as a series, or as a data frame where it has several columns.

    A matrix of one column becomes a series with a warning.
    """
    if isinstance(y, (pd.Series, pd.api.extensions.ExtensionArray)):
        return pd.Series(y)
    y = check_array(
        without_mask(y), ensure_2d=False, dtype=None, ensure_all_finite=False, input_name="y"
    )
    if y.dtype.kind in "fc":
        check_array(y, ensure_2d=False, input_name="y")
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of"
            " y to (n_samples, ), for example using ravel().",
            DataConversionWarning,
            stacklevel=5,
        )
        y = y[:, 0]
    return pd.Series(y) if y.ndim == 1 else pd.DataFrame(y)


def check_sample_weight(
    frame: pd.DataFrame | Floats, sample_weight: ArrayLike | None
) -> Floats | None:
    """Row weights as an array of floats, or None."""
    if sample_weight is None:
        return None
    weight = without_mask(sample_weight)
    weight = _check_sample_weight(weight, frame, dtype=np.float64, ensure_non_negative=True)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


def check_groups(frame: pd.DataFrame, groups: ArrayLike | None) -> Integers | None:
    """Codes 0, 1, ... of rows that belong together, or None."""
    if groups is None:
        return None
    if isinstance(groups, str):
        raise ValueError(
            f"groups={groups!r} is a name: give the column itself, the group of each row"
        )
    found = np.asarray(without_mask(groups))
    if found.ndim != 1:
        raise ValueError(
            f"groups has {found.ndim} dimensions: give one list, the group of each row"
        )
    if len(found) != len(frame):
        raise ValueError(
            f"groups has {len(found)} entries and X has {len(frame)} rows: give the group of"
            " each row"
        )
    missing = int(pd.isna(found).sum())
    if missing:
        raise ValueError(
            f"groups is missing (NaN or None) for {missing} of {len(found)} rows: name the group of"
            " each"
        )
    if found.dtype.kind == "f":
        found = merged(found)
    # pandas sorts a mixture of numbers and texts too, which NumPy cannot.
    return pd.factorize(found, sort=True)[0]


def check_feature_groups(
    feature_groups: FeatureGroups | None, names: Sequence[Any]
) -> tuple[Integers, int]:
    """The group of each feature, and the number of groups.

    Where no groups are given, each feature is a group of its own.

    Parameters
    ----------
    feature_groups : dict, optional
        Name of a group -> its features, by name or position; every feature once.
    names : list
        Of all features.

    Returns
    -------
    int array (n_features,), int
    """
    if feature_groups is None:
        return np.arange(len(names)), len(names)
    group = np.full(len(names), -1)
    position = {name: i for i, name in enumerate(names)}
    for g, (title, features) in enumerate(feature_groups.items()):
        for feature in [features] if isinstance(features, str) else features:
            i = position.get(feature, feature)
            if not isinstance(i, int | np.integer) or not 0 <= i < len(names):
                raise ValueError(f"feature_groups: {title!r} names {feature!r}, which is no column")
            if group[i] >= 0:
                other = list(feature_groups)[group[i]]
                raise ValueError(
                    f"feature_groups: {feature!r} is in {other!r} and {title!r}; name each column"
                    " once"
                )
            group[i] = g
    missing = [str(names[i]) for i in np.flatnonzero(group < 0).tolist()]
    if missing:
        more = ", ..." if len(missing) > 3 else ""
        raise ValueError(
            f"feature_groups leaves out {', '.join(missing[:3])}{more}; name each column once"
        )
    return group, len(feature_groups)


def check_penalty_factors(
    penalty_factors: ArrayLike | None, n_predictors: int
) -> NDArray[np.float64]:
    """The factor of the strength for each predictor or group of them; without any, ones.

    Factors are finite numbers from 0 on, and not all of them 0.
    """
    if penalty_factors is None:
        return np.ones(n_predictors)
    factors = np.array(penalty_factors, dtype=float)
    if (
        factors.shape != (n_predictors,)
        or not np.isfinite(factors).all()
        or (factors < 0).any()
        or not factors.any()
    ):
        raise ValueError(
            f"penalty_factors must be {n_predictors} finite numbers of at least 0, and not all of"
            " them 0"
        )
    return factors


class Taken(NamedTuple):
    """The predictors that a penalty sees: a user's groups, else the features of a table.

    Attributes
    ----------
    sample : Sample
        Its columns are those of predictors 0, 1, ...
    predictors : int array (n_predictors,)
        Which of the user's groups or features each is; constant ones are no part of a fit.
    column_feature : int array (n_columns,)
        The feature that each column encodes.
    all_factors : array
        Factor of the strength of each group or feature.
    factors : tuple or None
        Those of the predictors; None where none were given.
    """

    sample: Sample
    predictors: Integers
    column_feature: Integers
    all_factors: NDArray[np.float64]
    factors: tuple[float, ...] | None


def take_predictors(
    sample: Sample,
    encoder: TableEncoder,
    feature_groups: FeatureGroups | None,
    penalty_factors: ArrayLike | None,
) -> Taken:
    """Put the columns of a sample into groups, and give each predictor its factor.

    Returns
    -------
    Taken

    Raises
    ------
    ValueError
        Where groups or factors do not fit the table.
    """
    names = list(encoder.feature_names_in_)
    position = {name: i for i, name in enumerate(names)}
    feature = np.array([position[name] for name in encoder.predictors])[encoder.column_predictor]
    group, n_groups = check_feature_groups(feature_groups, names)
    all_factors = check_penalty_factors(penalty_factors, n_groups)
    predictors, columns = np.unique(group[feature], return_inverse=True)
    factors = None if penalty_factors is None else tuple(all_factors[predictors].tolist())
    return Taken(
        sample._replace(column_predictor=columns), predictors, feature, all_factors, factors
    )
