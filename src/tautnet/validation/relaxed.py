"""The relaxed path: refits under l2 on the predictors that a penalty ranks first, which it then
no
longer shrinks.

A penalty that takes predictors out also shrinks those that it keeps, the more, the fewer they
are. So for a ladder of numbers k, the k first predictors of each chain get a path of their own
under l2, and cross-validation chooses between these and the shrunken models (Meinshausen 2007,
Relaxed Lasso).
"""

from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import NamedTuple

import jax
import numpy as np

from tautnet.objective.networks import Weights
from tautnet.objective.registry import SHRINKING
from tautnet.objective.strengths import nearest
from tautnet.solving.trainings import run_chain
from tautnet.validation.chains import fit_chain
from tautnet.validation.jobs import run_units, stages
from tautnet.validation.nested import Nested, honest_points, outer_results

ORDERS = ("norm", "exit")
# Every number of predictors up to this one is tried, from there on steps of about a fifth.
EVERY, RATIO = 8, 1.2
# Few predictors with a weak penalty take long to fit: short refits cost accuracy.
FIRST_STEPS, STEPS, ALPHA_MIN_RATIO, ALPHAS_PER_DECADE = 300, 48, 1e-5, 4
# Columns are filled up to 8, 32, 128, ..., so that refits of all sizes share few compiled
# programs.
LEAST_COLUMNS, COLUMNS_RATIO = 8, 4


class Option(NamedTuple):
    """A model that may be chosen.

    Attributes
    ----------
    nested : Nested
        Its chains.
    alpha, mean : float
        As those of `Choice`.
    n_predictors : int
    standard_error : float
        Of the mean.
    order : {"norm", "exit"} or None
        What ranked the predictors of a refit; None where the model is on the shrunken path.
    """

    nested: object
    alpha: float
    mean: float
    n_predictors: int
    standard_error: float
    order: object = None


@dataclass(frozen=True)
class Relaxed:
    """A candidate's chains, and refits on the predictors that they rank first.

    Attributes
    ----------
    shrunken : Nested
        The path that ranks.
    refits : dict
        (order, number of predictors) -> Nested, of chains under l2; their ``whole`` is None, see
        `path_of`.
    tops : dict
        (repeat, outer fold), or None for all rows -> the largest number of predictors that may
        be chosen.
    wholes : dict
        (order, number of predictors) -> Path on all rows of refits that were chosen.
    """

    shrunken: Nested
    refits: dict
    tops: dict
    wholes: dict = field(default_factory=dict)

    def options(self, key=None):
        """Models that may be chosen for an outer fold, (repeat, fold), or for all rows: of each
        refit the best.
        """
        curve, path = _curve(self.shrunken, key), _path(self.shrunken, key)
        counts = [int(path.n_features[nearest(path.alphas, alpha)]) for alpha in curve.alphas]
        points = zip(curve.alphas, curve.mean, counts, curve.standard_error, strict=True)
        yield from (Option(self.shrunken, float(alpha), *numbers) for alpha, *numbers in points)
        for (order, count), nested in self.refits.items():
            if count <= self.tops[key]:
                yield _best(nested, key, order, count)

    def choose(self, selection, key=None):
        """The option that a rule chooses for an outer fold, (repeat, fold), or for all rows."""
        return choice(list(self.options(key)), selection)

    def outer(self, selection):
        """Outer-fold results under a rule."""
        return outer_results(
            self.shrunken.sample, self.shrunken.folds, partial(self.choose, selection)
        )

    def path_of(self, option):
        """The path on all rows that an option is a place on; that of a refit is walked when it
        is
        first asked for.
        """
        if option.order is None:
            return self.shrunken.whole
        name = option.order, option.n_predictors
        if name not in self.wholes:
            self.wholes[name] = run_units([partial(_refit_on_all, self, option)])[0]
        return self.wholes[name]

    @property
    def seconds(self):
        """Time that all chains took, those of the path that ranks among them."""
        # Both orders share refits.
        own = {
            id(chain.path): chain.path
            for one in self.refits.values()
            for repeat in one.chains
            for chain in repeat
        }
        paths = [*own.values(), *self.wholes.values()]
        return self.shrunken.seconds + sum(path.seconds for path in paths)

    def fold_models(self, option):
        """The models of the folds behind an option, on all columns: pairs of unit and
        parameters.
        """
        for key in self.shrunken.outer_folds:
            chain, unit = option.nested.single(*key), self.shrunken.single(*key).path.unit
            at = chain.nearest_kept(option.alpha)
            path = replace(chain.path, parameters={at: chain.path.parameters[at]})
            path = path if option.order is None else widened(path, self.shrunken.sample, unit)
            yield path.unit, path.parameters[at]

    def results(self):
        """The refits that may be chosen on all rows, as a dict of arrays, scikit-learn's way."""
        refits = [option for option in self.options() if option.order is not None]
        columns = {
            "order": "order",
            "n_features": "n_predictors",
            "alpha": "alpha",
            "mean_test_loss": "mean",
            "se_test_loss": "standard_error",
        }
        return {
            name: np.array([getattr(refit, own) for refit in refits])
            for name, own in columns.items()
        }


