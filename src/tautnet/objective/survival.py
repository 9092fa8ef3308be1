"""Survival: Cox's partial likelihood, its cross-validation, the baseline hazard, and concordance.

A target is one column of signed times: ``t`` for an event at t, ``-t`` for a row that left the
study at t without one. The output f is a log hazard ratio; S(t) = Σ w e^f over the rows still at
risk at t.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.objective.losses import Loss
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

    def for_target(self, y, weight):
        """Itself, where some event counts.

        Raises
        ------
        TableError
            Without an event.
        """
        if not ((y > 0).any(axis=1) & (weight > 0)).any():
            raise TableError("no row has an event: there is nothing to learn")
        return self

    def order(self, y):
        """Longest time first, so that a risk set is all that came so far."""
        return np.argsort(-np.abs(y[:, 0]), kind="stable")

    def complaint(self, y):
        """Why these training rows cannot be fitted, or None."""
        return (
            None
            if (y > 0).any()
            else "no event outside some folds: use fewer folds, or leave rows out"
        )

    def mean_value(self, y, outputs, weight):
        """Mean loss over the rows, in `order`; rows that fill up stand last, with time 0 and weight
        0.
        """
        time, event, f = jnp.abs(y[:, 0]), y[:, 0] > 0, outputs[:, 0]
        counts = weight > 0
        log_weight = jnp.log(jnp.where(counts, weight * counts.sum(), 1.0))
        terms = jnp.where(counts, f + log_weight, NOTHING)
        last = jnp.searchsorted(-time, -time, side="right") - 1
        log_risk = _cumulative_logsumexp(terms)[last]
        own = jnp.where(event, weight, 0.0)
        if self.ties == "breslow":
            return own @ (log_risk - f)

        def tied(values):
            return jax.ops.segment_sum(values, last, num_segments=len(last))[last]

        dying = event & counts
        n_tied = jnp.maximum(tied(dying.astype(f.dtype)), 1.0)
        so_far = jnp.cumsum(dying.astype(f.dtype))
        share_gone = jnp.where(dying, (so_far[last] - so_far) / n_tied, 0.0)
        share_dying = tied(jnp.where(dying, jnp.exp(terms - log_risk), 0.0))
        log_left = log_risk + jnp.log1p(-share_gone * share_dying)
        return jnp.where(dying, tied(own) / n_tied, 0.0) @ log_left - own @ f

    def fitted_metric(self, y, outputs, weight):
        """Loss of each row among these rows and its cumulative hazard, ties as Breslow, shape
        (n_rows,).

        The hazards sum to the number of events; with them the mean is that of Cox's full
        likelihood, which is what `new_metric` measures on new rows.
        """
        w, time, event, f = _relative(weight), np.abs(y[:, 0]), y[:, 0] > 0, outputs[:, 0]
        own = np.where(event, _log_risk(time, f, w, time) - f, 0.0)
        times, log_hazard = _log_baseline(y, outputs, w)
        steps = np.append(NOTHING, log_hazard)[np.searchsorted(times, time, side="right")]
        return own + np.exp(f + steps)

    def new_metric(self, y, outputs, weight, fitted):
        """What rows that were not fitted add to the loss of those that were, each its part, shape
        (n_rows,).

        Their sum is the difference of Verweij and van Houwelingen (1993): minus the log partial
        likelihood of all rows, plus that of the fitted rows. A row adds its own event's loss, and
        its part, as large as its hazard, of what the new rows add to the risk set of each fitted
        event.
        """
        fitted_y, fitted_outputs, fitted_weight = fitted
        n = len(y)
        w = _relative(np.concatenate([weight, fitted_weight]))
        time, f = np.abs(y[:, 0]), outputs[:, 0]
        old_time, old_f, old_event = (
            np.abs(fitted_y[:, 0]),
            fitted_outputs[:, 0],
            fitted_y[:, 0] > 0,
        )
        at_all = _log_risk(np.concatenate([time, old_time]), np.concatenate([f, old_f]), w, time)
        own = np.where(y[:, 0] > 0, at_all - f, 0.0)

        moments = old_time[old_event & (w[n:] > 0)]
        log_w = np.log(w[n:][old_event & (w[n:] > 0)])
        log_new = _log_risk(time, f, w[:n], moments)
        log_old = _log_risk(old_time, old_f, w[n:], moments)
        with np.errstate(divide="ignore"):
            terms = log_w + np.log(np.logaddexp(log_old, log_new) - log_old) - log_new
        terms = np.where(log_new > NOTHING / 2, terms, NOTHING)
        by_time = np.argsort(moments, kind="stable")
        sums = np.logaddexp.accumulate(np.append(NOTHING, terms[by_time]))
        return own + np.exp(f + sums[np.searchsorted(moments[by_time], time, side="right")])

    def null_outputs(self, y, weight):
        """The same hazard for all rows."""
        return np.zeros(1)

    def score(self, y, outputs, weight):
        """Harrell's C."""
        return concordance(y, outputs[:, 0], weight)

    def pooled_score(self, y, outputs, weight, fold):
        """Harrell's C over pairs whose risks come from one model."""
        return concordance(y, outputs[:, 0], weight, fold)


