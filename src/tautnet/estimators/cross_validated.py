"""Estimators that choose their strength by cross-validation along the whole path."""

from functools import partial

import numpy as np

from tautnet.estimators.models import ClassifierNet, RegressorNet
from tautnet.fitting.crossval import fold_rows
from tautnet.fitting.nested import Candidate, cross_validate
from tautnet.fitting.path import nearest, walk
from tautnet.fitting.study import penalty_curves
from tautnet.fitting.units import run_units


class _CrossValidated:
    def _conditions(self, linear):
        return [
            *super()._conditions(linear),
            ("alpha_min_ratio", isinstance(self.alphas, str), "alphas='auto'"),
            ("alphas", self.penalty != "none", "a penalty"),
            ("selection", self.penalty != "none", "a penalty"),
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
        if self.selection not in ("min", "1se") and not isinstance(self.selection, int | np.integer):
            raise ValueError(f"selection={self.selection!r} is neither 'min', '1se' nor a number of predictors")
        alphas = self._check_alphas()
        sample, loss, target = self._encode(X, y, sample_weight, self.task)
        settings = self._settings(loss)
        fold = fold_rows(target, sample.weight, self.cv, groups=groups, seed=settings.seed)
        candidate = Candidate(self.penalty, settings)
        nested = cross_validate(sample, [candidate], [fold], nested=False, alphas=alphas, n_jobs=self.n_jobs)[0]
        curve = nested.curve()
        by_count = self.selection not in ("min", "1se")
        path = nested.whole
        at = self._choose_count(curve, path) if by_count else nearest(path.alphas, curve.alpha(self.selection))
        if at not in path.parameters:
            # The table is so wide that the walk did not keep every model: it is made again for this one.
            rows, keep = np.arange(len(sample.y)), [path.alphas[at]]
            again = partial(walk, sample, rows, rows[:0], settings, alphas=alphas, keep=keep, certify="kept")
            path = run_units([lambda ticker: again(ticker=ticker)])[0]
        self.alpha_, self.alphas_ = float(path.alphas[at]), curve.alphas
        self.alpha_min_, self.alpha_1se_ = curve.alpha("min"), curve.alpha("1se")
        self.cv_results_ = penalty_curves(nested, curve, path)
        return self._store(path, at)

    def _check_alphas(self):
        if isinstance(self.alphas, str) and self.alphas == "auto":
            return "auto"
        alphas = np.unique(np.asarray(self.alphas, dtype=float))
        if not len(alphas) or not (alphas > 0).all() or not np.isfinite(alphas).all():
            raise ValueError(f"alphas={self.alphas!r} is neither 'auto' nor a list of finite numbers above 0")
        return alphas

    def _choose_count(self, curve, path):
        """The strength with the least loss among those that keep at most so many predictors."""
        kept = [path.n_features[nearest(path.alphas, alpha)] for alpha in curve.alphas]
        few = [i for i, count in enumerate(kept) if count <= self.selection]
        if not few:
            raise ValueError(
                f"selection={self.selection}: no strength under {self.penalty!r} keeps so few predictors"
            )
        return nearest(path.alphas, curve.alphas[min(few, key=lambda i: curve.mean[i])])


class TautNetClassifierCV(_CrossValidated, ClassifierNet):
    """A classifier that chooses the strength of its penalty by cross-validation.

    Parameters
    ----------
    penalty : {"l2", "l1", "elasticnet", "group", "none"}
    alphas : "auto" or array
        Strengths; the automatic grid covers over-fitted to null.
    cv : int
        Number of folds.
    selection : {"min", "1se"} or int
        The least mean loss; the most regularised model within one standard error of it; or the best
        model with at most so many predictors.
    n_jobs : int, optional
        Folds at once; None is 1, -1 all cores. Never changes a number.
    l1_ratio, hidden_layer_sizes, activation, skip, finish, alpha_min_ratio, max_iter, tol, precision, random_state
        As in `TautNetClassifier`.

    Attributes
    ----------
    alpha_, alpha_min_, alpha_1se_ : float
        The strength taken, and those of the two rules.
    alphas_ : array (n_alphas,)
        Ascending.
    cv_results_ : dict of arrays (n_alphas,)
        ``alpha``, ``mean_test_loss``, ``se_test_loss``, ``mean_train_loss``, ``n_features``,
        ``split0_test_loss``, ...

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
        n_jobs=None,
        l1_ratio=0.5,
        hidden_layer_sizes=(100,),
        activation="relu",
        skip=True,
        finish=False,
        alpha_min_ratio="auto",
        max_iter=2000,
        tol=0.05,
        precision="float32",
        random_state=None,
    ):
        self.penalty = penalty
        self.alphas = alphas
        self.cv = cv
        self.selection = selection
        self.n_jobs = n_jobs
        self.l1_ratio = l1_ratio
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.skip = skip
        self.finish = finish
        self.alpha_min_ratio = alpha_min_ratio
        self.max_iter = max_iter
        self.tol = tol
        self.precision = precision
        self.random_state = random_state


class TautNetRegressorCV(_CrossValidated, RegressorNet):
    """A regressor that chooses the strength of its penalty by cross-validation.

    Parameters and attributes are those of `TautNetClassifierCV`, without classes; losses in
    ``cv_results_`` are mean squared errors in the target's units squared.
    """

    __init__ = TautNetClassifierCV.__init__