def choice(options, selection):
    """The model that a rule chooses among several.

    Parameters
    ----------
    options : list of Option
    selection : {"min", "1se"} or int
        The least mean loss; the fewest predictors within one standard error of it; the least
        mean loss with at most so many predictors.

    Returns
    -------
    Option
        Of equals that of fewer predictors, then the more regularised one; None where none has so
        few predictors.

    Examples
    --------
    >>> options = [Option(None, 0.1, 0.50, 9, 0.04), Option(None, 1.0, 0.80, 3, 0.05),
    ...     Option(None, 0.1, 0.53, 4, 0.03)]
    >>> [choice(options, rule).n_predictors for rule in ("min", "1se", 3)]
    [9, 4, 3]
    """
    if selection == "1se":
        best = choice(options, "min")
        near = (option for option in options if option.mean <= best.mean + best.standard_error)
        return min(near, key=lambda option: (option.n_predictors, option.mean, -option.alpha))
    few = [option for option in options if selection == "min" or option.n_predictors <= selection]
    return min(
        few, key=lambda option: (option.mean, option.n_predictors, -option.alpha), default=None
    )


def counts_up_to(top, least=1):
    """The numbers of predictors that are tried: the ladder up to the first number that is not
    below
    ``top``.

    The numbers are the same for every fold, so that what other rows would choose changes no
    fold's ladder.

    Examples
    --------
    >>> counts_up_to(13), counts_up_to(3, least=2)
    ([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14], [2, 3])
    """
    counts = [1] if top else []
    while counts and counts[-1] < top:
        counts.append(counts[-1] + 1 if counts[-1] < EVERY else round(RATIO * counts[-1]))
    return [count for count in counts if count >= least]


def ranking(order, path, at):
    """Predictors, the one to keep longest first; those that are never penalised before all
    others.

    Parameters
    ----------
    order : {"norm", "exit"}
        By their size at a strength, see `Path.sizes`; by where they leave the path for good,
        those that leave together by the norm of their weights before.
    path : Path
    at : int
        Index of that strength.

    Returns
    -------
    int array (n_predictors,)
    """
    alive, factors = path.norms > 0, path.unit.settings.penalty_factors
    last = np.where(alive.any(axis=0), len(alive) - 1 - alive[::-1].argmax(axis=0), -1)
    before = path.norms[last, np.arange(len(last))]
    penalised = np.ones(len(last)) if factors is None else np.array(factors) > 0
    sizes = [path.sizes[at]] if order == "norm" else []
    return np.lexsort((*(-key for key in (before, last, *sizes)), penalised))


