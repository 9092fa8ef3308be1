"""`select_features`: which predictors are real, said with a limit on false ones."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tautnet.engine.jobs import stage
from tautnet.estimators.inputs import check_feature_groups, check_groups
from tautnet.inference.conditionals import Conditionals, heavy_tailed, normal_scores
from tautnet.inference.exits import order_of_exit
from tautnet.inference.p_values import benjamini_hochberg, most_draws
from tautnet.inference.randomization import fold_networks, randomization_test, rows_to_test
from tautnet.inference.result import as_json
from tautnet.inference.stability import (
    PAIRS,
    THRESHOLD,
    counted,
    expected_false_at_most,
    stability_selection,
)
from tautnet.objective.networks import ACTIVATIONS, Network, layer_sizes
from tautnet.objective.strengths import nearest
from tautnet.objective.tasks import loss_for
from tautnet.prose.selection import randomization_in_words, stability_in_words
from tautnet.solving.settings import Settings
from tautnet.tables.errors import TableError
from tautnet.tables.sample import encode, notes
from tautnet.validation.fits import Candidate, Chains
from tautnet.validation.folds import fold_rows
from tautnet.validation.nested import cross_validate

if TYPE_CHECKING:
    import pandas as pd

METHODS = ("randomization", "stability")
TASKS = ("auto", "classification", "regression")
FDR, EXPECTED_FALSE = 0.1, 4.0
LEAST_ROWS = 20
NAMED = 20


@dataclass(frozen=True)
class Selection:
    """Predictors that are real, as far as the rows can tell.

    Attributes
    ----------
    result : dict
        The object that ``tautnet select --json`` prints.
    sentences : list of str
        The verdict, sentence by sentence.
    """

    result: dict[str, Any]
    sentences: list[str]

    @property
    def selected(self) -> list[str]:
        """Names of the predictors selected, the surest first."""
        return self.result["selected"]

    @property
    def verdict(self) -> str:
        """What the numbers mean, as one string."""
        return self.result["verdict"]

    def frame(self) -> "pd.DataFrame":
        """One predictor a row, the surest first, with whether it was selected."""
        import pandas as pd

        frame = pd.DataFrame(self.result["predictors"]).set_index("name")
        frame.insert(0, "selected", frame.index.isin(self.selected))
        return frame

    def __repr__(self):
        return f"Selection({self.result['data']}, selected={self.selected!r})\n{self.verdict}"


def select_features(
    X: Any,
    y: Any,
    *,
    fdr: float = FDR,
    method: str = "randomization",
    strict: bool = False,
    expected_false: float = EXPECTED_FALSE,
    cv: int = 5,
    groups: ArrayLike | None = None,
    feature_groups: Mapping[str, Any] | None = None,
    sample_weight: ArrayLike | None = None,
    task: str = "auto",
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: str = "relu",
    skip: bool = True,
    random_state: int = 0,
    n_jobs: int | None = None,
    name: str = "table",
    on_progress: Callable[[float], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Selection:
    """Tell predictors that matter from noise, with a limit on false ones.

    By the holdout randomization test: networks under the adaptive group penalty, one a fold,
    predict the fold that nothing of theirs has seen, with each predictor as it is and with draws
    of it given the other predictors. A p-value is twice the share of draws that do as well, and
    1 for a predictor that is zero in every network. The predictors selected are those of
    Benjamini and Hochberg over all p-values. The draws are estimated, so the control is
    approximate.

    Parameters
    ----------
    X : DataFrame or array (n_rows, n_predictors)
        Numbers, categories, dates; columns with heavy tails (excess kurtosis above 3) are taken
        as normal scores.
    y : Series or array (n_rows,)
    fdr : float
        False discovery rate: the expected share of false ones among the predictors selected.
    method : {"randomization", "stability"}
        For "stability" predictors are selected that are among the largest in most halves of the
        rows, so that a limited number of false ones is expected.
    strict : bool
        Take twice the median of the p-values of the folds: valid however they depend on each
        other, but weaker.
    expected_false : float
        For "stability": the number of false selections that is allowed.
    cv : int
        Number of folds.
    groups : array (n_rows,), optional
        Rows of one group are never split between folds.
    feature_groups : dict, optional
        Name -> predictors, by name or position, that are selected together; every predictor
        once.
    sample_weight : array (n_rows,), optional
    task : {"auto", "classification", "regression"}
    hidden_layer_sizes, activation, skip
        As in `compare`.
    random_state : int
    n_jobs : int, optional
        Jobs at once; None is 1, -1 all cores. Never changes a number.
    name : str
        What the table is called in the result.
    on_progress, on_note : callable, optional
        As in `compare`.

    Returns
    -------
    Selection

    Raises
    ------
    TableError
        When the table cannot be used; the message says what to do. It is a ValueError.
    ValueError
        When an argument is wrong, or would do nothing.

    References
    ----------
    Tansey, Veitch, Zhang, Rabadan and Blei (2018), The holdout randomization test for feature
    selection in black box models. Shah and Samworth (2013), Variable selection with error
    control: another look at stability selection.

    Examples
    --------
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=3, noise=0.3, seed=1)
    >>> selection = select_features(table.frame.drop(columns="y"), table.frame["y"], cv=3,
    ...     hidden_layer_sizes=(4,))
    >>> sorted(selection.selected)
    ['x1', 'x2']
    """
    start = time.perf_counter()
    sizes = layer_sizes(hidden_layer_sizes)
    network = Network(sizes, activation, skip and bool(sizes))
    _check(fdr, method, strict, expected_false, cv, task, activation)
    target, sample, encoder = encode(X, y, sample_weight, task)
    n_rows = int((sample.weight > 0).sum())
    if n_rows < LEAST_ROWS:
        raise TableError(
            f"{n_rows} rows are too few to tell predictors from noise: give at least {LEAST_ROWS}"
        )
    members = sample.column_predictor
    names, column_predictor = _grouped(encoder, feature_groups)
    sample = sample._replace(
        column_predictor=column_predictor, groups=check_groups(sample.X, groups)
    )
    loss = loss_for(target.task, sample.y, sample.weight)
    settings = Settings("group", network=network, loss=loss, seed=random_state)
    fold = fold_rows(
        target, sample.weight, cv, nested=True, groups=sample.groups, seed=random_state
    )
    n_counted = counted(sample.n_predictors, expected_false) if method == "stability" else None
    if on_note is not None:
        for note in notes(target, encoder):
            on_note(note)
    how = {"n_jobs": n_jobs, "on_progress": on_progress}
    if method == "stability":
        found = _by_stability(
            sample, settings, fold, target.labels, n_counted, expected_false, **how
        )
    else:
        sample = _tamed(sample, encoder, on_note)
        found = _by_randomization(sample, settings, fold, members, fdr, strict, **how)
    result = {
        "data": name,
        "target": target.name,
        "task": target.task,
        "n_rows": len(sample.y),
        "n_predictors": len(names),
    } | _result(found, names)
    sentences = found.in_words(result["selected"])
    result["verdict"], result["seed"], result["version"] = (
        " ".join(sentences),
        random_state,
        version("tautnet"),
    )
    result["seconds"] = time.perf_counter() - start
    return Selection(as_json(result), sentences)


def _check(fdr, method, strict, expected_false, cv, task, activation):
    """Raise where an argument is wrong, or would do nothing."""
    stable = method == "stability"
    for wrong, why in (
        (method not in METHODS, f"method={method!r} is neither {METHODS[0]!r} nor {METHODS[1]!r}"),
        (
            not 0 < fdr < 1,
            (
                f"fdr={fdr} is not between 0 and 1: it is the share of false ones that is allowed,"
                " as 0.1"
            ),
        ),
        (expected_false <= 0, f"expected_false={expected_false} is not above 0"),
        (
            cv < 3,
            f"cv={cv}: networks whose strength is chosen without a fold need at least 3 folds",
        ),
        (task not in TASKS, f"task={task!r} is not one of {', '.join(TASKS)}"),
        (
            activation not in ACTIVATIONS,
            f"activation={activation!r} is not one of {', '.join(ACTIVATIONS)}",
        ),
        (
            stable and fdr != FDR,
            f"fdr={fdr} changes nothing with method='stability': give expected_false",
        ),
        (stable and strict, "strict=True changes nothing with method='stability'"),
        (
            not stable and expected_false != EXPECTED_FALSE,
            f"expected_false={expected_false} changes nothing without method='stability': give fdr",
        ),
    ):
        if wrong:
            raise ValueError(why)


def _grouped(encoder, feature_groups):
    """Names of predictors or of groups of them, and the one that each column belongs to."""
    names = list(encoder.feature_names_in_)
    group, _ = check_feature_groups(feature_groups, names)
    feature = np.array([names.index(name) for name in encoder.predictors])
    found, column_predictor = np.unique(
        group[feature][encoder.column_predictor], return_inverse=True
    )
    titles = names if feature_groups is None else list(feature_groups)
    return [str(titles[i]) for i in found], column_predictor


def _tamed(sample, encoder, on_note):
    """The sample with normal scores in the place of columns with heavy tails."""
    heavy = np.flatnonzero(heavy_tailed(sample.X))
    if not len(heavy):
        return sample
    X = sample.X.copy()
    for j in heavy:
        X[:, j] = normal_scores(X[:, j])
    if on_note:
        shown = [encoder.column_names[j] for j in heavy[:NAMED]]
        columns = "1 column" if len(heavy) == 1 else f"{len(heavy)} columns"
        on_note(
            f"heavy tails: {columns} taken as normal scores"
            f" ({', '.join(shown)}{', ...' * (len(heavy) > NAMED)})"
        )
    return sample._replace(X=X)


class _Found(NamedTuple):
    """What a method finds, predictor by predictor."""

    value_name: str
    values: object
    selected: object
    chains: Chains
    alpha: float
    facts: dict
    in_words: object


def _by_randomization(sample, settings, fold, members, fdr, strict, *, n_jobs, on_progress):
    start = time.perf_counter()
    nested = cross_validate(
        sample,
        [Candidate("adaptive_group", replace(settings, adaptive=True))],
        [fold],
        nested=True,
        n_jobs=n_jobs,
        on_progress=stage(on_progress, 0, 0.75),
    )[0]
    facts = {
        "method": "randomization",
        "level": fdr,
        "strict": strict,
        "path_seconds": time.perf_counter() - start,
    }
    rows = rows_to_test(sample.weight, settings.seed)
    networks = fold_networks(nested, rows, n_jobs=n_jobs, on_progress=stage(on_progress, 0.75, 0.8))
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
    p_values = np.minimum(
        1, 2 * (np.median(tested.fold_p_values, axis=1) if strict else tested.p_values)
    )
    unused = int((tested.draws == 0).sum())
    return _Found(
        "p_value",
        p_values,
        benjamini_hochberg(p_values, fdr),
        nested,
        nested.curve().alpha("min"),
        facts,
        lambda names: randomization_in_words(names, len(p_values), unused, fdr),
    )


def _by_stability(
    sample, settings, fold, labels, n_counted, expected_false, *, n_jobs, on_progress
):
    start = time.perf_counter()
    nested = cross_validate(
        sample,
        [Candidate("group", settings)],
        [fold],
        nested=False,
        n_jobs=n_jobs,
        on_progress=stage(on_progress, 0, 0.25),
    )[0]
    path_seconds, alpha = time.perf_counter() - start, nested.curve().alpha("1se")
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
    return _Found(
        "frequency",
        frequencies,
        frequencies >= THRESHOLD - 1e-9,
        nested,
        alpha,
        facts,
        lambda names: stability_in_words(
            names, len(frequencies), n_counted, 2 * PAIRS, THRESHOLD, bound, alpha
        ),
    )


def _result(found, names):
    """The part of the result that a method fills; the surest predictors come first."""
    path = found.chains.refit
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
