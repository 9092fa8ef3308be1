"""`select_features`: which predictors are real, said with a limit on false ones."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tautnet.claims.result import as_json
from tautnet.estimators.inputs import check_feature_groups, check_groups
from tautnet.estimators.refusals import refuse
from tautnet.estimators.warned import warn_of_target
from tautnet.objective.choices import EXPECTED_FALSE, FDR, SELECTION_PENALTY, STANDARDISED
from tautnet.objective.networks import Network
from tautnet.objective.tasks import loss_for
from tautnet.selecting.conditionals import heavy_tailed, normal_scores
from tautnet.selecting.stability import (
    counted,
)
from tautnet.selection_methods import by_randomization, by_stability, result_of
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Integers
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample, encode, notes
from tautnet.tables.target import Target
from tautnet.tables.target_columns import predictors_and_target
from tautnet.validation.folds import fold_rows
from tautnet.views.progress import heard

if TYPE_CHECKING:
    import pandas as pd

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

    def __repr__(self) -> str:
        return f"Selection({self.result['data']}, selected={self.selected!r})\n{self.verdict}"


def select_features(
    X: Any,
    y: Any = None,
    *,
    target: str | None = None,
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
    inputs: str = STANDARDISED,
    clamp_output: bool = True,
    random_state: int = 0,
    n_jobs: int | None = None,
    name: str = "table",
    verbose: bool = False,
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
    target : str, optional
        The name of the column of X to predict, in the place of ``y``.
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
    hidden_layer_sizes, activation, skip, inputs, clamp_output
        As in `compare`.
    random_state : int
    n_jobs : int, optional
        Jobs at once; None is 1, -1 all cores. Never changes a number.
    name : str
        What the table is called in the result.
    verbose, on_progress, on_note : bool, callables
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
    # All arguments by name: it stands first, where there are no other names.
    refuse(locals(), door="select_features")
    start = time.perf_counter()
    network = Network.of(hidden_layer_sizes, activation, skip, inputs)
    X, y = predictors_and_target(X, y, target)
    outcome, sample, encoder = encode(X, y, sample_weight, task)
    _check_count(sample)
    members = sample.column_predictor
    names, column_predictor = _grouped(encoder, feature_groups)
    sample = sample._replace(
        column_predictor=column_predictor, groups=check_groups(sample.X, groups)
    )
    loss = loss_for(outcome.task, sample.y, sample.weight)
    settings = Settings(
        SELECTION_PENALTY, network=network, loss=loss, clamp_output=clamp_output, seed=random_state
    )
    fold = fold_rows(
        outcome, sample.weight, cv, nested=True, groups=sample.groups, seed=random_state
    )
    is_stable = method == "stability"
    n_counted = counted(sample.n_predictors, expected_false) if is_stable else 0
    _tell(outcome, encoder, sample, on_note)
    with heard(verbose, on_progress) as on_progress:
        if is_stable:
            found = by_stability(
                sample,
                settings,
                fold,
                outcome.labels,
                n_counted,
                expected_false,
                n_jobs=n_jobs,
                on_progress=on_progress,
            )
        else:
            sample = _tamed(sample, encoder, on_note)
            found = by_randomization(
                sample,
                settings,
                fold,
                members,
                fdr,
                strict,
                n_jobs=n_jobs,
                on_progress=on_progress,
            )
    result: dict[str, Any] = {
        "data": name,
        "target": outcome.name,
        "task": outcome.task,
        "n_rows": len(sample.y),
        "n_predictors": len(names),
    } | result_of(found, names)
    sentences = found.in_words(result["selected"])
    result["verdict"] = " ".join(sentences)
    result["seed"] = random_state
    result["version"] = version("tautnet")
    result["seconds"] = time.perf_counter() - start
    return Selection(as_json(result), sentences)


def _check_count(sample: Sample) -> None:
    """Raise where too few rows count."""
    n_rows = int((sample.weight > 0).sum())
    if n_rows < LEAST_ROWS:
        raise TableError(
            f"{n_rows} rows are too few to tell predictors from noise: give at least {LEAST_ROWS}"
        )


def _tell(
    target: Target, encoder: TableEncoder, sample: Sample, on_note: Callable[[str], None] | None
) -> None:
    """Tell what was decided about the table, and what to know before the work begins."""
    if on_note is not None:
        for note in notes(target, encoder):
            on_note(note)
    warn_of_target(target, sample.weight, on_note, stacklevel=3)


def _grouped(
    encoder: TableEncoder, feature_groups: Mapping[str, Any] | None
) -> tuple[list[str], Integers]:
    """Names of predictors or of groups of them, and the one that each column belongs to."""
    names = list(encoder.feature_names_in_)
    group, _ = check_feature_groups(feature_groups, names)
    feature = np.array([names.index(name) for name in encoder.predictors])
    found, column_predictor = np.unique(
        group[feature][encoder.column_predictor], return_inverse=True
    )
    titles = names if feature_groups is None else list(feature_groups)
    return [str(titles[i]) for i in found], column_predictor


def _tamed(sample: Sample, encoder: TableEncoder, on_note: Callable[[str], None] | None) -> Sample:
    """The sample with normal scores in the place of columns with heavy tails."""
    heavy = np.flatnonzero(heavy_tailed(sample.X))
    if not len(heavy):
        return sample
    X = np.array(sample.X, order="C")
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
