"""What a predictor could have been, given the others: draws that are as good as its values if it
has no effect.

A predictor of numbers is its linear regression on the others plus a residual of another row; one of
few levels, or a category, is drawn by a logistic or multinomial regression on the others. Both are
shrunk as much as Ledoit and Wolf (2004) shrink the covariance matrix of the whole table, whose
regressions the first ones are.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from scipy.stats import norm, rankdata
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from tautnet.tables.scaling import fit_scaling, restore, standardise

# Numbers of distinct values up to which a column is drawn by a logistic or multinomial regression.
FEW_LEVELS = 4
# Excess kurtosis beyond which tails are heavy: that of the Laplace distribution.
HEAVY = 3.0
# Strength of a ridge regression, as a share of a row, that is used at least and at most.
LEAST_RIDGE, MOST_RIDGE = 1e-4, 1e4


def heavy_tailed(X):
    """Which columns have heavier tails than the Laplace distribution (excess kurtosis above 3).

    Columns of few levels never have: there are no tails to tame.

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
    second, fourth = ((np.abs(Z) ** power * present).sum(axis=0) / counts for power in (2, 4))
    excess = fourth / np.maximum(second, 1e-300) ** 2 - 3
    return (excess > HEAVY) & np.array([not _has_few(column) for column in X.T])


def normal_scores(column):
    """Normal quantiles of the ranks of a column; ties share a rank, missing cells stay missing.

    Examples
    --------
    >>> normal_scores(np.array([3.0, 1e9, -2.0, np.nan])).round(2).tolist()
    [0.0, 0.97, -0.97, nan]
    """
    ranks = rankdata(column, nan_policy="omit")
    return norm.ppf((ranks - 0.5) / np.count_nonzero(~np.isnan(column)))


def _has_few(column):
    values = np.unique(column)
    return len(values) <= FEW_LEVELS + np.isnan(values).any()


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

    columns: object
    fixed: object
    inner: object
    before: object
    values: object
    is_discrete: bool
    missing: object = None

    def fill(self, drawn, generator):
        """Draw the columns of this part into standardised draws, shape (n_draws, n_rows,
        n_columns).
        """
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

    columns: object
    parts: list
    scaling: object

    def draw(self, generator, n_draws):
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
        drawn = np.zeros((n_draws, len(self.parts[0].fixed), len(self.columns)))
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

    def __init__(self, sample, members):
        self.X, self.predictor, self.members = sample.X, sample.column_predictor, members
        self.scaling = fit_scaling(self.X)
        self.table = standardise(self.X, self.scaling)
        shrinkage = ledoit_wolf_shrinkage(self.table, assume_centered=True)
        mean_variance = np.square(self.table).mean()
        # A covariance (1 - s) S + s v I has the regressions of a ridge of strength s v / (1 - s).
        ridge = shrinkage * mean_variance / max(1 - shrinkage, 1e-9)
        self.ridge = float(np.clip(ridge, LEAST_RIDGE, MOST_RIDGE))

    def of(self, predictor):
        """The distribution of one predictor given all others."""
        columns = np.flatnonzero(self.predictor == predictor)
        others = np.flatnonzero(self.predictor != predictor)
        parts, before = [], np.zeros(0, int)
        for part in self._parts(columns):
            parts.append(self._fit(columns, part, before, others))
            before = np.concatenate([before, part])
        return Conditional(columns, parts, self.scaling.of(columns))

    def _parts(self, columns):
        """Positions of the columns that are drawn together: what is discrete first, then number by
        number.
        """
        discrete, numbers = [], []
        for member in dict.fromkeys(self.members[columns]):
            own = np.flatnonzero(self.members[columns] == member)
            is_category = len(own) > 1 and np.isin(self.X[:, columns[own]], (0.0, 1.0)).all()
            if is_category or len(np.unique(self.table[:, columns[own]], axis=0)) <= FEW_LEVELS:
                discrete.append(own)
                continue
            # Whether a cell is missing comes before its value.
            for j in sorted(own, key=lambda j: np.isnan(self.X[:, columns[j]]).any()):
                (discrete if _has_few(self.X[:, columns[j]]) else numbers).append(np.array([j]))
        return discrete + numbers

    def _fit(self, columns, part, before, others):
        """One part given the other predictors and the parts before."""
        raw, own = self.X[:, columns[part]], self.table[:, columns[part]]
        # A column of zeros, so that a table of one predictor is a table, too.
        inputs = np.hstack(
            [self.table[:, others], self.table[:, columns[before]], np.zeros((len(own), 1))]
        )
        present, n_before = ~np.isnan(raw).any(axis=1), len(others)
        levels, level = np.unique(own, axis=0, return_inverse=True)
        is_discrete = len(part) > 1 or _has_few(raw[:, 0])
        if is_discrete:
            coefficients, constants = self._multinomial(inputs, level.ravel(), len(levels))
        else:
            fitted = Ridge(self.ridge * present.sum()).fit(inputs[present], own[present, 0])
            coefficients, constants = fitted.coef_[:, None], np.array([fitted.intercept_])
        fixed = inputs[:, :n_before] @ coefficients[:n_before] + constants
        residuals = None if is_discrete else (own - inputs @ coefficients - constants)[present, 0]
        missing = None
        if not present.all():
            known = (
                j for j in (*before, *part) if np.array_equal(self.X[:, columns[j]] > 0.5, ~present)
            )
            missing = next(known, None)
        return Part(
            part,
            fixed,
            coefficients[n_before:-1],
            before,
            levels if is_discrete else residuals,
            is_discrete,
            missing,
        )

    def _multinomial(self, inputs, level, n_levels):
        """Coefficients (n_inputs, n_levels) and constants (n_levels,) of the logarithms of
        probabilities.
        """
        # A logistic loss bends a quarter as much as a square: so the same share of the rows is a
        # quarter as strong.
        model = LogisticRegression(C=4 / (self.ridge * len(level)), max_iter=300)
        with warnings.catch_warnings():
            # Any coefficients draw; those that more steps would give draw no better.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(inputs, level)
        if n_levels == 2:
            return np.vstack([np.zeros(inputs.shape[1]), model.coef_[0]]).T, np.array(
                [0.0, model.intercept_[0]]
            )
        return model.coef_.T, model.intercept_
