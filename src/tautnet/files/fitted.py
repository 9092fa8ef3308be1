"""A fitted model that predicts with NumPy and pandas alone: what a model file holds, and what is
exported.
"""

import warnings
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tautnet.files.equation import equation
from tautnet.files.onnx_export import write_onnx
from tautnet.files.pruning import prune
from tautnet.files.summary import as_html, describe
from tautnet.objective.prediction import average_mean, average_outputs, choose, survival_function
from tautnet.tables.errors import ModelFileError, TableError

__all__ = ["ESTIMATORS", "FittedModel"]

ESTIMATORS = (
    "TautNetClassifier",
    "TautNetRegressor",
    "TautNetClassifierCV",
    "TautNetRegressorCV",
    "TautNetSurvival",
    "TautNetSurvivalCV",
)
"""The classes that a fitted model can come from and go back to."""


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A fitted model without JAX and scikit-learn: predictions in float64, equal to the
    estimator's
    to the last bit.

    Attributes
    ----------
    estimator : str
        The class that it comes from, one of `ESTIMATORS`.
    parameters : dict
        Hyper-parameters as that class was given them.
    task : {"classification", "multilabel", "regression", "survival"}
    target : str
        Name of what is predicted.
    metric : str
        Name of the loss that ``train_loss_`` and ``cv_results_`` in `attributes` are measured
        in.
    encoder : TableEncoder
        From a data frame to columns of numbers.
    members : tuple of Predictor
        Their mean is the prediction: one network, or those of an ensemble.
    attributes : dict
        All other fitted attributes by name: ``coefs_``, ``alpha_``, ``cv_results_``,
        ``stationarity_``, ...
    unit : dict
        How the network was fitted, in plain values; only `to_estimator` needs it.
    versions : dict
        Name of a package -> the version that it was fitted with.
    left_out : dict
        Hyper-parameters that a file did not keep, being code (a splitter, a scorer) -> their
        type.
    selector : dict or None
        Of a `TautNetSelector` around the model: its own attributes, and whether it made the
        model by itself.

    Examples
    --------
    >>> from tautnet.estimators.models import TautNetClassifier
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> model = TautNetClassifier("l1", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0] > 0)
    >>> fitted = model.to_fitted()
    >>> fitted.task, fitted.classes.tolist(), fitted.members[0].layers[0].shape
    ('classification', [False, True], (3, 1))
    >>> bool((fitted.predict_proba(X) == model.predict_proba(X)).all())
    True
    """

    estimator: str
    parameters: dict
    task: str
    target: str
    metric: str
    encoder: Any
    members: tuple
    attributes: dict
    unit: dict
    versions: dict
    left_out: dict = field(default_factory=dict)
    selector: dict | None = None

    @property
    def classes(self) -> NDArray[Any] | None:
        """Classes in the order of the columns of `predict_proba`, None where there are none."""
        return self.attributes.get("classes_")

    @property
    def feature_names(self) -> list[str]:
        """Names of the predictors of the table that was fitted, in its order, those left out
        among
        them.
        """
        return [str(name) for name in self.encoder.feature_names_in_]

    def predict(self, X: Any) -> NDArray[Any]:
        """Classes, means in the target's units, or for survival risk scores.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
            Columns are found by name, in any order; others are ignored.

        Returns
        -------
        array (n_rows,), or (n_rows, n_outputs) of several targets

        Raises
        ------
        TableError
            Where a column is missing or holds what it should not.
        """
        if self.task == "survival":
            return self._outputs(X)[:, 0]
        if self.task == "regression":
            mean = self._mean(X)
            return mean[:, 0] if mean.shape[1] == 1 else mean
        return choose(self.predict_proba(X), self.classes, self.task == "multilabel")

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probability of each class or label, shape (n_rows, n_classes), columns in the order of
        `classes`.

        Raises
        ------
        ValueError
            Where the model is no classifier; else as `predict`.
        """
        if self.task not in ("classification", "multilabel"):
            raise ValueError(
                f"a model of {self.task} has no classes, so no probabilities of them: use predict"
            )
        return self._mean(X)

    def predict_survival_function(
        self, X: Any, times: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Probability to outlive each time, shape (n_rows, n_times).

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        times : array (n_times,), optional
            The event times of the training rows if not given.

        Raises
        ------
        ValueError
            Where the model is none of survival; else as `predict`.
        """
        if self.task != "survival":
            raise ValueError(f"a model of {self.task} knows no times: use predict")
        known, hazard = (
            self.attributes["event_times_"],
            self.attributes["baseline_cumulative_hazard_"],
        )
        times = known if times is None else np.asarray(times, dtype=float)
        return survival_function(known, hazard, self._outputs(X), times)

    def prune(self) -> "FittedModel":
        """The smaller model that predicts the same, up to rounding: rows need only the
        predictors
        that have a weight.

        Hidden units that are constant, or that nothing listens to, are taken out, too. What is
        left only predicts: it does not turn back into an estimator, whose weights are those of
        the fit.

        Returns
        -------
        FittedModel

        Examples
        --------
        >>> from tautnet.estimators.models import TautNetRegressor
        >>> X = np.random.default_rng(0).normal(size=(50, 3))
        >>> model = TautNetRegressor("l1", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0]).to_fitted()
        >>> small = model.prune()
        >>> (small.encoder.predictors, small.members[0].layers[0].shape,
        ...  np.allclose(small.predict(X), model.predict(X)))
        (['x0'], (1, 1), True)
        """
        encoder, members = prune(self.encoder, self.members)
        first = members[0]
        weights = {
            "coefs_": [*first.layers],
            "intercepts_": [*first.biases],
            "skip_coef_": first.skip,
        }
        attributes = {
            name: value for name, value in self.attributes.items() if not name.startswith("_")
        } | weights
        return replace(self, encoder=encoder, members=members, attributes=attributes, unit={})

    def save(self, path: str | PathLike[str]) -> Path:
        """Write a model file, which ``tautnet.load`` reads; see
        `tautnet.files.model_file.write_model`.

        Parameters
        ----------
        path : path
            Written over where it exists; whole or not at all.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        ModelFileError
            When the file cannot be written.
        """
        import tautnet

        return tautnet.write_model(path, self)

    def to_onnx(self, path: str | PathLike[str]) -> list[str]:
        """Write an ONNX file that makes the same predictions; see
        `tautnet.files.onnx_export.write_onnx`.

        Parameters
        ----------
        path : path

        Returns
        -------
        list of str
            What each input takes.

        Raises
        ------
        TableError
            Without the packages for it, or where the file would predict otherwise or cannot be
            written.
        """
        return write_onnx(self, path)

    def equation(self, language: str = "python") -> str:
        """The prediction written out, as text that runs without this package; see
        `tautnet.files.equation.equation`.

        Parameters
        ----------
        language : {"python", "sql"}

        Returns
        -------
        str

        Raises
        ------
        TableError
            Where it would have more than 200 terms.
        """
        return equation(self, language)

    def table(self, X: Any) -> pd.DataFrame:
        """Predictions with named columns, as ``tautnet predict`` writes them.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)

        Returns
        -------
        DataFrame
            ``prediction``, or ``prediction_0``, ``prediction_1``, ... of several targets; for a
            classifier ``probability_<class>`` behind; for survival ``risk``.

        Examples
        --------
        >>> from tautnet.estimators.models import TautNetClassifier
        >>> X = np.random.default_rng(0).normal(size=(50, 3))
        >>> model = TautNetClassifier("l1", 0.1, hidden_layer_sizes=()).fit(X,
        ...     np.where(X[:, 0] > 0, "high", "low"))
        >>> model.to_fitted().table(X).columns.tolist()
        ['prediction', 'probability_high', 'probability_low']
        """
        if self.task == "survival":
            return pd.DataFrame({"risk": self.predict(X)})
        mean, classes = self._mean(X), self.classes
        if classes is None:
            return pd.DataFrame(_columns("prediction", mean[:, 0] if mean.shape[1] == 1 else mean))
        chosen = _columns("prediction", choose(mean, classes, self.task == "multilabel"))
        return pd.DataFrame(
            chosen | {f"probability_{one}": mean[:, j] for j, one in enumerate(classes)}
        )

    def to_estimator(self) -> Any:
        """The scikit-learn estimator that it comes from, fitted, equal in every attribute.

        Parameters that a file did not keep get their defaults, and a warning names them.

        Raises
        ------
        ValueError
            Where the model was pruned.
        """
        if not self.unit:
            raise ValueError(
                "a pruned model only predicts: ask the model that it was made of for the estimator"
            )
        import tautnet

        if self.left_out:
            named = ", ".join(f"{name} ({kind})" for name, kind in self.left_out.items())
            warnings.warn(
                f"parameters that the file did not keep have their defaults: {named}", stacklevel=2
            )
        try:
            estimator = getattr(tautnet, self.estimator).from_fitted(self)
            if self.selector is not None:
                return tautnet.TautNetSelector.from_fitted(self.selector, estimator)
        except (AttributeError, KeyError, TypeError) as error:
            raise ModelFileError(
                f"the model does not fit {self.estimator}: {error}; save it again"
            ) from None
        return estimator

    def show(self) -> None:
        """Print what is in it: penalty, weights, losses, certificate, target, predictors with
        their
        scales and levels.

        Examples
        --------
        >>> from tautnet.estimators.models import TautNetRegressor
        >>> X = np.random.default_rng(0).normal(size=(50, 3))
        >>> fitted = TautNetRegressor("l1", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0]).to_fitted()
        >>> fitted.show()  # doctest: +ELLIPSIS
        TautNetRegressor
          data                           50 rows, 3 predictors in 3 columns
        ...
        predicts y (regression)
        from
          x0  weight 0.9, number: mean ..., standard deviation ...
        without a weight: x1, x2
        made with tautnet ...
        """
        print(describe(self))

    def __repr__(self):
        return f"FittedModel({self.estimator}, {self.task} of {self.target!r})"

    def _repr_html_(self):
        """Kind, target, penalty, predictors kept and certificate, for notebooks."""
        return as_html(self)

    def _mean(self, X):
        return average_mean(self.members, self._encoded(X))

    def _outputs(self, X):
        return average_outputs(self.members, self._encoded(X))

    def _encoded(self, X):
        width = self.encoder.n_features_in_
        if (
            not hasattr(X, "columns")
            and not hasattr(X, "column_names")
            and np.shape(X)[1:] != (width,)
        ):
            raise TableError(
                f"an array of {width} columns is needed, as the model was fitted on, not"
                f" {np.shape(X)}"
            )
        return self.encoder.transform(X)


def _columns(name, values):
    if values.ndim == 1:
        return {name: values}
    return {f"{name}_{j}": values[:, j] for j in range(values.shape[1])}
