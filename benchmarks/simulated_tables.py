"""Tables whose truth is known, ten kinds of them, and the true loss of a model on new rows.

A table is drawn by its kind and its number: the same two give the same table.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

# Tables of these kinds have nothing to learn.
EMPTY = ("noise", "copies", "time_walk")
KINDS = (
    *("noise", "linear", "additive", "interaction", "sparse"),
    *("heavy_tailed", "one_outlier", "copies", "leak", "time_walk"),
)
LEAK = "settled_amount"
COPIES = 4
FRESH_ROWS = 20_000
# Quartiles of the standard normal and of Student's t with two degrees of freedom.
QUARTILES = {"normal": 0.6745, "t2": 0.8165}


class Rows(NamedTuple):
    """Rows with what is expected of each: the mean of its target, or the chance of a "yes"."""

    frame: pd.DataFrame
    target: np.ndarray
    expected: np.ndarray


class Table(NamedTuple):
    """A simulated table.

    Attributes
    ----------
    rows : Rows
        What `compare` sees.
    ordered : bool
        Whether neighbouring rows belong together.
    truth : dict
        "learnable", "linear" (no hidden layer is needed), "explained" (the share of the
        constant's loss that the best of all predictions saves), "noise_loss" (what that
        prediction still loses; None where it is infinite), "outlier" (a row, or None).
    law : Law or None
        Where new rows come from; walks have none.
    """

    rows: Rows
    ordered: bool
    truth: dict
    law: "Law | None"


@dataclass(frozen=True)
class Law:
    """How rows come about.

    Attributes
    ----------
    mix : array (n_predictors, n_predictors)
        Makes correlated predictors of independent ones.
    unit, centre : arrays (n_predictors,)
        Units in which predictors are written down.
    signal : callable
        From standardised predictors to a number of mean 0 and variance 1.
    share : float
        Share of the variance of the target, or of the score behind its classes, that is signal.
    classes : bool
        Whether the target is "yes" or "no".
    target_unit : float
    heavy : bool
        Whether errors have Student's t distribution with two degrees of freedom.
    leak : bool
        Whether the target stands among the predictors under another name.
    """

    mix: np.ndarray
    unit: np.ndarray
    centre: np.ndarray
    signal: Callable[[np.ndarray], np.ndarray]
    share: float
    classes: bool
    target_unit: float = 1.0
    heavy: bool = False
    leak: bool = False

    def draw(self, rng: np.random.Generator, n_rows: int) -> Rows:
        """Draw rows."""
        z = rng.normal(size=(n_rows, len(self.unit))) @ self.mix.T
        frame = pd.DataFrame(
            self.centre + self.unit * z, columns=[f"x{j + 1}" for j in range(z.shape[1])]
        )
        if self.classes:
            expected = _chance(self.signal(z), self.share)
            target = np.where(rng.uniform(size=n_rows) < expected, "yes", "no")
        else:
            expected = self.target_unit * (3 + np.sqrt(self.share) * self.signal(z))
            target = expected + self._error_unit * self._errors(rng, n_rows)
        if not self.leak:
            return Rows(frame, target, expected)
        if self.classes:
            frame[LEAK] = np.where(target == "yes", "paid", "open")
            return Rows(frame, target, (target == "yes").astype(float))
        # The same amount in another currency.
        frame[LEAK] = 1.17 * target
        return Rows(frame, target, target)

    @property
    def _error_unit(self) -> float:
        return self.target_unit * np.sqrt(1 - self.share)

    def _errors(self, rng, n_rows):
        if not self.heavy:
            return rng.normal(size=n_rows)
        return rng.standard_t(2, size=n_rows) * QUARTILES["normal"] / QUARTILES["t2"]

    def noise_loss(self, expected: np.ndarray) -> float | None:
        """What the best of all predictions still loses; None where it is infinite."""
        if self.classes:
            return cross_entropy(expected, expected)
        if self.leak:
            return 0.0
        return None if self.heavy else float(self._error_unit**2)


def _chance(signal, share):
    """Chance of a "yes".

    A logistic error has the variance pi^2 / 3.
    """
    return 1 / (1 + np.exp(-signal * np.sqrt(share / (1 - share) * np.pi**2 / 3)))


def cross_entropy(expected: np.ndarray, predicted: np.ndarray) -> float:
    """Mean log-loss of predicted chances where the true ones are known."""
    q = np.clip(predicted, 1e-15, 1 - 1e-15)
    return float(-np.mean(expected * np.log(q) + (1 - expected) * np.log1p(-q)))


def simulate(kind: str, number: int) -> Table:
    """Draw a table.

    Parameters
    ----------
    kind : str
        One of KINDS.
    number : int
        From 0; even numbers have two classes where the kind allows for that.
    """
    rng = np.random.default_rng([zlib.crc32(kind.encode()), number])
    n_rows = int(rng.integers(150, 601))
    if kind == "time_walk":
        return _walks(rng)
    law = _law(kind, number, rng)
    rows = law.draw(rng, n_rows // COPIES if kind == "copies" else n_rows)
    outlier = None
    if kind == "copies":
        chosen = rng.permutation(np.repeat(np.arange(len(rows.target)), COPIES))
        rows = Rows(
            rows.frame.iloc[chosen].reset_index(drop=True),
            rows.target[chosen],
            rows.expected[chosen],
        )
    if kind == "one_outlier":
        outlier = int(rng.integers(n_rows))
        wild = rng.choice([-1, 1]) * rng.uniform(30, 100) * rows.target.std()
        rows.target[outlier] += wild
    truth = _truth(law, rng) | {
        "learnable": kind not in EMPTY,
        "linear": kind not in ("additive", "interaction") and not _bends(kind, number),
        "outlier": outlier,
    }
    return Table(rows, False, truth, law)


def _walks(rng):
    """A random walk as the target of two others, which have nothing to do with it."""
    walks = rng.normal(size=(150, 3)).cumsum(axis=0)
    frame = pd.DataFrame(walks[:, :2], columns=["x1", "x2"])
    truth = {"learnable": False, "linear": True, "explained": 0.0, "noise_loss": None}
    rows = Rows(frame, walks[:, 2], np.zeros(len(walks)))
    return Table(rows, True, truth | {"outlier": None}, None)


def _bends(kind, number):
    """Whether a table with an outlier has a smooth signal that is not linear: every other one."""
    return kind == "one_outlier" and number % 2 == 1


def _law(kind, number, rng):
    """The law of a table of any kind but time_walk."""
    few, many = {"sparse": (20, 40), "interaction": (2, 6)}.get(kind, (3, 12))
    n_predictors = int(rng.integers(few, many + 1))
    lag = rng.uniform(0, 0.6)
    order = np.arange(n_predictors)
    signals = {"additive": _smooth, "interaction": _product}
    make = _smooth if _bends(kind, number) else signals.get(kind, _linear)
    least, most = {"one_outlier": (0.5, 0.95), "interaction": (0.4, 0.95)}.get(kind, (0.15, 0.95))
    return Law(
        mix=np.linalg.cholesky(lag ** np.abs(order[:, None] - order)),
        unit=10 ** rng.uniform(-2, 3, n_predictors),
        centre=10 ** rng.uniform(-2, 3, n_predictors),
        signal=_standardised(make(rng, n_predictors), lag, n_predictors),
        share=0.0 if kind in EMPTY else rng.uniform(least, most),
        classes=number % 2 == 0 and kind not in ("heavy_tailed", "one_outlier"),
        target_unit=10 ** rng.uniform(-2, 4),
        heavy=kind == "heavy_tailed",
        leak=kind == "leak",
    )


def _standardised(signal, lag, n_predictors):
    """The signal with mean 0 and variance 1 over many rows."""
    order = np.arange(n_predictors)
    mix = np.linalg.cholesky(lag ** np.abs(order[:, None] - order))
    values = signal(np.random.default_rng(0).normal(size=(FRESH_ROWS, n_predictors)) @ mix.T)
    centre = values.mean()
    unit = values.std()
    return lambda z: (signal(z) - centre) / unit


def _linear(rng, n_predictors):
    """A linear signal in three to five predictors, or in all where there are fewer."""
    weight = np.zeros(n_predictors)
    n_real = min(n_predictors, int(rng.integers(3, 6)))
    weight[rng.permutation(n_predictors)[:n_real]] = rng.choice([-1, 1], n_real) * rng.uniform(
        0.5, 1.5, n_real
    )
    return lambda z: z @ weight


def _smooth(rng, n_predictors):
    """A sum of a bow, a wave and a step over different predictors."""
    first, second, third = rng.permutation(n_predictors)[:3]
    a, b, c = rng.uniform(0.5, 1.5, 3)
    phase = rng.uniform(0, np.pi)
    return lambda z: (
        a * np.square(z[:, first]) / np.sqrt(2)
        + b * np.sin(1.5 * z[:, second] + phase)
        + c * np.tanh(2 * z[:, third])
    )


def _product(rng, n_predictors):
    """A product of two predictors beside a weak linear part."""
    first, second = rng.permutation(n_predictors)[:2]
    weak = rng.uniform(0, 0.3)
    return lambda z: z[:, first] * z[:, second] + weak * z[:, first]


def _truth(law, rng):
    """The best loss that a prediction can have, and what share of the constant's it saves."""
    expected = law.draw(rng, FRESH_ROWS).expected
    least = law.noise_loss(expected)
    if least is None:
        # As of normal errors with the same quartiles: the variance of these is infinite.
        return {"noise_loss": None, "explained": law.share}
    constant = np.full(FRESH_ROWS, expected.mean())
    return {"noise_loss": least, "explained": 1 - least / (least + excess(law, expected, constant))}


