"""The estimator for a task, and one made of cross-validation that is done already."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from tautnet.estimators.base import take_table
from tautnet.estimators.cross_validated import (
    TautNetClassifierCV,
    TautNetRegressorCV,
    take_chains,
)
from tautnet.estimators.survival import TautNetSurvivalCV

CLASSES = {
    "classification": TautNetClassifierCV,
    "multilabel": TautNetClassifierCV,
    "regression": TautNetRegressorCV,
    "survival": TautNetSurvivalCV,
}


def estimator_for(task, parameters):
    """The cross-validated estimator for a task, with those of some parameters that it has.

    Examples
    --------
    >>> estimator_for("regression", {"penalty": "l1", "loss": "huber", "ties": "efron"})
    TautNetRegressorCV(loss='huber', penalty='l1')
    """
    known = CLASSES[task]().get_params(deep=False)
    return CLASSES[task](**{name: value for name, value in parameters.items() if name in known})


def assemble(parameters, X, target, encoder, sample, relaxed):
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
