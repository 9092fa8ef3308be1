"""Draws of a predictor given all others, as good as its own values if it has no effect.

A predictor of numbers is its linear regression on the others plus a residual of another row; one of
few levels, or a category, is drawn by a logistic or multinomial regression on the others. Both are
shrunk as much as Ledoit and Wolf (2004) shrink the covariance matrix of the whole table, whose
regressions the first ones are.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from scipy.stats import norm, rankdata
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import Scaling, fit_scaling, restore, standardise

# A column of at most so many distinct values is drawn by a logistic or multinomial regression.
FEW_LEVELS = 4
# Tails are heavy above this excess kurtosis, that of the Laplace distribution.
HEAVY = 3.0
# The strength of a ridge regression, as a share of a row, stays between these.
LEAST_RIDGE = 1e-4
MOST_RIDGE = 1e4


def heavy_tailed(X: Floats) -> Booleans:
    """Which columns have heavier tails than the Laplace distribution.

    Their excess kurtosis ``m₄ / m₂² - 3`` is above 3, with mₖ the mean of ``|x - x̄|ᵏ``. Columns of
    few levels never have: there are no tails to tame.

    Parameters
    ----------
    X : array (n_rows, n_columns)
        Raw numbers, NaN where a cell is missing.

    Returns
    -------
    bool array (n_columns,)

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(500, 1))
    >>> heavy_tailed(np.hstack([x, x**5, x > 2])).tolist()
    [False, True, False]
    """
    Z = standardise(X, fit_scaling(X))
    present = ~np.isnan(X)
    counts = np.maximum(present.sum(axis=0), 1)
    second = (np.abs(Z) ** 2 * present).sum(axis=0) / counts
    fourth = (np.abs(Z) ** 4 * present).sum(axis=0) / counts
    excess = fourth / np.maximum(second, 1e-300) ** 2 - 3
    return (excess > HEAVY) & np.array([not _has_few(column) for column in X.T])


def normal_scores(column: Floats) -> Floats:
    """Normal quantiles of the ranks of a column; ties share a rank, missing cells stay missing.

    Examples
    --------
    >>> normal_scores(np.array([3.0, 1e9, -2.0, np.nan])).round(2).tolist()
    [0.0, 0.97, -0.97, nan]
    """
    ranks = rankdata(column, nan_policy="omit")
    return norm.ppf((ranks - 0.5) / np.count_nonzero(~np.isnan(column)))


def _has_few(column: Floats) -> bool:
    """Whether a column has few levels; a missing cell is none."""
    values = np.unique(column)
    return len(values[~np.isnan(values)]) <= FEW_LEVELS


@dataclass(frozen=True)
class Part:
    """Some columns of a predictor, drawn together after those of the parts before it.

    Attributes
    ----------
    columns : int array
        Positions among the columns of the predictor.
    fixed : array (n_rows, n_signals)
        What the columns of other predictors add to a mean, or to the logarithms of probabilities.
    inner : array (n_before, n_signals)
        Coefficients of the predictor's own columns, of those in parts before this.
    before : int array (n_before,)
    values : array
        Residuals of the rows (n_values,) that are drawn from, or levels (n_signals, n_columns).
    is_discrete : bool
    missing : int or None
        Position of the column that tells where a number is missing.
    """

    columns: Integers
    fixed: Floats
    inner: Floats
    before: Integers
    values: Floats
    is_discrete: bool
    missing: int | None = None

    def fill(self, drawn: Floats, generator: np.random.Generator) -> None:
        """Draw these columns into standardised draws, shape (n_draws, n_rows, n_columns)."""
        signal = self.fixed + drawn[..., self.before] @ self.inner
        shape = drawn.shape[:2]
        if self.is_discrete:
            cumulated = softmax(signal, axis=-1).cumsum(axis=-1)[..., :-1]
            level = (generator.random((*shape, 1)) > cumulated).sum(axis=-1)
            drawn[..., self.columns] = self.values[level]
        else:
            drawn[..., self.columns[0]] = signal[..., 0] + generator.choice(self.values, size=shape)


@dataclass(frozen=True)
class Conditional:
    """The distribution of a predictor given all others, row by row.

    Attributes
    ----------
    columns : int array (n_columns,)
        Those of the table that encode the predictor.
    parts : list of Part
    scaling : Scaling
        Of its columns.
    """

    columns: Integers
    parts: list[Part]
    scaling: Scaling

    def draw(self, generator: np.random.Generator, n_draws: int) -> Floats:
        """Draw the predictor for every row, several times.

        Parameters
        ----------
        generator : numpy.random.Generator
        n_draws : int

        Returns
        -------
        array (n_draws, n_rows, n_columns)
            Raw numbers, NaN where a cell is missing.
        """
        drawn: Floats = np.zeros((n_draws, len(self.parts[0].fixed), len(self.columns)))
        for part in self.parts:
            part.fill(drawn, generator)
        drawn = restore(drawn, self.scaling)
        for part in self.parts:
            if part.missing is not None:
                gone = drawn[..., part.missing] > 0.5
                drawn[..., part.columns[0]][gone] = np.nan
        return drawn


class Conditionals:
    """Conditional distributions of the predictors of a table, each fitted when it is asked for.

    They are learned from all its rows, the target apart: rows that a network has not seen may say
    how predictors hang together, not what the target has to do with them. Row weights play no part.

    Parameters
    ----------
    sample : Sample
    members : int array (n_columns,)
        The predictor that each column encodes before predictors are grouped: its columns are drawn
        together where they are those of a category.

    Examples
    --------
    >>> from tautnet.tables.sample import Sample
    >>> x = np.random.default_rng(0).normal(size=(300, 1))
    >>> X = np.hstack([x, x + 0.1 * np.random.default_rng(1).normal(size=(300, 1))])
    >>> conditionals = Conditionals(Sample(X, np.arange(2), None, None), np.arange(2))
    >>> draws = conditionals.of(1).draw(np.random.default_rng(2), 5)
    >>> draws.shape, bool(np.corrcoef(draws[0, :, 0], x[:, 0])[0, 1] > 0.95)
    ((5, 300, 1), True)
    """

    def __init__(self, sample: Sample, members: Integers) -> None:
        self.X = sample.X
        self.predictor = sample.column_predictor
        self.members = members
        self.scaling = fit_scaling(self.X, rounding=sample.rounding)
        self.table = standardise(self.X, self.scaling)
        shrinkage = ledoit_wolf_shrinkage(self.table, assume_centered=True)
        mean_variance = np.square(self.table).mean()
        # A covariance (1 - s) S + s v I has the regressions of a ridge of strength s v / (1 - s).
        ridge = shrinkage * mean_variance / max(1 - shrinkage, 1e-9)
        self.ridge = float(np.clip(ridge, LEAST_RIDGE, MOST_RIDGE))

    def of(self, predictor: int) -> Conditional:
        """The distribution of one predictor given all others."""
        columns = np.flatnonzero(self.predictor == predictor)
        others = np.flatnonzero(self.predictor != predictor)
        parts = []
        before = np.zeros(0, int)
        for part in self._parts(columns):
            parts.append(self._fit(columns, part, before, others))
            before = np.concatenate([before, part])
        return Conditional(columns, parts, self.scaling.of(columns))

    def _parts(self, columns: Integers) -> list[Integers]:
        """Positions of columns that are drawn together: discrete ones first, then numbers."""
        discrete: list[Integers] = []
        numbers: list[Integers] = []
        for member in dict.fromkeys(self.members[columns]):
            own = np.flatnonzero(self.members[columns] == member)
            if self._is_discrete(columns[own]):
                discrete.append(own)
                continue
            # Whether a cell is missing comes before its value.
            for j in sorted(own, key=lambda j: np.isnan(self.X[:, columns[j]]).any()):
                kind = discrete if _has_few(self.X[:, columns[j]]) else numbers
                kind.append(np.array([j]))
        return discrete + numbers

    def _is_discrete(self, columns: Integers) -> bool:
        """Whether columns are those of a category, or have few levels together."""
        is_category = len(columns) > 1 and np.isin(self.X[:, columns], (0.0, 1.0)).all()
        return bool(is_category) or len(np.unique(self.table[:, columns], axis=0)) <= FEW_LEVELS

    def _fit(self, columns: Integers, part: Integers, before: Integers, others: Integers) -> Part:
        """One part given the other predictors and the parts before."""
        raw = self.X[:, columns[part]]
        own = self.table[:, columns[part]]
        # A column of zeros, so that a table of one predictor is a table, too.
        zeros = np.zeros((len(own), 1))
        inputs = np.hstack([self.table[:, others], self.table[:, columns[before]], zeros])
        missing: Booleans = np.any(np.isnan(raw), axis=1)
        present = ~missing
        is_discrete = len(part) > 1 or _has_few(raw[:, 0])
        if is_discrete:
            values, level = np.unique(own, axis=0, return_inverse=True)
            coefficients, constants = self._multinomial(inputs, level.ravel(), len(values))
        else:
            fitted = Ridge(self.ridge * present.sum()).fit(inputs[present], own[present, 0])
            coefficients = fitted.coef_[:, None]
            constants = np.array([fitted.intercept_])
            values = (own - inputs @ coefficients - constants)[present, 0]
        n_others = len(others)
        fixed = inputs[:, :n_others] @ coefficients[:n_others] + constants
        inner = coefficients[n_others:-1]
        told_by = self._indicator(columns, [*before, *part], missing) if missing.any() else None
        return Part(part, fixed, inner, before, values, is_discrete, told_by)

    def _indicator(self, columns: Integers, known: Sequence[int], missing: Booleans) -> int | None:
        """Position of the first known column that tells which rows miss a number, or None."""
        for j in known:
            if np.array_equal(self.X[:, columns[j]] > 0.5, missing):
                return j
        return None

    def _multinomial(self, inputs: Floats, level: Integers, n_levels: int) -> tuple[Floats, Floats]:
        """Coefficients (n_inputs, n_levels) and constants (n_levels,) of log-probabilities."""
        # The logistic loss has at most a quarter of the curvature of half a square, so the same
        # share of the rows is a quarter as strong.
        model = LogisticRegression(C=4 / (self.ridge * len(level)), max_iter=300)
        with warnings.catch_warnings():
            # Any coefficients draw; those that more steps would give draw no better.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(inputs, level)
        if n_levels > 2:
            return model.coef_.T, model.intercept_
        # Of two levels the first one is the reference, whose signal is 0.
        coefficients = np.vstack([np.zeros(inputs.shape[1]), model.coef_[0]]).T
        return coefficients, np.array([0.0, model.intercept_[0]])
