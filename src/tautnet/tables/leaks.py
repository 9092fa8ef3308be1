"""What one predictor alone tells about the target: all of it, nearly all, or less."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln
from scipy.stats import rankdata

from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.ranked import Ranked
from tautnet.tables.target import Target

__all__ = ["Answer", "Told", "answers", "beyond_chance", "told"]

N_FOLDS = 5
MOST_BINS = 20
# A predictor of more levels than a fifth of the rows determines the target by having hardly a level
# twice.
LEAST_ROWS_A_LEVEL = 5
# So many values of the mean of all other rows are put to those of each level.
PRIOR = 0.5
# The chance that a table has such a predictor, were its values dealt to the rows at random.
CHANCE = 1e-4
# A correlation counts where so many rows have a value.
LEAST_PRESENT = 0.9
# Lines that explain less are not looked at.
LEAST_LINE = 0.9
SEED = 0
# A block of levels by folds and classes has so many numbers.
AT_ONCE = 4_000_000


class Answer(NamedTuple):
    """What is to be told: a target, or one of several.

    Attributes
    ----------
    said : str
        How a sentence speaks of it.
    labels : int array (n_rows,)
        The class of each row; of a quantity the number of its value.
    numbers : array (n_rows,) or None
        A quantity.
    """

    said: str
    labels: Integers
    numbers: Floats | None


class Told(NamedTuple):
    """What each of some predictors tells of an answer.

    Attributes
    ----------
    determines : bool array (n,)
        Whether each level has one value of the answer, with five rows a level, beyond chance.
    is_renamed : bool array (n,)
        Whether each value of the answer has one level, too.
    correlation : array (n,)
        With a quantity, where nine rows in ten have a value; else 0.
    rank_correlation : array (n,)
        The same of their ranks (Spearman 1904).
    share : array (n,)
        The share of the answer's variance, that of its 0/1 columns where it has classes, that is
        explained in rows left out.
    """

    determines: Booleans
    is_renamed: Booleans
    correlation: Floats
    rank_correlation: Floats
    share: Floats


def answers(target: Target, rows: Booleans) -> Iterator[Answer]:
    """Yield what is to be told of a target, for the rows that count.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.leaks import answers
    >>> from tautnet.tables.target import encode_target
    >>> target = encode_target(["no", "yes", "no"], name="ill")
    >>> [(one.said, one.labels.tolist()) for one in answers(target, np.ones(3, bool))]
    [("the target 'ill'", [0, 1, 0])]
    """
    if target.labels is not None:
        yield Answer(_said(target.name), target.labels[rows], None)
        return
    if target.task == "survival":
        signed = target.y[rows, 0]
        yield _quantity(target.name, np.abs(signed))
        yield Answer("the event", (signed > 0).astype(np.int64), None)
        return
    names = [target.name] if target.y.shape[1] == 1 else target.name.split(", ")
    if len(names) != target.y.shape[1]:
        names = [f"{target.name}[{j}]" for j in range(target.y.shape[1])]
    for name, column in zip(names, target.y[rows].T, strict=True):
        if target.task == "multilabel":
            yield Answer(_said(name), column.astype(np.int64), None)
        else:
            yield _quantity(name, column)


def _said(name: str) -> str:
    """Return how a sentence speaks of a target."""
    return f"the target {name!r}"


def _quantity(name: str, numbers: Floats) -> Answer:
    """Return an answer of numbers."""
    return Answer(_said(name), np.unique(numbers, return_inverse=True)[1], numbers)


def told(ranked: Ranked, answer: Answer, kinds: list[str]) -> Told:
    """Return what each of some predictors alone tells about an answer.

    The share is that of a prediction from the one predictor: means of its levels, or of 20 bins of
    equally many rows where it has more (of a category still the levels), and of a quantity also a
    straight line. Each fifth of the rows, drawn at random, is predicted from the others.

    Parameters
    ----------
    ranked : Ranked
    answer : Answer
    kinds : list of str
        Of all predictors, as `TableEncoder.kinds`.
    """
    determines = _determines(ranked, answer, len(kinds))
    n_values = answer.labels.max() + 1
    correlation = np.zeros(len(ranked.positions))
    rank_correlation = np.zeros(len(ranked.positions))
    if answer.numbers is not None:
        is_ordered = np.array([kinds[at] in ("number", "date") for at in ranked.positions])
        ordered = ranked.of(is_ordered)
        correlation[is_ordered] = _correlation(ordered, answer.numbers)
        rank_correlation[is_ordered] = _correlation(ordered.in_ranks(), rankdata(answer.numbers))
    return Told(
        determines=determines,
        is_renamed=determines & (ranked.n_levels == n_values),
        correlation=correlation,
        rank_correlation=rank_correlation,
        share=_share(ranked, answer, kinds, correlation),
    )


def _determines(ranked: Ranked, answer: Answer, n_predictors: int) -> Booleans:
    """Tell which predictors have one value of the answer at each of their levels."""
    labels = answer.labels[ranked.order]
    differ = (labels[:, 1:] != labels[:, :-1]) & ~ranked.starts[:, 1:]
    determines = ~differ.any(axis=1)
    n_levels = ranked.n_levels
    determines &= n_levels * LEAST_ROWS_A_LEVEL <= len(answer.labels)
    counts = np.bincount(answer.labels)
    for one in np.flatnonzero(determines):
        determines[one] = beyond_chance(counts, int(n_levels[one]), n_predictors)
    return determines


def beyond_chance(counts: Integers, n_levels: int, n_tries: int) -> bool:
    """Tell whether values of such counts are determined by so many levels more than by chance.

    Dealt at random, the values of a target make one of a number of patterns (n! / Πc!); at most
    ``len(counts) ** n_levels`` of them have one value at each level.

    Parameters
    ----------
    counts : int array
        How often each value is there.
    n_levels : int
    n_tries : int
        How many predictors or pairs of them have the chance.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.leaks import beyond_chance
    >>> beyond_chance(np.array([50, 50]), 2, 10), beyond_chance(np.array([99, 1]), 2, 10)
    (True, False)
    """
    patterns = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()
    fitting = n_levels * np.log(len(counts))
    return bool(patterns - fitting > np.log(n_tries / CHANCE))


def _correlation(ranked: Ranked, numbers: Floats) -> Floats:
    """Return the correlation with a quantity of each predictor in the rows that have its value."""
    present = ~np.isnan(ranked.values)
    n_present = np.maximum(present.sum(axis=1), 1)
    x = _centred(ranked.values, present, n_present)
    y = _centred(numbers[ranked.order], present, n_present)
    scale = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    enough = (n_present >= LEAST_PRESENT * len(numbers)) & (scale > 0)
    return np.where(enough, (x * y).sum(axis=1) / np.where(enough, scale, 1.0), 0.0)


def _centred(values: Floats, present: Booleans, n_present: Integers) -> Floats:
    """Return rows of numbers less their means, 0 where a predictor has no value."""
    means = np.where(present, values, 0.0).sum(axis=1) / n_present
    return np.where(present, values - means[:, np.newaxis], 0.0)


def _share(ranked: Ranked, answer: Answer, kinds: list[str], correlation: Floats) -> Floats:
    """Return the share of an answer's variance that each predictor explains in rows left out."""
    n_rows = len(answer.labels)
    if n_rows < 2 * N_FOLDS:
        return np.zeros(len(ranked.positions))
    folds = np.random.default_rng(SEED).permutation(n_rows) % N_FOLDS
    levels = ranked.levels
    n_levels = ranked.n_levels
    is_category = np.array([kinds[at] not in ("number", "date") for at in ranked.positions])
    n_bins = min(MOST_BINS, max(n_rows // LEAST_ROWS_A_LEVEL, 2))
    share = np.empty(len(levels))
    binned = (n_levels > n_bins) & ~is_category
    few = n_levels <= n_bins
    bins = np.where(binned[:, np.newaxis], _bins(ranked, n_bins), levels)
    small = np.flatnonzero(binned | few)
    n_values = 1 if answer.numbers is not None else int(answer.labels.max()) + 1
    size = max(AT_ONCE // (N_FOLDS * (n_bins + 1) * n_values + n_rows), 1)
    for start in range(0, len(small), size):
        some = small[start : start + size]
        share[some] = _share_of_means(bins[some], ranked.order[some], folds, answer, n_bins + 1)
    for one in np.flatnonzero(is_category & ~few):
        some = np.array([one])
        n_means = int(n_levels[one])
        share[some] = _share_of_means(levels[some], ranked.order[some], folds, answer, n_means)
    # A line explains hardly more in rows left out than in those it is drawn through.
    lined = np.flatnonzero(correlation**2 > LEAST_LINE)
    if answer.numbers is not None and len(lined):
        of_line = _share_of_line(ranked.of(lined), folds, answer.numbers)
        share[lined] = np.maximum(share[lined], of_line)
    return share


def _bins(ranked: Ranked, n_bins: int) -> Integers:
    """Return bins of equally many rows; equal cells share one, missing cells have one more."""
    missing = np.isnan(ranked.values)
    n_present = (~missing).sum(axis=1, keepdims=True)
    bins = ranked.places * n_bins // (2 * np.maximum(n_present, 1))
    return np.where(missing, n_bins, bins)


def _share_of_means(
    bins: Integers, order: Integers, folds: Integers, answer: Answer, n_bins: int
) -> Floats:
    """Return the share that means of bins explain, each of the rows outside a fold.

    Parameters
    ----------
    bins : int array (n, n_rows)
        Of sorted cells.
    order : int array (n, n_rows)
        The row in which each of them stands.
    folds : int array (n_rows,)
    answer : Answer
    n_bins : int
    """
    n = len(bins)
    shape = (n, N_FOLDS, n_bins)
    cells = (np.arange(n)[:, np.newaxis] * N_FOLDS + folds[order]) * n_bins + bins
    if answer.numbers is None:
        n_values = int(answer.labels.max()) + 1
        cells = cells * n_values + answer.labels[order]
        n_cells = n * N_FOLDS * n_bins * n_values
        sums = np.bincount(cells.ravel(), minlength=n_cells).reshape(*shape, n_values).astype(float)
        counts = sums.sum(axis=3)
        shares = np.bincount(answer.labels) / len(folds)
        total = len(folds) * (1 - (shares**2).sum())
        squares = float(len(folds))
    else:
        centred = answer.numbers - answer.numbers.mean()
        n_cells = n * N_FOLDS * n_bins
        counts = np.bincount(cells.ravel(), minlength=n_cells).reshape(shape).astype(float)
        weights = centred[order].ravel()
        sums = np.bincount(cells.ravel(), weights, n_cells).reshape(*shape, 1)
        squares = total = float((centred**2).sum())
    means = _means_of_others(sums, counts)
    errors = squares + ((counts[..., np.newaxis] * means - 2 * sums) * means).sum(axis=(1, 2, 3))
    return 1 - errors / total


def _means_of_others(sums: Floats, counts: Floats) -> Floats:
    """Return the mean of each bin in the other folds, drawn to the mean of all rows there."""
    other_sums = sums.sum(axis=1, keepdims=True) - sums
    other_counts = (counts.sum(axis=1, keepdims=True) - counts)[..., np.newaxis]
    overall = other_sums.sum(axis=2, keepdims=True) / other_counts.sum(axis=2, keepdims=True)
    return (other_sums + PRIOR * overall) / (other_counts + PRIOR)


def _share_of_line(ranked: Ranked, folds: Integers, numbers: Floats) -> Floats:
    """Return the share that a straight line explains, each fitted to the rows outside a fold."""
    present = ~np.isnan(ranked.values)
    x = _centred(ranked.values, present, np.maximum(present.sum(axis=1), 1))
    scale = np.sqrt((x * x).mean(axis=1, keepdims=True))
    x /= np.where(scale > 0, scale, 1.0)
    centred = numbers - numbers.mean()
    y = centred[ranked.order]
    errors = np.zeros(len(x))
    masks = [folds[ranked.order] == fold for fold in range(N_FOLDS)]
    products = (np.ones_like(x), x, x * x, y, x * y, y * y)
    parts = np.array([[(one * mask).sum(axis=1) for one in products] for mask in masks])
    others = parts.sum(axis=0) - parts
    for held, other in zip(parts, others, strict=True):
        n, sum_x, sum_xx, sum_y, sum_xy, _ = other
        spread = sum_xx - sum_x**2 / n
        varies = spread > 1e-12 * n
        slope = np.where(varies, sum_xy - sum_x * sum_y / n, 0.0) / np.where(varies, spread, 1.0)
        at_0 = (sum_y - slope * sum_x) / n
        n, sum_x, sum_xx, sum_y, sum_xy, sum_yy = held
        errors += sum_yy - 2 * at_0 * sum_y - 2 * slope * sum_xy
        errors += n * at_0**2 + 2 * at_0 * slope * sum_x + slope**2 * sum_xx
    return 1 - errors / float((centred**2).sum())