def excess(law: Law, expected: np.ndarray, predicted: np.ndarray) -> float:
    """By how much predictions lose more than the best of all predictions does.

    Errors of the target, which no prediction can know, do not enter.
    """
    if law.classes:
        return cross_entropy(expected, predicted) - cross_entropy(expected, expected)
    return float(np.mean(np.square(predicted - expected)))


def fresh_losses(table: Table, model) -> dict | None:
    """True losses beyond the best possible on new rows: of a model, and of the constant.

    The constant is what the rows of the table have on average. None for walks, whose next rows
    are not drawn from where these came from.
    """
    law = table.law
    if law is None:
        return None
    fresh = _fresh(law)
    if law.classes:
        column = [str(label) for label in model.classes_].index("yes")
        predicted = model.predict_proba(fresh.frame)[:, column]
        constant = np.mean(table.rows.target == "yes")
    else:
        predicted = model.predict(fresh.frame)
        constant = table.rows.target.mean()
    return {
        "model": excess(law, fresh.expected, predicted),
        "constant": excess(law, fresh.expected, np.full(FRESH_ROWS, constant)),
    }


def boosting_loss(table: Table) -> float | None:
    """The same of scikit-learn's gradient boosting, fitted on the table with early stopping.

    None for walks, and where the target stands among the predictors.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    law = table.law
    if law is None or law.leak:
        return None
    fresh = _fresh(law)
    kind = HistGradientBoostingClassifier if law.classes else HistGradientBoostingRegressor
    model = kind(learning_rate=0.05, early_stopping=True, random_state=0)
    model.fit(table.rows.frame, table.rows.target)
    if law.classes:
        # "yes" is the second of the two.
        return excess(law, fresh.expected, model.predict_proba(fresh.frame)[:, 1])
    return excess(law, fresh.expected, model.predict(fresh.frame))


def _fresh(law):
    """The new rows of a law, the same at each call."""
    return law.draw(np.random.default_rng([FRESH_ROWS, len(law.unit)]), FRESH_ROWS)
