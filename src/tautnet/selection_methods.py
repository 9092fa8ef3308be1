"""The two methods that select predictors, and the part of a result that they fill."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tautnet.engine.jobs import stage
from tautnet.inference.exits import order_of_exit
from tautnet.objective.choices import SELECTION_PENALTY
from tautnet.objective.strengths import nearest
from tautnet.prose.selection import randomization_in_words, stability_in_words
from tautnet.selecting.conditionals import Conditionals
from tautnet.selecting.p_values import benjamini_hochberg, most_draws
from tautnet.selecting.randomization import fold_networks, randomization_test, rows_to_test
from tautnet.selecting.stability import (
    PAIRS,
    THRESHOLD,
    expected_false_at_most,
    stability_selection,
)
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chains import Candidate, Chains
from tautnet.validation.nested import cross_validate


class Found(NamedTuple):
    """What a method finds, predictor by predictor."""

    value_name: str
    values: Floats
    selected: Booleans
    chains: Chains
    alpha: float
    facts: dict[str, Any]
    in_words: Callable[[list[str]], list[str]]


def by_randomization(
    sample: Sample,
    settings: Settings,
    fold: Integers,
    members: Integers,
    fdr: float,
    strict: bool,
    *,
    n_jobs: int | None,
    on_progress: Callable[[float], None] | None,
) -> Found:
    """By the holdout randomization test, whose p-values Benjamini and Hochberg's rule judges."""
    start = time.perf_counter()
    [chains] = cross_validate(
        sample,
        [Candidate("adaptive_group", replace(settings, adaptive=True))],
        [fold],
        nested=True,
        n_jobs=n_jobs,
        on_progress=stage(on_progress, 0, 0.75),
    )
    facts = {
        "method": "randomization",
        "level": fdr,
        "strict": strict,
        "path_seconds": time.perf_counter() - start,
    }
    rows = rows_to_test(sample.weight, settings.seed)
    networks = fold_networks(chains, rows, n_jobs=n_jobs, on_progress=stage(on_progress, 0.75, 0.8))
    few = sample.of(rows)
    tested = randomization_test(
        few,
        networks,
        Conditionals(few, members),
        most=most_draws(sample.n_predictors, fdr),
        seed=settings.seed,
        by_fold=strict,
        n_jobs=n_jobs,
        on_progress=stage(on_progress, 0.8, 1),
    )
    one_sided = np.median(tested.fold_p_values, axis=1) if strict else tested.p_values
    p_values = np.minimum(1, 2 * one_sided)
    unused = int((tested.draws == 0).sum())
    return Found(
        "p_value",
        p_values,
        benjamini_hochberg(p_values, fdr),
        chains,
        chains.curve().alpha("min"),
        facts,
        lambda names: randomization_in_words(names, len(p_values), unused, fdr),
    )


def by_stability(
    sample: Sample,
    settings: Settings,
    fold: Integers,
    labels: Integers | None,
    n_counted: int,
    expected_false: float,
    *,
    n_jobs: int | None,
    on_progress: Callable[[float], None] | None,
) -> Found:
    """By stability selection: how often a predictor is among the largest in halves of the rows."""
    start = time.perf_counter()
    [chains] = cross_validate(
        sample,
        [Candidate(SELECTION_PENALTY, settings)],
        [fold],
        nested=False,
        n_jobs=n_jobs,
        on_progress=stage(on_progress, 0, 0.25),
    )
    path_seconds = time.perf_counter() - start
    alpha = chains.curve().alpha("1se")
    frequencies = stability_selection(
        sample,
        settings,
        alpha,
        n_counted,
        labels=labels,
        n_jobs=n_jobs,
        on_progress=stage(on_progress, 0.25, 1),
    )
    bound = expected_false_at_most(n_counted, sample.n_predictors)
    facts = {
        "method": "stability",
        "level": expected_false,
        "threshold": THRESHOLD,
        "n_counted": n_counted,
        "bound": bound,
        "path_seconds": path_seconds,
    }
    return Found(
        "frequency",
        frequencies,
        frequencies >= THRESHOLD - 1e-9,
        chains,
        alpha,
        facts,
        lambda names: stability_in_words(
            names, len(frequencies), n_counted, 2 * PAIRS, THRESHOLD, bound, alpha
        ),
    )


def result_of(found: Found, names: list[str]) -> dict[str, Any]:
    """The part of the result that a method fills; the surest predictors come first."""
    path = found.chains.path
    exits = order_of_exit(path, [chain.path for chain, _ in found.chains.singles])
    norms = path.norms[nearest(path.alphas, found.alpha)]
    surest = found.values if found.value_name == "p_value" else -found.values
    order = np.lexsort((-norms, -exits.alphas, surest))
    selected = [names[j] for j in order if found.selected[j]]
    predictors = [
        {
            "name": names[j],
            found.value_name: found.values[j],
            "exit_alpha": exits.alphas[j],
            "exit_alpha_sd": exits.spread[j],
            "norm": norms[j],
        }
        for j in order
    ]
    return found.facts | {"alpha": found.alpha, "selected": selected, "predictors": predictors}