def _cumulative_logsumexp(terms):
    """log Σ exp of each number and all before it: within blocks, then over blocks, in a short
    program.
    """
    n_blocks = -(-len(terms) // BLOCK)
    blocks = jnp.pad(terms, (0, n_blocks * BLOCK - len(terms)), constant_values=NOTHING).reshape(
        n_blocks, BLOCK
    )
    reached = jnp.tri(BLOCK, dtype=bool)
    within = jax.nn.logsumexp(jnp.where(reached, blocks[:, None, :], NOTHING), axis=2)
    earlier = jnp.tri(n_blocks, k=-1, dtype=bool)
    before = jax.nn.logsumexp(jnp.where(earlier, within[:, -1], NOTHING), axis=1)
    return jnp.logaddexp(within, before[:, None]).ravel()[: len(terms)]


def _relative(weight):
    """Weights with mean 1 over the rows that count."""
    return weight / weight[weight > 0].mean()


def _log_risk(time, f, weight, moments):
    """log S at some moments."""
    order = np.argsort(-time, kind="stable")
    terms = np.where(weight > 0, f + np.log(np.where(weight > 0, weight, 1.0)), NOTHING)[order]
    sums = np.logaddexp.accumulate(np.append(NOTHING, terms))
    return sums[np.searchsorted(-time[order], -moments, side="right")]


def concordance(y, risk, weight, fold=None):
    """Harrell's C (1982): of the pairs whose order is known, the share in which the earlier event
    has the higher risk.

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
    time, event = np.abs(y[:, 0]), y[:, 0] > 0
    pairs = right = 0.0
    for i in np.flatnonzero(event & (weight > 0)):
        # A row censored at the time of an event outlived it.
        later = (time > time[i]) | ((time == time[i]) & ~event)
        if fold is not None:
            later &= fold == fold[i]
        pairs += weight[i] * weight[later].sum()
        right += weight[i] * (
            weight[later] @ ((risk[i] > risk[later]) + 0.5 * (risk[i] == risk[later]))
        )
    return float(right / pairs) if pairs else float("nan")


def baseline_hazard(y, outputs, weight):
    """Breslow's estimate of the cumulative hazard at ``f = 0``.

    Returns
    -------
    times, hazard : arrays (n_event_times,)
        Distinct event times, ascending, and the cumulative hazard at each: Σ w over the events /
        S(t).
    """
    times, log_hazard = _log_baseline(y, outputs, weight)
    return times, np.exp(log_hazard)


def _log_baseline(y, outputs, weight):
    event = (y[:, 0] > 0) & (weight > 0)
    time = np.abs(y[:, 0])
    times, at = np.unique(time[event], return_inverse=True)
    steps = np.log(np.bincount(at, weight[event])) - _log_risk(time, outputs[:, 0], weight, times)
    return times, np.logaddexp.accumulate(steps)
