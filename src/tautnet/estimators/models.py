"""Estimators that fit one penalty at one strength."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tautnet.engine.jobs import Report, run_jobs
from tautnet.estimators.base import Net, set_parameters
from tautnet.estimators.inputs import Table
from tautnet.estimators.predictions import ClassifierNet, RegressorNet
from tautnet.objective.choices import ALPHA, DELTA, L1_RATIO, MAX_ITER, QUANTILE, STANDARDISED, TOL
from tautnet.training.adaptive import PointJob


class AtOneStrength(Net):
    """Fit at one strength, which the user gives."""

    alpha: float
    # Only early stopping looks at groups, so by default they are left to the splitter.
    __metadata_request__fit = {"groups": False}

    def fit(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Walk the automatic grid up to ``alpha``, then ``alpha`` itself.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
            Numbers, categories, dates, missing cells.
        y : array (n_rows,)
        sample_weight : array (n_rows,), optional
        groups : array (n_rows,), optional
            Rows that early stopping sets aside together.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Where the table cannot be used, or an argument is wrong.

        Warns
        -----
        UserWarning
            Where arguments do nothing: it names them, and the fit leaves them at their defaults.
        """
        return self._fit_checked(X, y, sample_weight, groups, self._reporter())

    def _fit(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        on_progress: Report | None,
    ) -> None:
        sample, settings, _ = self._prepare(X, y, sample_weight, groups)
        job = PointJob(settings, self.alpha)
        [path] = run_jobs(sample, [job], on_progress=on_progress)
        self._store(sample, path, len(path.alphas) - 1)


