"""The order of exit: where on a path each predictor leaves, and how sure that is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tautnet.solving.path import Path
from tautnet.tables.arrays import Booleans, Floats, Integers


class Exits(NamedTuple):
    """Where predictors leave a path.

    Attributes
    ----------
    alphas : array (n_predictors,)
        The strength from which on a predictor is never alive again; infinite where it never leaves.
    spread : array (n_predictors,)
        Standard deviation over folds of its logarithm to base 10; NaN where a fold's path keeps the
        predictor.
    returns : int array (n_predictors,)
        How often a predictor that had left came back at a larger strength.
    """

    alphas: Floats
    spread: Floats
    returns: Integers


def exit_alphas(alphas: Floats | Sequence[float], alive: Booleans) -> list[float | None]:
    """For each column the strength from which on it is never alive again, or None.

    Examples
    --------
    >>> exit_alphas([0.1, 1.0, 10.0], np.array([[True, True], [False, True], [False, True]]))
    [1.0, None]
    """
    last = len(alphas) - 1 - np.argmax(alive[::-1], axis=0)
    first_gone = np.where(alive.any(axis=0), last + 1, 0)
    return [float(alphas[i]) if i < len(alphas) else None for i in first_gone]


def order_of_exit(path: Path, fold_paths: Sequence[Path]) -> Exits:
    """The order in which predictors leave.

    Parameters
    ----------
    path : Path
        Of all rows.
    fold_paths : list of Path
        One a fold, which says how much a strength of exit depends on the rows.

    Returns
    -------
    Exits
    """
    alphas = _exits(path)
    folds = np.array([_exits(one) for one in fold_paths])
    logarithms = np.log10(np.where(np.isfinite(folds), folds, np.nan))
    alive = path.norms > 0
    spread = logarithms.std(axis=0, ddof=1) if len(folds) > 1 else np.full(len(alphas), np.nan)
    return Exits(alphas, spread, (~alive[:-1] & alive[1:]).sum(axis=0))


def _exits(path: Path) -> Floats:
    """The strength at which each predictor leaves a path, infinite where it never does."""
    exits = exit_alphas(path.alphas, path.norms > 0)
    return np.array([np.inf if alpha is None else alpha for alpha in exits])
