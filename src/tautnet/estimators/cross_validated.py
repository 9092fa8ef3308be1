"""Estimators that choose their strength by cross-validation along the whole path."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from tautnet.engine.jobs import Report, run_jobs, stages
from tautnet.estimators.base import Net, predictor_names, set_parameters
from tautnet.estimators.inputs import Table
from tautnet.estimators.predictions import ClassifierNet, RegressorNet
from tautnet.estimators.splits import folds_of
from tautnet.estimators.warned import end_of_path, warn_of_end, warn_of_jump
from tautnet.inference.constant import null_loss
from tautnet.inference.curves import penalty_curves, training_curve
from tautnet.inference.exits import order_of_exit
from tautnet.objective.choices import DELTA, L1_RATIO, MAX_ITER, QUANTILE, STANDARDISED, TOL
from tautnet.objective.registry import penalty_kind
from tautnet.objective.strengths import as_strengths, nearest
from tautnet.refitting.counts import choice
from tautnet.refitting.elimination import relax_to
from tautnet.refitting.relaxed import Relaxed, relax
from tautnet.solving.path import Path
from tautnet.solving.settings import Request
from tautnet.tables.arrays import Floats
from tautnet.tables.sample import Sample
from tautnet.validation.chain import ChainJob
from tautnet.validation.chains import Candidate, Chains, Choice
from tautnet.validation.nested import cross_validate


class CrossValidated(Net):
    """Fit with the strength chosen by cross-validation."""

    alphas: str | ArrayLike
    cv: Any
    selection: str | int
    relax: bool
    ensemble: bool
    n_jobs: int | None

    alpha_: float
    alpha_min_: float
    alpha_1se_: float
    alpha_end_: str | None
    alphas_: Floats
    cv_loss_: float
    cv_results_: dict[str, NDArray[Any]]
    null_loss_: float
    path_: Path
    path_predictors_: list[str]
    training_curve_: dict[str, NDArray[Any]]
    relaxed_alpha_: float | None
    relaxed_order_: str | None
    relaxed_results_: dict[str, NDArray[Any]]
    exit_alphas_: NDArray[np.float64]
    exit_spread_: NDArray[np.float64]
    exit_ranks_: NDArray[np.float64]
    exit_returns_: NDArray[np.int_]

    def fit(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Walk a path in every fold, choose a strength, and refit on all rows.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        y : array (n_rows,)
        sample_weight : array (n_rows,), optional
        groups : array (n_rows,), optional
            Rows of one group are never split between folds.

        Returns
        -------
        self

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
        sample, settings, target = self._prepare(X, y, sample_weight, groups)
        self._check_count()
        alphas = as_strengths(self.alphas)
        needing = [name for name in ("adaptive", "relax") if getattr(self, name)]
        folds = folds_of(self.cv, sample, target, settings.seed, needing)
        keep = "all" if self.ensemble else ()
        parts = stages(1 + self.relax, on_progress)
        nested = cross_validate(
            sample,
            [Candidate(self.penalty, settings)],
            folds,
            nested=False,
            alphas=alphas,
            keep=keep,
            n_jobs=self.n_jobs,
            on_progress=next(parts),
        )[0]
        relaxed = Relaxed.of_path(nested)
        if self.relax:
            refit = (
                relax
                if isinstance(self.selection, str)
                else partial(relax_to, at_most=self.selection)
            )
            relaxed = refit(nested, keep=keep, n_jobs=self.n_jobs, on_progress=next(parts))
        self._take_chains(sample, relaxed, alphas)

    def _take_chains(self, sample: Sample, relaxed: Relaxed, alphas: str | Floats) -> None:
        """Choose among chains that are fitted, and take the model of the choice."""
        chains = relaxed.shrunken
        curve = chains.curve()
        taken = self._choose(relaxed)
        path, at = self._path(sample, relaxed, taken, alphas)
        reached = float(path.alphas[at])
        is_refit = taken.order is not None
        self.alphas_ = curve.alphas
        self.alpha_min_ = curve.alpha("min")
        self.alpha_1se_ = curve.alpha("1se")
        self.alpha_ = self.alpha_min_ if is_refit else reached
        self.alpha_end_ = None
        self.relaxed_alpha_ = reached if is_refit else None
        self.relaxed_order_ = taken.order
        self.cv_loss_ = float(taken.mean)
        self.cv_results_ = penalty_curves(chains, curve, chains.path)
        self._store(sample, path, at)
        if self.relax:
            self.relaxed_results_ = relaxed.results()
        self._keep_factors(chains.path)
        self._store_exits(chains)
        self._store_curves(chains)
        if not is_refit:
            self.alpha_end_ = end_of_path(chains, reached, self.cv_loss_, self.null_loss_)
        warn_of_end(self.alpha_end_, self.penalty, stacklevel=5)
        if not self.relax and not isinstance(self.selection, str):
            warn_of_jump(chains.path, self.alpha_min_, self.selection, stacklevel=5)
        if self.ensemble:
            models = relaxed.fold_models(taken)
            self._members = [scaling.predictor(parameters) for scaling, parameters in models]
            self._keep_baseline(sample)

    def _choose(self, relaxed: Relaxed) -> Choice:
        """The model that ``selection`` chooses, among those of the path, or among refits too."""
        options = list(relaxed.options())
        if not self.relax and isinstance(self.selection, str):
            return options[relaxed.shrunken.curve().index(self.selection)]
        taken = choice(options, self.selection)
        if taken is None:
            raise ValueError(
                f"selection={self.selection}: no strength under {self.penalty!r} keeps so few"
                " predictors"
            )
        return taken

    def _path(
        self, sample: Sample, relaxed: Relaxed, taken: Choice, alphas: str | Floats
    ) -> tuple[Path, int]:
        """A path of all rows that holds the chosen model, and its place on that path."""
        path = relaxed.path_of(taken)
        at = nearest(path.alphas, taken.alpha)
        if at not in path.parameters:
            # On a wide table the walk does not keep every model: it is made again for this one.
            request = Request(alphas, keep=[path.alphas[at]], certify="kept")
            again = replace(path.settings, finish=relaxed.candidate.settings.finish)
            [chain] = run_jobs(sample, [ChainJob(again, request)])
            path = chain.path
        return path, at

    def _check_count(self) -> None:
        """Raise where more predictors are asked for than there are."""
        n_predictors = len(self.penalty_factors_)
        if not isinstance(self.selection, str) and self.selection > n_predictors:
            raise ValueError(
                f"selection={self.selection}: there are {n_predictors} predictors, so give a number"
                f" from 1 to {n_predictors}, 'min' or '1se'"
            )

    def _store_curves(self, chains: Chains) -> None:
        """Keep what can be drawn of a fit beside ``cv_results_``."""
        self.path_predictors_ = predictor_names(self)
        self.null_loss_ = null_loss(chains)
        self.path_ = replace(chains.path, parameters={})
        if penalty_kind(self.penalty).training == "steps":
            self.training_curve_ = training_curve(chains)

    def _store_exits(self, chains: Chains) -> None:
        """Keep where each predictor leaves the path.

        A constant predictor is no part of the path: it has left at 0.
        """
        exits = order_of_exit(chains.path, [chain.path for chain, _ in chains.singles])
        n_predictors = len(self.penalty_factors_)
        self.exit_alphas_ = np.zeros(n_predictors)
        self.exit_spread_ = np.full(n_predictors, np.nan)
        self.exit_returns_ = np.zeros(n_predictors, int)
        self.exit_alphas_[self._predictors] = exits.alphas
        self.exit_spread_[self._predictors] = exits.spread
        self.exit_returns_[self._predictors] = exits.returns
        self.exit_ranks_ = rankdata(self.exit_alphas_)


def take_chains(estimator: CrossValidated, sample: Sample, relaxed: Relaxed) -> None:
    """Let an estimator choose among chains that are fitted, and take the model of its choice."""
    estimator._take_chains(sample, relaxed, "auto")


class TautNetClassifierCV(CrossValidated, ClassifierNet):
    """A classifier that chooses the strength of its penalty by cross-validation.

    Parameters
    ----------
    penalty : str
        As in `TautNetClassifier`.
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
        Predict the mean of the fold models at the chosen strength (probabilities and means, not
        labels) instead of the refit's; ``coefs_`` and ``selected_features_`` stay the refit's.
    adaptive : bool
        Take further factors of the strength from a first path, at the strength that
        cross-validation chooses on it, and walk a second one; in every fold both are made anew,
        and the strength is chosen by the other folds. The model keeps fewer predictors and bends
        less what it keeps, for twice the time.
    l1_ratio, feature_groups, penalty_factors, layer_factors, stopping, hidden_layer_sizes,
    activation, skip, inputs, finish, class_weight, alpha_min_ratio, max_iter, tol, precision,
    verbose, random_state
        As in `TautNetClassifier`.

    Attributes
    ----------
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