class TautNetClassifier(AtOneStrength, ClassifierNet):
    """A classifier: a feed-forward network under a penalty of one strength.

    Parameters
    ----------
    penalty : str
        "l2", "l1" or "elasticnet" on every weight; "group", "sparse_group", "hierarchical"
        (LassoNet's), "mcp" or "group_mcp" on first-layer and skip weights: all but "l2" take
        predictors out, and what shrinks least are the last two. "none" is 2,000 steps without a
        penalty. "early_stopping" sets 15 % of the rows aside and takes the weights that were
        best on them; "dropout" leaves hidden units out at random, ``alpha`` being their share;
        both have no certificate: ``stationarity_`` is NaN.
    alpha : float
        Strength; it means the same whatever the number of rows.
    feature_groups : dict, optional
        Name of a group -> its columns, by name or position, every column once: they stay or
        leave together, as the columns that encode one predictor do anyway. For "group",
        "sparse_group", "hierarchical" and "group_mcp".
    penalty_factors : array (n_features,) or (n_groups,), optional
        What ``alpha`` is multiplied by for each predictor or group; at 0 it is always kept.
    layer_factors : array (n_layers,), optional
        What ``alpha`` is multiplied by in each layer; the skip goes with the first.
    adaptive : bool
        Take further factors from a first fit at the same ``alpha``: large weights are spared,
        small ones pressed to zero; a predictor that has left gets another chance where its
        effect still bends in the residuals. It keeps fewer predictors, and bends less what it
        keeps.
    stopping : {"loss", "score"}, str or callable
        What early stopping watches: the loss, the estimator's own score, or any other of
        scikit-learn's, by its name or as ``scorer(estimator, X, y)``.
    l1_ratio : float
        Share of l1 in "elasticnet" and "sparse_group", in [0, 1].
    hidden_layer_sizes : tuple of int
        ``()`` is one linear map.
    activation : {"relu", "tanh", "silu", "identity"}
    skip : bool
        Whether a linear map runs beside the hidden layers.
    inputs : {"standardised", "smooth", "splines"}
        What the network is given. "smooth" takes the logarithm of skewed columns that are never
        negative, and bends all smoothly so that none goes beyond three standard deviations;
        "splines" adds up to four ramps between the quartiles of each. Every fit learns them from
        its own rows. To a penalty all columns of a predictor are one predictor.
    finish : bool
        Solve the point in float64 after the walk. It may predict worse: where early stopping is
        part of the cure, solving undoes it.
    class_weight : dict or "balanced", optional
        Weights of the classes, multiplied into the row weights, of held-out losses too.
    alpha_min_ratio : "auto" or float
        Where the walk starts, as a share of a₀; "auto" is 1e-4, or 1e-6
        where a short trial on the rows says that weaker strengths help.
    max_iter, tol : int, float
        Most iterations of finishing, and the stationarity aimed at. As a limit, ``max_iter`` may
        be set where nothing is finished.
    precision : {"float32", "float64"}
        Of the walk; certificates and predictions are float64.
    verbose : bool
        Print a line each tenth of the work.
    random_state : int, RandomState or None

    Attributes
    ----------
    coefs_ : list of arrays (n_in, n_out)
        Weights of each layer; those of the first stand in the order of ``input_names_``, on the
        scale kept in ``scaling_.inputs``.
    intercepts_ : list of arrays (n_out,)
    input_names_ : list of str
        The columns that the network is given: levels of a category and ramps each have their own.
    skip_coef_ : array (n_columns, n_outputs) or None
    classes_ : array (n_classes,)
    selected_features_ : bool array (n_features,)
        Predictors with a weight that is not zero.
    feature_importances_ : array (n_features,)
        Norm of all first-layer and skip weights of each predictor, standardised: 0 exactly where
        it has left. A size of weights, not an effect: for effects ask
        `sklearn.inspection.permutation_importance`.
    penalty_factors_ : array (n_features,) or (n_groups,)
        What ``alpha`` was multiplied by for each predictor or group.
    train_loss_ : float
        Mean loss on the training rows, in the units of ``cv_results_``.
    stationarity_, objective_gap_ : float
        The certificate: how far from solved the point is, in [0, 1], and what the last quarter
        of the steps still gained, relative to the null model's loss.

    References
    ----------
    Yuan and Lin (2006), Model selection and estimation in regression with grouped variables.
    Simon et al. (2013), A sparse-group lasso. Lemhadri et al. (2021), LassoNet. Zhang (2010),
    Nearly unbiased variable selection under minimax concave penalty. Zou (2006), The adaptive
    lasso. Prechelt (1998), Early stopping - but when? Srivastava et al. (2014), Dropout.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TautNetClassifier("group", alpha=0.01, hidden_layer_sizes=(8,),
    ...     random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.9, model.coefs_[0].shape
    (True, (4, 8))
    """

    def __init__(
        self,
        penalty: str = "l2",
        alpha: float = ALPHA,
        *,
        l1_ratio: float = L1_RATIO,
        feature_groups: Mapping[str, Any] | None = None,
        penalty_factors: ArrayLike | None = None,
        layer_factors: ArrayLike | None = None,
        adaptive: bool = False,
        stopping: str | Callable[..., float] = "loss",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        skip: bool = True,
        inputs: str = STANDARDISED,
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


class TautNetRegressor(AtOneStrength, RegressorNet):
    """A regressor: a feed-forward network under a penalty of one strength.

    Parameters and attributes are those of `TautNetClassifier`, without classes, and these; the
    target may have several columns, and predictions come in its own units.

    Parameters
    ----------
    loss : {"squared_error", "poisson", "huber", "quantile"}
        "poisson" is for counts: the network is the logarithm of their mean. Under the others the
        target is standardised inside, for "huber" robustly.
    delta : float
        Where Huber's loss becomes linear, in robust standard deviations of the target.
    quantile : float
        The quantile that "quantile" estimates, in (0, 1).
    clamp_output : bool
        Whether a network with a hidden layer, under "squared_error", predicts nothing beyond the
        range of the targets that it was trained on, widened by a tenth of it on either side. Rows
        far from those of training can otherwise get any number. A linear map is never clamped,
        nor are predictions under the other losses. Pass False where the target is to go on beyond
        what was seen, as a trend does.

    References
    ----------
    Huber (1964), Robust estimation of a location parameter. Koenker and Bassett (1978),
    Regression quantiles.

    Examples
    --------
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=4, seed=0)
    >>> X, y = table.frame.drop(columns="y"), table.frame["y"]
    >>> model = TautNetRegressor("l1", alpha=0.1, hidden_layer_sizes=()).fit(X, y)
    >>> model.selected_features_.tolist()
    [True, True, False, False]
    """

    def __init__(
        self,
        penalty: str = "l2",
        alpha: float = ALPHA,
        *,
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
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        skip: bool = True,
        inputs: str = STANDARDISED,
        finish: bool = False,
        alpha_min_ratio: str | float = "auto",
        max_iter: int = MAX_ITER,
        tol: float = TOL,
        precision: str = "float32",
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        set_parameters(self, locals())
