"""Survival: Cox's partial likelihood, its cross-validation, the baseline hazard, and concordance.

A target is one column of signed times: ``t`` for an event at t, ``-t`` for a row that left the
study at t without one. The output f is a log hazard ratio; S(t) = Σ w e^f over the rows still at
risk at t.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.objective.arrays import Array
from tautnet.objective.losses import Loss, Rows
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.errors import TableError

BLOCK = 32
NOTHING = -1e30  # The logarithm of a weight of 0, finite, so that no difference is NaN.


@dataclass(frozen=True)
class CoxPartialLikelihood(Loss):
    """Minus Cox's log partial likelihood (Cox 1972): each event has the loss ``log S(t) - f``.

    Weights count in the sum and in the risk sets, where they are shares times the number of rows.
    Tied events under "breslow" (Breslow 1974) share one risk set, so that a weight of 2 is the row
    twice; under "efron" (Efron 1977) the tied rows leave it one by one, in equal parts.

    Parameters
    ----------
    ties : {"breslow", "efron"}
    """

    ties: str = "breslow"

    metric_name: ClassVar[str] = "negative log partial likelihood"
    score_name: ClassVar[str] = "c_index"
    is_separable: ClassVar[bool] = False
    has_curvature: ClassVar[bool] = False

    def for_target(self, y: Floats, weight: Floats) -> Self:
        """Itself, where some event counts.

        Raises
        ------
        TableError
            Without an event.
        """
        if not ((y > 0).any(axis=1) & (weight > 0)).any():
            raise TableError("no row has an event: there is nothing to learn")
        return self

    def order(self, y: Floats) -> Integers:
        """Longest time first, so that a risk set is all that came so far."""
        return np.argsort(-np.abs(y[:, 0]), kind="stable")

    def complaint(self, y: Floats) -> str | None:
        """Why these training rows cannot be fitted, or None."""
        if (y > 0).any():
            return None
        return "no event outside some folds: use fewer folds, or leave rows out"

    def mean_value(self, y: Array, outputs: Array, weight: Array) -> Array:
        """Mean loss over the rows, in `order`, in JAX.

        Rows that fill up stand last, with time 0 and weight 0.
        """
        time = jnp.abs(y[:, 0])
        event = y[:, 0] > 0
        f = outputs[:, 0]
        counts = weight > 0
        log_weight = jnp.log(jnp.where(counts, weight * counts.sum(), 1.0))
        terms = jnp.where(counts, f + log_weight, NOTHING)
        # Rows of one time share the risk set of the last of them.
        last = jnp.searchsorted(-time, -time, side="right") - 1
        log_risk = _cumulative_logsumexp(terms)[last]
        own = jnp.where(event, weight, 0.0)
        if self.ties == "breslow":
            return own @ (log_risk - f)
        return _efron(own, f, terms, log_risk, last, event & counts)

    def fitted_metric(self, y: Floats, outputs: Floats, weight: Floats) -> Floats:
        """Loss of each row among these rows and its cumulative hazard, shape (n_rows,).

        Ties are taken as Breslow does. The hazards sum to the number of events; with them the mean
        is that of Cox's full likelihood, which is what `new_metric` measures on new rows.
        """
        w = _relative(weight)
        time = np.abs(y[:, 0])
        f = outputs[:, 0]
        own = np.where(y[:, 0] > 0, _log_risk(time, f, w, time) - f, 0.0)
        times, log_hazard = _log_baseline(y, outputs, w)
        steps = np.append(NOTHING, log_hazard)[np.searchsorted(times, time, side="right")]
        return own + np.exp(f + steps)

    def new_metric(self, y: Floats, outputs: Floats, weight: Floats, fitted: Rows) -> Floats:
        """What each row that was not fitted adds to the loss of those that were, shape (n_rows,).

        The sum over the rows is the difference of Verweij and van Houwelingen (1993): minus the
        log partial likelihood of all rows, plus that of the fitted rows. A row adds its own
        event's loss, and its part, as large as its hazard, of what the new rows add to the risk
        set of each fitted event.
        """
        fitted_y, fitted_outputs, fitted_weight = fitted
        n = len(y)
        w = _relative(np.concatenate([weight, fitted_weight]))
        time = np.abs(y[:, 0])
        f = outputs[:, 0]
        old_time = np.abs(fitted_y[:, 0])
        old_f = fitted_outputs[:, 0]
        at_all = _log_risk(np.concatenate([time, old_time]), np.concatenate([f, old_f]), w, time)
        own = np.where(y[:, 0] > 0, at_all - f, 0.0)

        # With S_old and S_new of the fitted and of the new rows, a fitted event of weight w at t
        # loses w (log (S_old + S_new) - log S_old)(t); a new row's part of it is e^f / S_new(t).
        counted = (fitted_y[:, 0] > 0) & (w[n:] > 0)
        moments = old_time[counted]
        log_w = np.log(w[n:][counted])
        log_new = _log_risk(time, f, w[:n], moments)
        log_old = _log_risk(old_time, old_f, w[n:], moments)
        with np.errstate(divide="ignore"):
            terms = log_w + np.log(np.logaddexp(log_old, log_new) - log_old) - log_new
        terms = np.where(log_new > NOTHING / 2, terms, NOTHING)
        by_time = np.argsort(moments, kind="stable")
        sums = np.logaddexp.accumulate(np.append(NOTHING, terms[by_time]))
        return own + np.exp(f + sums[np.searchsorted(moments[by_time], time, side="right")])

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The same hazard for all rows."""
        return np.zeros(1)

    def score(self, y: Floats, outputs: Floats, weight: Floats) -> float:
        """Harrell's C."""
        return concordance(y, outputs[:, 0], weight)

    def pooled_score(self, y: Floats, outputs: Floats, weight: Floats, fold: Integers) -> float:
        """Harrell's C over pairs whose risks come from one model."""
        return concordance(y, outputs[:, 0], weight, fold)


