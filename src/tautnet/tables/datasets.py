"""Tables that come with the package: five from scikit-learn, and simulators with a known answer.

A simulator is seeded: the same seed gives the same table.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats

if TYPE_CHECKING:
    from sklearn.utils import Bunch

__all__ = ["BUILT_INS", "BuiltIn", "friedman1", "linear_two", "pure_noise", "xor"]


class BuiltIn(NamedTuple):
    """A table that comes with the package: its rows, and the name of the column to predict."""

    frame: pd.DataFrame
    target: str


def friedman1(n_rows: int = 200, n_noise: int = 5, noise: float = 1.0, seed: int = 0) -> BuiltIn:
    """Simulate Friedman's first regression problem: five predictors matter, the others are noise.

    ``y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 + noise``, all predictors uniform on [0,
    1].

    Parameters
    ----------
    n_rows : int
        Number of rows.
    n_noise : int
        Number of predictors, beside x1 to x5, that have nothing to do with ``y``.
    noise : float
        Standard deviation of the Gaussian noise.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    BuiltIn
        Columns ``x1, x2, ...`` and the target ``y``.

    References
    ----------
    Friedman (1991), Multivariate adaptive regression splines, Annals of Statistics 19(1).

    Examples
    --------
    >>> from tautnet.tables.datasets import friedman1
    >>> friedman1(n_rows=50, n_noise=2).frame.shape
    (50, 8)
    """
    generator = np.random.default_rng(seed)
    x = generator.uniform(size=(n_rows, 5 + n_noise))
    signal = (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
    )
    return _assemble(x, signal + noise * generator.normal(size=n_rows))


def linear_two(
    n_rows: int = 200, n_predictors: int = 10, noise: float = 1.0, seed: int = 0
) -> BuiltIn:
    """Simulate a target that is linear in two predictors, so that no network is needed.

    ``y = 2 x1 - 1.5 x2 + noise``.

    Parameters
    ----------
    n_rows, n_predictors : int
        Size of the table; predictors are standard normal, and only x1 and x2 matter.
    noise : float
        Standard deviation of the Gaussian noise.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    BuiltIn
        Columns ``x1, x2, ...`` and the target ``y``.

    Examples
    --------
    >>> from tautnet.tables.datasets import linear_two
    >>> frame, target = linear_two(noise=0.0)
    >>> bool(abs(frame[target] - (2 * frame["x1"] - 1.5 * frame["x2"])).max() < 1e-12)
    True
    """
    if n_predictors < 2:
        raise ValueError(f"n_predictors must be at least 2, got {n_predictors}")
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n_rows, n_predictors))
    return _assemble(x, 2 * x[:, 0] - 1.5 * x[:, 1] + noise * generator.normal(size=n_rows))


def pure_noise(
    n_rows: int = 200, n_predictors: int = 10, classes: int | None = 2, seed: int = 0
) -> BuiltIn:
    """Simulate predictors and a target without any relation, so that there is nothing to learn.

    Parameters
    ----------
    n_rows, n_predictors : int
        Size of the table; predictors are standard normal.
    classes : int or None
        Number of classes, drawn with equal probabilities; None makes a standard normal target.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    BuiltIn
        Columns ``x1, x2, ...`` and the target ``y``.

    Examples
    --------
    >>> from tautnet.tables.datasets import pure_noise
    >>> sorted(pure_noise(classes=3).frame["y"].unique().tolist())
    [0, 1, 2]
    """
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n_rows, n_predictors))
    if classes is None:
        return _assemble(x, generator.normal(size=n_rows))
    return _assemble(x, generator.integers(classes, size=n_rows))


def xor(n_rows: int = 400, n_noise: int = 8, seed: int = 0) -> BuiltIn:
    """Simulate two classes that a network can learn and no linear model can.

    The class is the sign of ``x1 * x2``.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    n_noise : int
        Number of predictors, beside x1 and x2, that have nothing to do with the class.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    BuiltIn
        Columns ``x1, x2, ...``, uniform on [-1, 1], and the target ``y``, 1 where ``x1 * x2 > 0``.

    Examples
    --------
    >>> from tautnet.tables.datasets import xor
    >>> frame, target = xor(n_rows=100)
    >>> bool((frame[target] == (frame["x1"] * frame["x2"] > 0)).all())
    True
    """
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, size=(n_rows, 2 + n_noise))
    return _assemble(x, (x[:, 0] * x[:, 1] > 0).astype(np.int64))


def _assemble(x: Floats, y: Cells) -> BuiltIn:
    """Return a table of predictors ``x1, x2, ...`` and a target ``y``."""
    frame = pd.DataFrame(x, columns=[f"x{j + 1}" for j in range(x.shape[1])])
    frame["y"] = y
    return BuiltIn(frame, "y")


def _from_bunch(bunch: "Bunch", target: str, *, named_classes: bool = False) -> BuiltIn:
    """Return a table of scikit-learn, with classes as names where it has them."""
    frame = bunch.data.copy()
    frame[target] = bunch.target.to_numpy()
    if named_classes:
        frame[target] = [str(bunch.target_names[label]) for label in frame[target]]
    return BuiltIn(frame, target)


# scikit-learn is imported inside the loaders: it takes longer to import than most commands take to
# run.


def _breast_cancer() -> BuiltIn:
    from sklearn.datasets import load_breast_cancer

    return _from_bunch(load_breast_cancer(as_frame=True), "diagnosis", named_classes=True)


def _digits() -> BuiltIn:
    from sklearn.datasets import load_digits

    return _from_bunch(load_digits(as_frame=True), "digit")


def _wine() -> BuiltIn:
    from sklearn.datasets import load_wine

    return _from_bunch(load_wine(as_frame=True), "cultivar", named_classes=True)


def _diabetes() -> BuiltIn:
    from sklearn.datasets import load_diabetes

    return _from_bunch(load_diabetes(as_frame=True, scaled=False), "progression")


def _iris() -> BuiltIn:
    from sklearn.datasets import load_iris

    return _from_bunch(load_iris(as_frame=True), "species", named_classes=True)


BUILT_INS: dict[str, Callable[[], BuiltIn]] = {
    "breast_cancer": _breast_cancer,
    "digits": _digits,
    "wine": _wine,
    "diabetes": _diabetes,
    "iris": _iris,
    "friedman1": friedman1,
}
"""Name of each built-in table, and the function without arguments that loads it."""
