"""The classifier and the regressor that choose their strength by cross-validation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tautnet.estimators.base import set_parameters
from tautnet.estimators.base_cv import CrossValidated
from tautnet.estimators.predictions import ClassifierNet, RegressorNet
from tautnet.objective.choices import AUTO, DELTA, L1_RATIO, MAX_ITER, QUANTILE, TOL


class TautNetClassifierCV(CrossValidated, ClassifierNet):
    """A classifier that chooses the strength of its penalty by cross-validation.

    Parameters
    ----------
    penalty : str
        As in `TautNetClassifier`; or "auto": cross-validation tries "l2" and adaptive "group", and
        "l1" where columns outnumber rows, and takes another than "l2" only where its loss is lower
        by two standard errors, paired over rows. Others walk whole paths only where a short trial
        on two folds saves 1 % of the loss.
    alphas : "auto" or array
        Strengths; the automatic grid covers over-fitted to null.
    cv : int, splitter or iterable
        Number of folds, drawn by ``random_state``; or scikit-learn's splitters, or pairs of
        training and test rows.
    selection : {"min", "1se"} or int
        The least mean loss; the most regularised model within one standard error of it (with
        ``relax=True`` that of the fewest predictors); or the best model with at most so many
        predictors.
    relax : bool
        Choose among refits too: on the 1 to 8, then 10, 12, 14, 17, ... predictors that each
        fold's own path ranks first, by the size of their weights (or of a bend that the
        residuals still show) or by where they leave, under l2 of a strength of its own; up to
        where more no longer help (twice in a row more than a standard error above the least
        loss) or to the number kept at ``alpha_min_``. Where ``selection`` asks for a number,
        refits begin there, or at the number kept at ``alpha_min_``, and go down as long as that
        does not cost too much. Predictors are then ranked
        by elimination, too: four times as many are refitted, the smallest left out, and so on
        (Guyon et al. 2002). A penalty that takes predictors out shrinks those it keeps; refits do
        not, and are much better where few are kept. It takes several times as long.
    n_jobs : int, optional
        Folds at once; None is 1, -1 all cores. Never changes a number.
    ensemble : bool
        Predict the mean of the refit and the fold models at the chosen strength (probabilities and
        means, not labels); ``coefs_`` and ``selected_features_`` stay the refit's. It saves 0.3 %
        of the loss, on average over tables, for several times the file and no equation.
    adaptive : bool
        Take further factors of the strength from a first path, at the strength that
        cross-validation chooses on it, and walk a second one; in every fold both are made anew,
        and the strength is chosen by the other folds. The model keeps fewer predictors and bends
        less what it keeps, for twice the time.
    network : {"auto", "plain", "small", "deep"}, optional
        Cross-validation chooses among networks, too ("auto"), or a network by its name: "plain" is
        one hidden layer of 100 relu units on standardised columns, "small" the same on splines,
        "deep" two of 64 silu units on splines. By default the network is that of
        ``hidden_layer_sizes``, ``activation``, ``inputs`` and ``skip``. Dearer networks go on
        only where they are ahead after a short race.
    l1_ratio, feature_groups, penalty_factors, layer_factors, stopping, hidden_layer_sizes,
    activation, skip, inputs, finish, class_weight, alpha_min_ratio, max_iter, tol, precision,
    verbose, random_state
        As in `TautNetClassifier`.

    Attributes
    ----------
    network_ : dict
        ``hidden_layer_sizes``, ``activation``, ``inputs`` and ``skip`` of the network: with them,
        ``penalty_``, ``alpha_``, ``penalty_factors_`` and the same seed a plain estimator has the
        same ``coefs_``.
    penalty_ : str
        The penalty taken.
    adaptive_ : bool
        Whether its factors come from a first path.
    penalties_ : dict of dicts
        With ``penalty="auto"``, by name: ``loss``, cross-validated, how much lower that is than
        that of "l2" (``lead``), and the standard error of that (``lead_se``); of "l2" and those
        that were ahead in the trial.
    networks_ : dict of dicts
        With ``network="auto"``, by name: ``loss``, cross-validated, of those that went to the end
        (None for all where only the cheapest did), ``early_loss`` on two folds and few strengths,
        ``chains`` walked, ``seconds``.
    alpha_, alpha_min_, alpha_1se_ : float
        The strength taken, and those of the two rules.
    alpha_end_ : {"null", "strong", "weak"} or None
        The end of the path at which ``alpha_`` lies; a warning names it.
    alphas_ : array (n_alphas,)
        Ascending.
    cv_loss_ : float
        Mean cross-validated loss of the model taken; lower than that of new rows, since it
        chose.
    relaxed_alpha_, relaxed_order_ : float and {"norm", "exit", "elimination"}, or None
        Strength of the l2 of the refit that was taken, and what ranked its predictors: their
        norms at ``alpha_``, then ``alpha_min_``, where they leave, or refits of more of them.
        None where the model is on the path.
    relaxed_results_ : dict of arrays (n_refits,)
        With ``relax=True``: ``order``, ``n_features``, ``alpha``, the l2 of least loss,
        ``mean_test_loss``, ``se_test_loss``.
    cv_results_ : dict of arrays (n_alphas,)
        ``alpha``, ``mean_test_loss``, ``se_test_loss``, ``mean_train_loss``, ``n_features``,
        ``split0_test_loss``, ...
    null_loss_ : float
        Cross-validated loss of the constant prediction.
    path_ : Path
        The refit at every strength: norms, losses, counts and certificates, without its
        parameters.
    path_predictors_ : list of str
        What the columns of ``path_.norms`` stand for: predictors, or groups of them.
    training_curve_ : dict of arrays (n_steps,)
        Under "none" alone: ``step``, ``mean_test_loss``, ``mean_train_loss``,
        ``split0_test_loss``, ...
    exit_alphas_ : array (n_features,) or (n_groups,)
        The strength from which on each predictor is out of the path of all rows; infinite where
        it never leaves.
    exit_spread_ : array (n_features,) or (n_groups,)
        Standard deviation over folds of the logarithm, to base 10, of that strength.
    exit_ranks_ : array (n_features,) or (n_groups,)
        1 for the first to leave; those that leave together share the mean of their ranks.
    exit_returns_ : int array (n_features,) or (n_groups,)
        How often each came back at a larger strength.

    References
    ----------
    Meinshausen (2007), Relaxed Lasso, Computational Statistics and Data Analysis 52(1).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TautNetClassifierCV("l2", cv=3, hidden_layer_sizes=(8,), random_state=0).fit(X, y)
    >>> bool(model.alpha_1se_ >= model.alpha_min_), sorted(model.cv_results_)[:3]
    (True, ['alpha', 'mean_test_loss', 'mean_train_loss'])
    """

    def __init__(
        self,
        penalty: str = "l2",
        *,
        alphas: str | ArrayLike = "auto",
        cv: Any = 5,
        selection: str | int = "min",
        relax: bool = False,
        ensemble: bool = False,
        n_jobs: int | None = None,
        l1_ratio: float = L1_RATIO,
        feature_groups: Mapping[str, Any] | None = None,
        penalty_factors: ArrayLike | None = None,
        layer_factors: ArrayLike | None = None,
        adaptive: bool = False,
        stopping: str | Callable[..., float] = "loss",
        network: str = AUTO,
        hidden_layer_sizes: int | Sequence[int] | None = None,
        activation: str | None = None,
        skip: bool | None = None,
        inputs: str | None = None,
        finish: bool = False,
        class_weight: Mapping[Any, float] | str | None = None,
        alpha_min_ratio: str | float = "auto",
        max_iter: int = MAX_ITER,
        tol: float = TOL,
        precision: str = "float32",
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        set_parameters(self, locals())


class TautNetRegressorCV(CrossValidated, RegressorNet):
    """A regressor that chooses the strength of its penalty by cross-validation.

    Parameters and attributes are those of `TautNetClassifierCV`, without classes, and the losses
    of `TautNetRegressor`, with ``clamp_output``: each fold's model is clamped to its own training
    rows. Losses in ``cv_results_`` are mean squared errors in the target's units squared.
    """

    def __init__(
        self,
        penalty: str = "l2",
        *,
        alphas: str | ArrayLike = "auto",
        cv: Any = 5,
        selection: str | int = "min",
        relax: bool = False,
        ensemble: bool = False,
        n_jobs: int | None = None,
        loss: str = "squared_error",
        delta: float = DELTA,
        quantile: float = QUANTILE,
        clamp_output: bool = True,
        l1_ratio: float = L1_RATIO,
        feature_groups: Mapping[str, Any] | None = None,
        penalty_factors: ArrayLike | None = None,
        layer_factors: ArrayLike | None = None,
        adaptive: bool = False,
        stopping: str | Callable[..., float] = "loss",
        network: str = AUTO,
        hidden_layer_sizes: int | Sequence[int] | None = None,
        activation: str | None = None,
        skip: bool | None = None,
        inputs: str | None = None,
        finish: bool = False,
        alpha_min_ratio: str | float = "auto",
        max_iter: int = MAX_ITER,
        tol: float = TOL,
        precision: str = "float32",
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        set_parameters(self, locals())