def relax(nested, *, is_nested, at_most=None, keep=(), n_jobs=None, on_progress=None):
    """Refit the predictors that each chain ranks first.

    Every chain ranks by its own path, at the strength that folds choose which it is not scored
    on, so that no row has a say in a model that is judged by it.

    Parameters
    ----------
    nested : Nested
        Under a penalty that takes predictors out.
    is_nested : bool
        Whether there are chains without two folds.
    at_most : int, optional
        Most predictors of a refit, all numbers up to which are tried. Without it each outer
        fold, and all rows, go on to more predictors until they no longer help, see
        `is_past_its_best`.
    keep : "all" or ()
        Whether the parameters of every strength are kept.
    n_jobs, on_progress
        As in `run_units`.

    Returns
    -------
    Relaxed
    """
    n_always = _count_always(nested.candidate.settings)
    tops = {
        key: _top(nested, key, at_most)
        for key in [None, *(nested.outer_folds if is_nested else ())]
    }
    largest = (
        nested.sample.n_predictors if at_most is None else min(at_most, nested.sample.n_predictors)
    )
    counts = sorted({min(count, largest) for count in counts_up_to(max(tops.values()), n_always)})
    points, refits, climbs = list(honest_points(nested, is_nested)), {}, {key: [] for key in tops}
    for count, part in zip(counts, stages(len(counts), on_progress), strict=True):
        climbing = [key for key, top in tops.items() if count <= top]
        if not climbing:
            break
        rung = _rung(nested, points, count, climbing, keep, n_jobs=n_jobs, on_progress=part)
        refits |= rung
        for key in climbing:
            climbs[key].append(
                choice([_best(one, key, *name) for name, one in rung.items()], "min")
            )
            # Who asks for at most so many predictors is shown all numbers up to there.
            if at_most is None and is_past_its_best(climbs[key]):
                tops[key] = count
    return Relaxed(
        nested, {name: refits[name] for name in product(ORDERS, counts) if name in refits}, tops
    )


def is_past_its_best(climb):
    """Whether more predictors no longer help: twice in a row more than a standard error above
    the
    least loss.

    Parameters
    ----------
    climb : list of Option
        The best refit for each number of predictors so far.

    Examples
    --------
    >>> climb = [Option(None, 1.0, mean, k, 0.1) for k,
    ...     mean in enumerate((0.9, 0.3, 0.45, 0.35, 0.5, 0.6))]
    >>> [is_past_its_best(climb[:k]) for k in range(len(climb) + 1)]
    [False, False, False, False, False, False, True]
    """
    best = choice(climb, "min")
    return len(climb) > 2 and all(one.mean > best.mean + best.standard_error for one in climb[-2:])


def _rung(nested, points, count, climbing, keep, *, n_jobs, on_progress):
    """Refits of one number of predictors, for the outer folds, and all rows, that climb that
    far.
    """
    # One chain serves both orders, and several outer folds, where they agree on the predictors.
    plans, units = {order: [] for order in ORDERS}, {}
    for repeat, chain, at in points:
        is_single = len(chain.left_out) == 1
        wanted = {
            k: i
            for k, i in at.items()
            if (repeat, k) in climbing or (is_single and None in climbing)
        }
        for order in ORDERS:
            served = {}
            for outer, i in wanted.items():
                served.setdefault(_first(order, count, chain.path, i), []).append(outer)
            for predictors, serves in served.items():
                task = repeat, chain.left_out, predictors
                plans[order].append((task, tuple(serves)))
                units[task] = partial(_refit_chain, nested, *task, keep)
    done = run_units(list(units.values()), n_jobs=n_jobs, on_progress=on_progress)
    fitted = dict(zip(units, done, strict=True))
    candidate = nested.candidate._replace(settings=refit_settings(nested.candidate.settings))
    refits = {}
    for order, plan in plans.items():
        chains = [[] for _ in nested.folds]
        for task, serves in plan:
            chains[task[0]].append(replace(fitted[task], serves=serves))
        refits[order, count] = Nested(candidate, nested.sample, nested.folds, chains, None)
    return refits


def _best(nested, key, order, count):
    """Of refits of one number of predictors that of the least loss."""
    curve = _curve(nested, key)
    i = curve.index("min")
    return Option(
        nested, float(curve.alphas[i]), curve.mean[i], count, curve.standard_error[i], order
    )


def _refit_on_all(relaxed, option, ticker):
    """The path of all rows on the predictors of a refit, as one of the whole sample."""
    nested = relaxed.shrunken
    at = nearest(nested.whole.alphas, nested.curve().alpha("min"))
    few, columns = _restricted(
        nested.sample, _first(option.order, option.n_predictors, nested.whole, at)
    )
    rows, settings = np.arange(len(few.y)), _filled_up(option.nested.candidate.settings, columns)
    path = run_chain(
        few, rows, rows[:0], settings, keep=[option.alpha], certify="all", ticker=ticker
    )
    return widened(_of_columns(path, columns), nested.sample, nested.whole.unit)


