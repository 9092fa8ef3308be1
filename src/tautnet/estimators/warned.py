"""What a fit warns of: a target of many classes, an unsolved point, a strength at a path's end."""

import warnings
from collections.abc import Callable
from dataclasses import replace

from sklearn.exceptions import ConvergenceWarning

from tautnet.inference.recommended import MATTERS
from tautnet.objective.strengths import nearest
from tautnet.prose.words import SETTLED, quoted
from tautnet.solving.path import Path
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats
from tautnet.tables.target import Target
from tautnet.tables.target_checks import cautions
from tautnet.validation.chains import Chains

# A share of the predictors that may stay that is about as many.
ABOUT = 0.8
# What a warning says of a strength at an end of its path.
ENDS = {
    "null": (
        "at the null end of the path: the model is a constant prediction, since nothing that was"
        " fitted predicts new rows better"
    ),
    "strong": (
        "at the strong end of the path: the model is hardly more than a constant prediction, or"
        " alphas were given and stronger ones are worth a try"
    ),
    "weak": (
        "at the weak end of the path: a weaker one may predict better, so lower alpha_min_ratio or"
        " give weaker alphas"
    ),
}


def warn_of_target(
    target: Target,
    weight: Floats,
    on_note: Callable[[str], None] | None = None,
    *,
    stacklevel: int,
) -> None:
    """Warn, before the work begins, of a target that takes long or has a class without weight.

    Where decisions about a table are told to a callable, it is told of these.
    """
    for caution in cautions(target, weight):
        if on_note is None:
            warnings.warn(caution, UserWarning, stacklevel=stacklevel + 1)
        else:
            on_note(caution)


def warn_where_unsolved(
    settings: Settings, stationarity: float, gap: float, *, stacklevel: int
) -> None:
    """Warn where finishing ended before the point was solved."""
    is_finished = settings.finish or settings.network.is_linear
    if not is_finished or not settings.kind.is_on_weights or not stationarity > settings.tol:
        return
    advice = "raise max_iter, or read the fit as stopped early"
    if gap <= SETTLED and settings.network.activation == "relu" and not settings.network.is_linear:
        advice = (
            "the objective has stopped falling, and silu or tanh can be solved further than relu"
        )
    warnings.warn(
        f"stationarity {stationarity:.2g} is above tol={settings.tol:g} after {settings.max_iter}"
        f" iterations: {advice}",
        ConvergenceWarning,
        stacklevel=stacklevel + 1,
    )


def end_of_path(chains: Chains, alpha: float, loss: float, null_loss: float) -> str | None:
    """The end of its path that a strength lies at, or None.

    Parameters
    ----------
    chains : Chains
        Rates of dropout and numbers of steps have no such ends.
    alpha : float
    loss, null_loss : float
        The cross-validated loss at that strength, and that of the constant prediction.

    Returns
    -------
    {"null", "strong", "weak"} or None
        "null" where no weight of a predictor is left; "strong" at the largest of several strengths,
        or in the decade before it where a constant is hardly worse, since l2 ends at none; "weak"
        at the smallest.
    """
    path = chains.path
    if not path.settings.kind.is_on_weights:
        return None
    if not path.n_features[nearest(path.alphas, alpha)]:
        return "null"
    # With finishing, only strengths near the choice are scored again.
    alphas = replace(chains, grids={}).curve().alphas
    at = nearest(alphas, alpha)
    if len(alphas) == 1:
        return None
    is_hardly_better = loss > (1 - MATTERS) * null_loss
    if at == len(alphas) - 1 or (is_hardly_better and 10 * alpha >= alphas[-1]):
        return "strong"
    return None if at else "weak"


def warn_of_jump(path: Path, alpha: float, most: int, *, stacklevel: int) -> None:
    """Warn where a path has no point of about as many predictors as may stay, but of more.

    Parameters
    ----------
    path : Path
    alpha : float
        The strength of the least loss: where it keeps fewer, more are not wanted.
    most : int
        The number that was asked for.
    """
    counts = path.n_features
    if counts[nearest(path.alphas, alpha)] <= most:
        return
    below = int(counts[counts <= most].max(initial=0))
    above = counts[counts > most]
    if len(above) and below < min(ABOUT * most, most - 1):
        warnings.warn(
            f"the path jumps from {above.min():,} predictors to {below:,}, past the {most:,} that"
            f" may stay: relax=True (--relax) refits {most:,}",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


def warn_of_end(end: str | None, penalty: str, *, stacklevel: int) -> None:
    """Warn where a strength lies at an end of its path.

    There is no number in it, so that Python shows it once where many fits are made.
    """
    if end is not None:
        warnings.warn(
            f"the strength chosen for {quoted(penalty)} is {ENDS[end]}",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )
