"""The estimator for a task, and one made of cross-validation that is done already."""

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from tautnet.estimators.base import take_table
from tautnet.estimators.base_cv import CrossValidated, take_chains
from tautnet.estimators.cross_validated import TautNetClassifierCV, TautNetRegressorCV
from tautnet.estimators.inputs import Table
from tautnet.estimators.survival import TautNetSurvivalCV
from tautnet.refitting.relaxed import Relaxed
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.sample import Sample
from tautnet.tables.target import Target

CLASSES: dict[str, type[CrossValidated]] = {
    "classification": TautNetClassifierCV,
    "multilabel": TautNetClassifierCV,
    "regression": TautNetRegressorCV,
    "survival": TautNetSurvivalCV,
}


def estimator_for(task: str, parameters: Mapping[str, Any]) -> CrossValidated:
    """The cross-validated estimator for a task.

    It takes those of the parameters that it knows.

    Examples
    --------
    >>> estimator_for("regression", {"penalty": "l1", "loss": "huber", "ties": "efron"})
    TautNetRegressorCV(loss='huber', penalty='l1')
    """
    known = CLASSES[task]().get_params(deep=False)
    return CLASSES[task](**{name: value for name, value in parameters.items() if name in known})


def assemble(
    parameters: Mapping[str, Any],
    X: Table,
    target: Target,
    encoder: TableEncoder,
    sample: Sample,
    relaxed: Relaxed,
) -> CrossValidated:
    """The fitted estimator of a candidate of a comparison: nothing is fitted again.

    Parameters
    ----------
    parameters : dict
        Those that would do nothing under this penalty are left at their defaults.
    X : DataFrame or array (n_rows, n_predictors)
    target, encoder, sample
        As `encode` gives them.
    relaxed : Relaxed
        All chains of the candidate, and refits where there are any.

    Returns
    -------
    TautNetClassifierCV, TautNetRegressorCV or TautNetSurvivalCV
    """
    estimator = estimator_for(target.task, parameters).without_idle()
    own_sample = take_table(estimator, X, target, encoder, sample)
    with warnings.catch_warnings():
        # A comparison says how well its models are solved, in its table and its verdict.
        warnings.simplefilter("ignore", ConvergenceWarning)
        take_chains(estimator, own_sample, relaxed)
    return estimator
