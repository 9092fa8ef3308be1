"""Estimators that choose their strength by cross-validation along the whole path."""

from dataclasses import replace
from functools import partial
from numbers import Integral

import numpy as np
from scipy.stats import rankdata

from tautnet.estimators.base import ClassifierNet, RegressorNet, set_parameters
from tautnet.fitting.crossval import split_rows, tolerant_folds
from tautnet.fitting.exits import order_of_exit
from tautnet.fitting.nested import Candidate, cross_validate
from tautnet.fitting.path import nearest
from tautnet.fitting.study import penalty_curves
from tautnet.fitting.trainings import run_chain
from tautnet.fitting.units import run_units


class CrossValidated:
    """Fit with the strength chosen by cross-validation."""

    def _conditions(self, linear):
        return [
            *super()._conditions(linear),
            ("alpha_min_ratio", isinstance(self.alphas, str), "alphas='auto'"),
            ("alphas", self.penalty not in ("none", "early_stopping"), "a penalty"),
            ("selection", self.penalty not in ("none", "early_stopping"), "a penalty"),
        ]

    def fit(self, X, y, sample_weight=None, groups=None):
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
        """
        return self.fit_in_sight(X, y, sample_weight, groups, self._reporter())

    def fit_in_sight(self, X, y, sample_weight, groups, on_progress):
        """`fit`, with a callable that is told the share done."""
        sample, settings, target = self._prepare(X, y, sample_weight, groups)
        alphas = self._check_alphas()
        if self.cv is None or isinstance(self.cv, Integral):
            n_folds = 5 if self.cv is None else self.cv
            folds = [tolerant_folds(target, sample.weight, n_folds, groups=sample.groups, seed=settings.seed)]
        else:
            folds = split_rows(target, sample.weight, self.cv, groups=sample.groups)
            if self.adaptive and len(folds) == 1:
                raise ValueError("cv gives one split, and adaptive=True needs others to choose for it: use 2 or more")
        nested = cross_validate(
            sample, [Candidate(self.penalty, settings)], folds, nested=False, alphas=alphas, n_jobs=self.n_jobs,
            keep="all" if self.ensemble else (), on_progress=on_progress,
        )[0]  # fmt: skip
        return self.take_nested(sample, nested, alphas)

    def take_nested(self, sample, nested, alphas):
        """Choose a strength, and take the model of it, from chains that are fitted."""
        settings = nested.candidate.settings
        curve = nested.curve()
        by_count = self.selection not in ("min", "1se")
        path = nested.whole
        at = self._choose_count(curve, path) if by_count else nearest(path.alphas, curve.alpha(self.selection))
        if at not in path.parameters:
            # The table is so wide that the walk did not keep every model: it is made again for this one.
            rows, keep = np.arange(len(sample.y)), [path.alphas[at]]
            settings = replace(path.unit.settings, finish=settings.finish)
            again = partial(run_chain, sample, rows, rows[:0], settings, alphas=alphas, keep=keep, certify="kept")
            path = run_units([lambda ticker: again(ticker=ticker)])[0]
        self.alpha_, self.alphas_ = float(path.alphas[at]), curve.alphas
        self.alpha_min_, self.alpha_1se_ = curve.alpha("min"), curve.alpha("1se")
        self.cv_results_ = penalty_curves(nested, curve, path)
        self.cv_loss_ = float(curve.mean[nearest(curve.alphas, self.alpha_)])
        self._store(sample, path, at)
        self._store_exits(nested)
        if self.ensemble:
            self._take_members(sample, nested, self.alpha_)
        return self

    def _store_exits(self, nested):
        """Where each predictor leaves the path; one that is constant, and so no part of it, has left at 0."""
        paths = [nested.single(r, k).path for r, fold in enumerate(nested.folds) for k in range(fold.max() + 1)]
        exits = order_of_exit(nested.whole, paths)
        n_predictors = len(self.penalty_factors_)
        self.exit_alphas_, self.exit_spread_ = np.zeros(n_predictors), np.full(n_predictors, np.nan)
        self.exit_returns_ = np.zeros(n_predictors, int)
        self.exit_alphas_[self._predictors], self.exit_spread_[self._predictors] = exits.alphas, exits.spread
        self.exit_returns_[self._predictors] = exits.returns
        self.exit_ranks_ = rankdata(self.exit_alphas_)

    def _take_members(self, sample, nested, alpha):
        """Predict with the fold models from now on."""
        chains = [nested.single(r, k) for r, fold in enumerate(nested.folds) for k in range(fold.max() + 1)]
        self._members = [
            chain.path.unit.predictor(chain.path.parameters[chain.nearest_kept(alpha)]) for chain in chains
        ]
        self._keep_baseline(sample)

    def _check_alphas(self):
        if isinstance(self.alphas, str) and self.alphas == "auto":
            return "auto"
        if self.penalty == "dropout" and not np.max(self.alphas, initial=0) < 1:
            raise ValueError(f"alphas={self.alphas!r}: under dropout each is a share of units, below 1")
        alphas = np.unique(np.asarray(self.alphas, dtype=float))
        if not len(alphas) or not (alphas > 0).all() or not np.isfinite(alphas).all():
            raise ValueError(f"alphas={self.alphas!r} is neither 'auto' nor a list of finite numbers above 0")
        return alphas

    def _choose_count(self, curve, path):
        """The strength with the least loss among those that keep at most so many predictors."""
        kept = [path.n_features[nearest(path.alphas, alpha)] for alpha in curve.alphas]
        few = [i for i, count in enumerate(kept) if count <= self.selection]
        if not few:
            raise ValueError(f"selection={self.selection}: no strength under {self.penalty!r} keeps so few predictors")
        return nearest(path.alphas, curve.alphas[min(few, key=lambda i: curve.mean[i])])


class TautNetClassifierCV(CrossValidated, ClassifierNet):
    """A classifier that chooses the strength of its penalty by cross-validation.

    Parameters
    ----------
    penalty : str
        As in `TautNetClassifier`.
    alphas : "auto" or array
        Strengths; the automatic grid covers over-fitted to null.
    cv : int, splitter or iterable
        Number of folds, drawn by ``random_state``; or scikit-learn's splitters, or pairs of training
        and test rows.
    selection : {"min", "1se"} or int
        The least mean loss; the most regularised model within one standard error of it; or the best
        model with at most so many predictors.
    n_jobs : int, optional
        Folds at once; None is 1, -1 all cores. Never changes a number.
    ensemble : bool
        Predict the mean of the fold models at the chosen strength (probabilities and means, not labels)
        instead of the refit's; ``coefs_`` and ``selected_features_`` stay the refit's.
    adaptive : bool
        Take further factors of the strength from a first path, at the strength that cross-validation chooses on
        it, and walk a second one; in every fold both are made anew, and the strength is chosen by the other folds.
        The model keeps fewer predictors and bends less what it keeps, for twice the time.
    l1_ratio, feature_groups, penalty_factors, layer_factors, stopping, hidden_layer_sizes, activation, skip, finish
    class_weight, alpha_min_ratio, max_iter, tol, precision, verbose, random_state
        As in `TautNetClassifier`.

    Attributes
    ----------
    alpha_, alpha_min_, alpha_1se_ : float
        The strength taken, and those of the two rules.
    alphas_ : array (n_alphas,)
        Ascending.
    cv_loss_ : float
        Mean cross-validated loss at ``alpha_``; lower than that of new rows, since it chose.
    cv_results_ : dict of arrays (n_alphas,)
        ``alpha``, ``mean_test_loss``, ``se_test_loss``, ``mean_train_loss``, ``n_features``,
        ``split0_test_loss``, ...
    exit_alphas_ : array (n_features_in_,) or (n_groups,)
        The strength from which on each predictor is out of the path of all rows; infinite where it never leaves.
    exit_spread_ : array (n_features_in_,) or (n_groups,)
        Standard deviation over folds of the logarithm, to base 10, of that strength.
    exit_ranks_ : array (n_features_in_,) or (n_groups,)
        1 for the first to leave; those that leave together share the mean of their ranks.
    exit_returns_ : int array (n_features_in_,) or (n_groups,)
        How often each came back at a larger strength.

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
        penalty="l2",
        *,
        alphas="auto",
        cv=5,
        selection="min",
        ensemble=False,
        n_jobs=None,
        l1_ratio=0.5,
        feature_groups=None,
        penalty_factors=None,
        layer_factors=None,
        adaptive=False,
        stopping="loss",
        hidden_layer_sizes=(100,),
        activation="relu",
        skip=True,
        finish=False,
        class_weight=None,
        alpha_min_ratio="auto",
        max_iter=2000,
        tol=0.05,
        precision="float32",
        verbose=False,
        random_state=None,
    ):
        set_parameters(self, locals())


class TautNetRegressorCV(CrossValidated, RegressorNet):
    """A regressor that chooses the strength of its penalty by cross-validation.

    Parameters and attributes are those of `TautNetClassifierCV`, without classes; losses in
    ``cv_results_`` are mean squared errors in the target's units squared.
    """

    def __init__(
        self,
        penalty="l2",
        *,
        alphas="auto",
        cv=5,
        selection="min",
        ensemble=False,
        n_jobs=None,
        loss="squared_error",
        delta=1.35,
        quantile=0.5,
        l1_ratio=0.5,
        feature_groups=None,
        penalty_factors=None,
        layer_factors=None,
        adaptive=False,
        stopping="loss",
        hidden_layer_sizes=(100,),
        activation="relu",
        skip=True,
        finish=False,
        alpha_min_ratio="auto",
        max_iter=2000,
        tol=0.05,
        precision="float32",
        verbose=False,
        random_state=None,
    ):
        set_parameters(self, locals())