def refit_settings(settings):
    """How the predictors that are left are fitted again: under l2, all alike, from weak to
    strong,
    with time enough.
    """
    schedule = replace(settings.schedule, first_steps=FIRST_STEPS, steps=STEPS, weak=0.0)
    return replace(
        settings,
        penalty=SHRINKING,
        alpha_min_ratio=ALPHA_MIN_RATIO,
        alphas_per_decade=ALPHAS_PER_DECADE,
        schedule=schedule,
        penalty_factors=None,
        adaptive=False,
    )


def widened(path, sample, unit):
    """A path of some columns as one of the whole sample, where all other weights are 0.

    Parameters
    ----------
    path : Path
        Its unit names the columns.
    sample : Sample
    unit : Unit
        Of the same rows and all columns.

    Returns
    -------
    Path
    """
    columns = path.unit.columns
    predictors, n_absent = (
        np.unique(sample.column_predictor[columns]),
        sample.X.shape[1] - len(columns),
    )

    def fill(leaf):
        filled = np.zeros((sample.X.shape[1], leaf.shape[1]))
        filled[columns] = leaf
        return filled

    def fill_all(parameters):
        first, skip, later = parameters.weights
        return parameters._replace(
            weights=Weights(fill(first), None if skip is None else fill(skip), later)
        )

    norms, histograms = np.zeros((len(path.alphas), sample.n_predictors)), path.histograms.copy()
    norms[:, predictors] = path.norms
    parameters = {i: fill_all(one) for i, one in path.parameters.items()}
    first, skip, _ = next(iter(parameters.values())).weights
    zeros = n_absent * sum(leaf.shape[1] for leaf in jax.tree.leaves((first, skip)))
    # The bin that begins at 0.
    histograms[:, histograms.shape[1] // 2] += zeros
    own = replace(
        path.unit, column_predictor=unit.column_predictor, scaling=unit.scaling, columns=None
    )
    more = dict(
        norms=norms,
        bends=np.zeros_like(norms),
        histograms=histograms,
        zero_weights=path.zero_weights + zeros,
    )
    return replace(path, parameters=parameters, unit=own, **more)


def _curve(nested, key):
    return nested.curve() if key is None else nested.inner(*key)


def _path(nested, key):
    return nested.whole if key is None else nested.single(*key).path


def _count_always(settings):
    """Number of predictors that are never penalised."""
    return sum(factor == 0 for factor in settings.penalty_factors or ())


def _top(nested, key, at_most):
    """The number of predictors kept at the least loss, and at least those that are always kept,
    or
    fewer if told to.
    """
    path = _path(nested, key)
    kept = int(path.n_features[nearest(path.alphas, _curve(nested, key).alpha("min"))])
    top = max(counts_up_to(kept), default=0)
    return top if at_most is None else min(top, at_most)


def _first(order, count, path, at):
    return tuple(sorted(ranking(order, path, at)[:count].tolist()))


def _restricted(sample, predictors):
    """The sample with some predictors alone, and their columns."""
    columns = np.flatnonzero(np.isin(sample.column_predictor, predictors))
    codes = np.unique(sample.column_predictor[columns], return_inverse=True)[1]
    return sample._replace(X=sample.X[:, columns], column_predictor=codes), columns


def _filled_up(settings, columns):
    least = LEAST_COLUMNS
    while least < len(columns):
        least *= COLUMNS_RATIO
    return replace(settings, least_columns=least)


def _refit_chain(nested, repeat, left_out, predictors, keep, ticker):
    few, columns = _restricted(nested.sample, predictors)
    settings = _filled_up(refit_settings(nested.candidate.settings), columns)
    chain = fit_chain(few, nested.folds[repeat], left_out, settings, keep=keep, ticker=ticker)
    return replace(chain, path=_of_columns(chain.path, columns))


def _of_columns(path, columns):
    return replace(path, unit=replace(path.unit, columns=columns))