def _efron(own: Array, f: Array, terms: Array, log_risk: Array, last: Array, dying: Array) -> Array:
    """Mean loss under Efron's ties.

    Of d events at t, whose rows have the sum D of w e^f, the event number l = 0, ..., d - 1 has
    the loss ``log(S(t) - l D / d) - f``, and the mean weight of the d rows (Efron 1977).

    Parameters
    ----------
    own : array (n_rows,)
        Weight of each event, 0 for a row without one.
    f : array (n_rows,)
    terms, log_risk : arrays (n_rows,)
        ``log (w e^f)`` of each row, and ``log S`` at its time.
    last : int array (n_rows,)
        The last row of the same time.
    dying : bool array (n_rows,)
        Rows with an event and a weight.
    """

    def tied(values: Array) -> Array:
        """For each row the sum over all rows of its time."""
        return jax.ops.segment_sum(values, last, num_segments=len(last))[last]

    n_tied = jnp.maximum(tied(dying.astype(f.dtype)), 1.0)
    so_far = jnp.cumsum(dying.astype(f.dtype))
    # l / d, and D / S(t).
    share_gone = jnp.where(dying, (so_far[last] - so_far) / n_tied, 0.0)
    share_dying = tied(jnp.where(dying, jnp.exp(terms - log_risk), 0.0))
    log_left = log_risk + jnp.log1p(-share_gone * share_dying)
    return jnp.where(dying, tied(own) / n_tied, 0.0) @ log_left - own @ f


def _cumulative_logsumexp(terms: Array) -> Array:
    """log Σ exp of each number and all before it, in JAX.

    It is taken within blocks of numbers and then over the blocks, which makes a short program.
    """
    n_blocks = -(-len(terms) // BLOCK)
    padded = jnp.pad(terms, (0, n_blocks * BLOCK - len(terms)), constant_values=NOTHING)
    blocks = padded.reshape(n_blocks, BLOCK)
    reached = jnp.tri(BLOCK, dtype=bool)
    within = jax.nn.logsumexp(jnp.where(reached, blocks[:, None, :], NOTHING), axis=2)
    earlier = jnp.tri(n_blocks, k=-1, dtype=bool)
    before = jax.nn.logsumexp(jnp.where(earlier, within[:, -1], NOTHING), axis=1)
    return jnp.logaddexp(within, before[:, None]).ravel()[: len(terms)]


def _relative(weight: Floats) -> Floats:
    """Weights with mean 1 over the rows that count."""
    return weight / weight[weight > 0].mean()


def _log_risk(time: Floats, f: Floats, weight: Floats, moments: Floats) -> Floats:
    """log S at some moments."""
    order = np.argsort(-time, kind="stable")
    terms = np.where(weight > 0, f + np.log(np.where(weight > 0, weight, 1.0)), NOTHING)[order]
    sums = np.logaddexp.accumulate(np.append(NOTHING, terms))
    return sums[np.searchsorted(-time[order], -moments, side="right")]


def concordance(y: Floats, risk: Floats, weight: Floats, fold: Integers | None = None) -> float:
    """Harrell's C (1982): the share of pairs in which the earlier event has the higher risk.

    Only pairs whose order is known count.

    Parameters
    ----------
    y : array (n_rows, 1)
        Signed times.
    risk, weight : arrays (n_rows,)
        Equal risks count one half; a pair counts the product of its weights.
    fold : int array (n_rows,), optional
        Pairs of different folds are not compared.

    Returns
    -------
    float
        NaN where no pair has a known order.

    Examples
    --------
    >>> concordance(np.array([[1.0], [2.0], [-3.0]]), np.array([3.0, 1.0, 2.0]), np.ones(3))
    0.6666666666666666
    """
    time = np.abs(y[:, 0])
    event = y[:, 0] > 0
    pairs = 0.0
    right = 0.0
    for i in np.flatnonzero(event & (weight > 0)):
        # A row censored at the time of an event outlived it.
        later = (time > time[i]) | ((time == time[i]) & ~event)
        if fold is not None:
            later &= fold == fold[i]
        pairs += weight[i] * weight[later].sum()
        ordered = (risk[i] > risk[later]) + 0.5 * (risk[i] == risk[later])
        right += weight[i] * (weight[later] @ ordered)
    return float(right / pairs) if pairs else float("nan")


def baseline_hazard(y: Floats, outputs: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Breslow's estimate of the cumulative hazard at ``f = 0``.

    Returns
    -------
    times, hazard : arrays (n_event_times,)
        Distinct event times, ascending, and the cumulative hazard at each: Σ w over the events /
        S(t).
    """
    times, log_hazard = _log_baseline(y, outputs, weight)
    return times, np.exp(log_hazard)


def _log_baseline(y: Floats, outputs: Floats, weight: Floats) -> tuple[Floats, Floats]:
    event = (y[:, 0] > 0) & (weight > 0)
    time = np.abs(y[:, 0])
    times, at = np.unique(time[event], return_inverse=True)
    steps = np.log(np.bincount(at, weight[event])) - _log_risk(time, outputs[:, 0], weight, times)
    return times, np.logaddexp.accumulate(steps)
