"""Gradient boosting of trees on our outer folds: scikit-learn's HistGradientBoosting.

The number of rounds is chosen on one inner fold, never on the model's own split, which knows no
groups and no order; then the model is fitted again on all rows outside the outer fold.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax
from sklearn.base import is_classifier
from threadpoolctl import threadpool_limits

from tautnet.engine.jobs import Report, run_jobs
from tautnet.engine.loop import Ticker
from tautnet.objective.losses import Loss
from tautnet.peers.levels import codes_for_fit
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.rounding import varies
from tautnet.tables.sample import Sample
from tautnet.validation.chains import Outer

LEARNING_RATE = 0.1
MOST_ROUNDS = 500
# Rounds are no longer tried where the last ones bettered nothing. On tables without noise the loss
# rests for long: with 20 rounds squared errors are 4 to 12 % larger there (concrete, energy).
PATIENCE = 50
# The fewest rows of a leaf are scikit-learn's 20, or this share of a small table: of 60 rows, of
# which a fit sees 36, no split would leave 20 on both sides.
LEAST_LEAF = 20
LEAF_SHARE = 0.1
# Trees that are grown before one asks whether to stop: Ctrl-C does not wait for a whole fit.
TREES_AT_ONCE = 50
LOG_LOSS = "log_loss"


@dataclass(frozen=True)
class Boosting:
    """What boosting says of the outer folds.

    Attributes
    ----------
    outer : Outer
        As that of our own fits; its ``alphas`` are NaN.
    rounds : int array (n_repeats * n_folds,)
        Rounds of each outer fold's model; 0 is the constant.
    seconds : float
        Time that all took.
    """

    outer: Outer
    rounds: Integers
    seconds: float


class Table(NamedTuple):
    """What all fits share.

    Attributes
    ----------
    codes, is_category
        As `ordinal_codes` returns them.
    sample : Sample
        Its target and its weights are used.
    """

    codes: Floats
    is_category: Booleans
    sample: Sample

    def for_fit(self, seen: Integers) -> tuple[Floats, Booleans]:
        """Codes for a fit to some rows, and which of them are categories."""
        return codes_for_fit(self.codes, self.is_category, seen, self.sample.weight)


class FoldResult(NamedTuple):
    """What the model of one outer fold says.

    Attributes
    ----------
    rounds : int
    outputs : array (n_rows_of_the_fold, n_outputs)
    train_loss : float
    """

    rounds: int
    outputs: Floats
    train_loss: float


def reason_against(loss: Loss, n_outputs: int) -> str | None:
    """Why there is no boosting beside our models, in plain words, or None where there can be.

    Parameters
    ----------
    loss : Loss
    n_outputs : int
        Columns of the encoded target.

    Examples
    --------
    >>> from tautnet.objective.regression import Huber, SquaredError
    >>> reason_against(SquaredError(), 1)
    >>> reason_against(SquaredError(), 2)
    'boosting predicts one target, not 2'
    >>> reason_against(Huber(), 1)
    'boosting has no Huber loss'
    """
    if loss.is_multilabel:
        return "boosting predicts one target, not several labels"
    if not loss.is_separable:
        return "boosting has no loss for survival times"
    if loss.boosting_loss is None:
        return f"boosting has no {loss.metric_name}"
    if n_outputs > 1 and loss.boosting_loss != LOG_LOSS:
        return f"boosting predicts one target, not {n_outputs}"
    return None


def boost(
    codes: Floats,
    is_category: Booleans,
    sample: Sample,
    loss: Loss,
    folds: list[Integers],
    *,
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Boosting:
    """Fit boosting outside every outer fold and say how it does on them.

    Parameters
    ----------
    codes, is_category
        As `ordinal_codes` returns them.
    sample : Sample
        The same rows; its target and its weights are used.
    loss : Loss
        One that `reason_against` has nothing against.
    folds : list of int arrays (n_rows,)
        The fold of each row, one array a repeat; three folds or more.
    n_jobs, on_progress
        As in `run_jobs`: outer folds at once, which never changes a result.

    Returns
    -------
    Boosting

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2))
    >>> sample = Sample(X, np.arange(2), np.abs(X[:, :1]), np.ones(300))
    >>> fold = np.arange(300) % 3
    >>> from tautnet.objective.regression import SquaredError
    >>> boosting = boost(X, np.zeros(2, bool), sample, SquaredError(), [fold])
    >>> len(boosting.rounds), boosting.outer.score > 0.8
    (3, True)
    """
    start = time.perf_counter()
    jobs = [BoostingJob(loss, fold, k) for fold in folds for k in range(fold.max() + 1)]
    results = run_jobs(
        Table(codes, is_category, sample), jobs, n_jobs=n_jobs, on_progress=on_progress
    )
    outer = _outer(sample, loss, folds, results)
    rounds = np.array([result.rounds for result in results])
    return Boosting(outer, rounds, time.perf_counter() - start)


def _outer(
    sample: Sample, loss: Loss, folds: list[Integers], results: Iterable[FoldResult]
) -> Outer:
    """The outer folds of every repeat put together."""
    own = iter(results)
    losses = []
    outputs = []
    scores = []
    train = []
    fold_losses = []
    for fold in folds:
        row_outputs = np.zeros(sample.y.shape)
        for k in range(fold.max() + 1):
            result = next(own)
            row_outputs[fold == k] = result.outputs
            train.append(result.train_loss)
        row_losses = loss.metric(sample.y, row_outputs)
        for k in range(fold.max() + 1):
            held_out = fold == k
            fold_losses.append(np.average(row_losses[held_out], weights=sample.weight[held_out]))
        losses.append(row_losses)
        outputs.append(row_outputs)
        scores.append(loss.pooled_score(sample.y, row_outputs, sample.weight, fold))
    return Outer(
        np.mean(losses, axis=0),
        np.mean(outputs, axis=0),
        float(np.mean(train)),
        float(np.mean(scores)),
        np.array(fold_losses),
        np.full(len(fold_losses), np.nan),
    )


@dataclass(frozen=True)
class BoostingJob:
    """Boosting outside one outer fold: everything but the table.

    Attributes
    ----------
    loss : Loss
    fold : int array (n_rows,)
        The fold of each row.
    outer : int
        The fold that neither training nor choice sees.
    """

    loss: Loss
    fold: Integers
    outer: int

    def run(self, table: Table, ticker: Ticker) -> FoldResult:
        """Choose the rounds on the next fold, fit again with it, and predict the outer fold."""
        # Threads of scikit-learn's own wait for each other at every tree: beside other work they
        # take many times as long as one. Folds run side by side instead.
        with threadpool_limits(1, "openmp"):
            rounds = self._rounds(table, ticker)
            ticker.tick(0.5)
            return self._result(table, rounds, ticker)

    def _rounds(self, table: Table, ticker: Ticker) -> int:
        """The rounds with the lowest loss on the fold after the outer one; 0 is the constant."""
        inner = (self.outer + 1) % (self.fold.max() + 1)
        counts = table.sample.weight > 0
        seen = np.flatnonzero(counts & ~np.isin(self.fold, [self.outer, inner]))
        tried = np.flatnonzero(counts & (self.fold == inner))
        target = _target(table.sample.y)
        if self.loss.boosting_loss == LOG_LOSS:
            # Whatever the rounds, a class that training has not seen costs the same.
            tried = tried[np.isin(target[tried], target[seen])]
        if not len(tried) or _is_constant(target[seen]):
            return 0
        codes, is_category = table.for_fit(seen)
        model = _model(self.loss, is_category, len(codes), early_stopping=True)
        _grow(
            model,
            MOST_ROUNDS,
            (codes[seen], target[seen], _weight(table.sample, seen)),
            (codes[tried], target[tried], _weight(table.sample, tried)),
            ticker,
        )
        return int(model.validation_score_.argmax())

    def _result(self, table: Table, rounds: int, ticker: Ticker) -> FoldResult:
        """The model of so many rounds on all rows outside the outer fold."""
        sample = table.sample
        seen = np.flatnonzero((sample.weight > 0) & (self.fold != self.outer))
        rows = np.concatenate([seen, np.flatnonzero(self.fold == self.outer)])
        y = sample.y[seen]
        target = _target(y)
        if rounds == 0 or _is_constant(target):
            rounds = 0
            outputs = np.tile(self.loss.constant(y, sample.weight[seen]), (len(rows), 1))
        else:
            codes, is_category = table.for_fit(seen)
            model = _model(self.loss, is_category, len(codes), early_stopping=False)
            _grow(model, rounds, (codes[seen], target, _weight(sample, seen)), None, ticker)
            outputs = _outputs(model, self.loss, codes[rows], y)
        fitted, held_out = np.split(outputs, [len(seen)])
        train_loss = np.average(self.loss.metric(y, fitted), weights=sample.weight[seen])
        return FoldResult(rounds, held_out, float(train_loss))


def _target(y: Floats) -> Floats | Integers:
    """The target as scikit-learn takes it: classes as their numbers."""
    return y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]


def _is_constant(target: Floats | Integers) -> bool:
    return not varies(target)


def _weight(sample: Sample, rows: Integers) -> Floats | None:
    """Weights of mean 1, so that their unit plays no part; None where all are the same."""
    weight = sample.weight[rows]
    return None if _is_constant(weight) else weight / weight.mean()


def _model(loss: Loss, is_category: Booleans, n_rows: int, *, early_stopping: bool) -> Any:
    """A model that is yet to be fitted, for a table of so many rows."""
    # Their import takes a while, and not all who import this room boost.
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if loss.boosting_loss == LOG_LOSS:
        model = HistGradientBoostingClassifier()
    else:
        # Only one loss has a quantile.
        quantile = getattr(loss, "quantile", None)
        model = HistGradientBoostingRegressor(loss=loss.boosting_loss, quantile=quantile)
    return model.set_params(
        learning_rate=LEARNING_RATE,
        min_samples_leaf=max(min(LEAST_LEAF, int(LEAF_SHARE * n_rows)), 1),
        categorical_features=is_category if is_category.any() else None,
        early_stopping=early_stopping,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        warm_start=True,
        random_state=0,
    )


Rows = tuple[Floats, Floats | Integers, Floats | None]


def _grow(model: Any, n_rounds: int, seen: Rows, tried: Rows | None, ticker: Ticker) -> None:
    """Fit a model, some trees at a time, until the rows to be tried on stop it."""
    X, y, weight = seen
    X_val, y_val, weight_val = tried or (None, None, None)
    # Three classes or more have a tree each, a round.
    n_classes = len(np.unique(y)) if is_classifier(model) else 1
    at_once = max(TREES_AT_ONCE // n_classes, 1) if n_classes > 2 else TREES_AT_ONCE
    for until in (*range(at_once, n_rounds, at_once), n_rounds):
        ticker.tick()
        model.set_params(max_iter=until)
        model.fit(X, y, weight, X_val=X_val, y_val=y_val, sample_weight_val=weight_val)
        if tried and model.n_iter_ - model.validation_score_.argmax() >= PATIENCE:
            return


def _outputs(model: Any, loss: Loss, codes: Floats, y: Floats) -> Floats:
    """Predictions on the scale of our outputs, shape (n_rows, n_outputs).

    Parameters
    ----------
    y : array (n_training_rows, n_outputs)
        The target that the model was fitted to.
    """
    if loss.boosting_loss != LOG_LOSS:
        mean = model.predict(codes)[:, None]
        # A mean of counts can only be 0 where it is too small to be told from it.
        return np.log(np.maximum(mean, np.finfo(float).tiny)) if loss.mean_name == "exp" else mean
    logits = model.decision_function(codes)
    if y.shape[1] == 1:
        return logits[:, None]
    if logits.ndim == 1:
        logits = np.column_stack([np.zeros_like(logits), logits])
    # A class without a row in these rows gets the share of a thousandth of a row, as in our own
    # constants.
    least = 1e-3 / len(y)
    n_lacking = y.shape[1] - len(model.classes_)
    outputs = np.full((len(codes), y.shape[1]), np.log(least))
    outputs[:, model.classes_] = log_softmax(logits, axis=1) + np.log1p(-n_lacking * least)
    return outputs
