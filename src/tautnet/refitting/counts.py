"""How many predictors are tried, and which number of them is chosen."""

from collections.abc import Sequence

import numpy as np

from tautnet.validation.chains import Choice

# Every number of predictors up to this one is tried, from there on steps of about a fifth.
EVERY = 8
RATIO = 1.2


def choice(options: Sequence[Choice], rule: str | int) -> Choice | None:
    """The model that a rule chooses among several.

    Parameters
    ----------
    options : sequence of Choice
        Each knows its number of predictors.
    rule : {"min", "1se"} or int
        The least mean loss; the fewest predictors within one standard error of it; the least mean
        loss with at most so many predictors.

    Returns
    -------
    Choice or None
        Of equals that of fewer predictors, then the more regularised one; None where none has so
        few predictors.

    Examples
    --------
    >>> options = [
    ...     Choice(None, 0.1, 0.50, 0.04, 9),
    ...     Choice(None, 1.0, 0.80, 0.05, 3),
    ...     Choice(None, 0.1, 0.53, 0.03, 4),
    ... ]
    >>> [choice(options, rule).n_predictors for rule in ("min", "1se", 3)]
    [9, 4, 3]
    """
    if rule == "1se":
        best = choice(options, "min")
        limit = np.inf if best is None else best.mean + best.standard_error
        near = [option for option in options if option.mean <= limit]
        return min(near, key=lambda option: (option.n_predictors, option.mean, -option.alpha))
    few = [option for option in options if rule == "min" or _count(option) <= int(rule)]
    return min(few, key=by_loss, default=None)


def by_loss(option: Choice) -> tuple[float, int, float]:
    """Of equals that of fewer predictors comes first, then the more regularised one."""
    return option.mean, _count(option), -option.alpha


def _count(option: Choice) -> int:
    return 0 if option.n_predictors is None else option.n_predictors


def counts_up_to(top: int, least: int = 1) -> list[int]:
    """The numbers of predictors that are tried, up to the first that is not below ``top``.

    The numbers are the same for every fold, so that what other rows would choose changes no
    fold's numbers.

    Examples
    --------
    >>> counts_up_to(13), counts_up_to(3, least=2)
    ([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14], [2, 3])
    """
    counts = [1] if top else []
    while counts and counts[-1] < top:
        last = counts[-1]
        counts.append(last + 1 if last < EVERY else round(RATIO * last))
    return [count for count in counts if count >= least]


def is_past_its_best(tried: Sequence[Choice]) -> bool:
    """Whether more predictors no longer help.

    They do not where the loss was twice in a row more than a standard error above the least one.

    Parameters
    ----------
    tried : sequence of Choice
        The best refit for each number of predictors so far.

    Examples
    --------
    >>> means = (0.9, 0.3, 0.45, 0.35, 0.5, 0.6)
    >>> tried = [Choice(None, 1.0, mean, 0.1, k) for k, mean in enumerate(means)]
    >>> [is_past_its_best(tried[:k]) for k in range(len(tried) + 1)]
    [False, False, False, False, False, False, True]
    """
    best = choice(tried, "min")
    if best is None or len(tried) < 3:
        return False
    return all(one.mean > best.mean + best.standard_error for one in tried[-2:])
