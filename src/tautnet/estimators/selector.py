"""A transformer that keeps the predictors which a penalised network needs."""

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from tautnet.estimators.cross_validated import TautNetClassifierCV, TautNetRegressorCV
from tautnet.estimators.documented import Documented
from tautnet.estimators.inputs import Table
from tautnet.files.fitted import FittedModel
from tautnet.files.model_file import write_model
from tautnet.tables.cells import check_column_names


class TautNetSelector(Documented, SelectorMixin, BaseEstimator):
    """Keep the predictors that a network under a penalty gives a weight that is not zero.

    Parameters
    ----------
    estimator : estimator, optional
        One of this package's, under a penalty that takes predictors out; None is the ``CV``
        estimator for the target under "group" with the one-standard-error rule, seed 0.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Raises
    ------
    ValueError
        Where the table or the target cannot be used, as the estimator does.

    Examples
    --------
    >>> from tautnet.estimators.models import TautNetRegressor
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=4, seed=0)
    >>> X, y = table.frame.drop(columns="y"), table.frame["y"]
    >>> selector = TautNetSelector(TautNetRegressor("l1", alpha=0.1, hidden_layer_sizes=()))
    >>> selector.set_output(transform="pandas").fit_transform(X, y).columns.tolist()
    ['x1', 'x2']
    """

    estimator_: Any

    def __init__(self, estimator: Any = None) -> None:
        self.estimator = estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator or TautNetClassifierCV())
        tags.input_tags = inner.input_tags
        tags.target_tags.required = True
        return tags

    def fit(self, X: Table, y: Table, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the estimator.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        y : array (n_rows,)
        sample_weight : array (n_rows,), optional

        Returns
        -------
        self
        """
        self.estimator_ = self._default(y) if self.estimator is None else clone(self.estimator)
        self.estimator_.fit(X, y, sample_weight=sample_weight)
        self.n_features_in_ = self.estimator_.n_features_in_
        _check_feature_names(self, X, reset=True)
        return self

    def transform(self, X: Table) -> Any:
        """Keep the predictors that have a weight.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)

        Returns
        -------
        array or DataFrame (n_rows, n_kept)
        """
        check_column_names(X)
        return super().transform(X)

    def to_fitted(self) -> FittedModel:
        """The fitted estimator without JAX and scikit-learn.

        It knows that it stood in a selector.

        Returns
        -------
        FittedModel
        """
        check_is_fitted(self)
        own = dict(vars(self))
        del own["estimator"], own["estimator_"]
        selector = {"is_default": self.estimator is None, "attributes": own}
        return replace(self.estimator_.to_fitted(), selector=selector)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write a model file, as the estimators do.

        ``tautnet.load(path).to_estimator()`` is the selector again.
        """
        return write_model(path, self.to_fitted())

    @classmethod
    def from_fitted(cls, selector: dict[str, Any], estimator: Any) -> Self:
        """The selector around a fitted estimator, restored from what `to_fitted` kept of it."""
        restored = cls(None if selector["is_default"] else clone(estimator))
        restored.estimator_ = estimator
        for name, value in selector["attributes"].items():
            setattr(restored, name, value)
        return restored

    def _default(self, y: Table) -> TautNetClassifierCV | TautNetRegressorCV:
        """The estimator for a target, where the user gave none."""
        if y is None or type_of_target(np.asarray(y)).startswith("continuous"):
            return TautNetRegressorCV("group", selection="1se", random_state=0)
        return TautNetClassifierCV("group", selection="1se", random_state=0)

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.estimator_.selected_features_
