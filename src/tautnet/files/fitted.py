"""A fitted model that predicts with NumPy and pandas alone; model files hold it."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tautnet.files.equation import equation
from tautnet.files.onnx_export import write_onnx
from tautnet.files.pruning import prune
from tautnet.files.summary import as_html, describe
from tautnet.files.survival_curves import Hazard, SurvivalCurves
from tautnet.objective.prediction import (
    Predictor,
    average_mean,
    average_outputs,
    choose,
    in_parts,
)
from tautnet.tables.arrays import Cells, Floats
from tautnet.tables.cells import TableLike
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import ModelFileError, visible
from tautnet.tables.rows import encode_parts
from tautnet.tables.spelling import Unseen

__all__ = ["FittedModel"]


@dataclass(frozen=True, eq=False)
class FittedModel(SurvivalCurves):
    """A fitted model without JAX and scikit-learn.

    It predicts in float64, and equals the estimator to the last bit.

    Attributes
    ----------
    estimator : str
        The class that it comes from, such as "TautNetRegressor".
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
    parameters: dict[str, Any]
    task: str
    target: str
    metric: str
    encoder: TableEncoder
    members: tuple[Predictor, ...]
    attributes: dict[str, Any]
    unit: dict[str, Any]
    versions: dict[str, str]
    left_out: dict[str, str] = field(default_factory=dict)
    selector: dict[str, Any] | None = None

    @property
    def classes(self) -> NDArray[Any] | None:
        """Classes in the order of the columns of `predict_proba`, None where there are none."""
        return self.attributes.get("classes_")

    @property
    def feature_names(self) -> list[str]:
        """Names of all predictors of the table that was fitted, in its order.

        Those that the encoder left out are among them.
        """
        return [str(name) for name in self.encoder.feature_names_in_]

    def predict(self, X: TableLike) -> NDArray[Any]:
        """Predict classes, means in the target's units, or for survival risk scores.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
            Columns are found by name, in any order; others are ignored. Where either table has no
            names, columns are those of the fit in their order; a warning says so.

        Returns
        -------
        array (n_rows,), or (n_rows, n_outputs) of several targets

        Raises
        ------
        TableError
            Where a column is missing or holds what it should not. A level not seen in training is
            no error: one warning counts them.
        """
        if self.task == "survival":
            return self._outputs(X)[:, 0]
        if self.task == "regression":
            mean = self._mean(X)
            return mean[:, 0] if mean.shape[1] == 1 else mean
        return self._chosen(self.predict_proba(X))

    def predict_proba(self, X: TableLike) -> NDArray[np.float64]:
        """Predict the probability of each class or label.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)

        Returns
        -------
        array (n_rows, n_classes)
            Columns in the order of `classes`.

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

    def prune(self) -> "FittedModel":
        """Return the smaller model that predicts the same, up to rounding.

        Rows need only the predictors that have a weight. Hidden units that are constant, or that
        have no effect, are taken out, too. What is left only predicts: it does not turn back into
        an estimator, whose weights are those of the fit.

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
        public = {name: one for name, one in self.attributes.items() if not name.startswith("_")}
        return replace(self, encoder=encoder, members=members, attributes=public | weights, unit={})

    def save(self, path: str | PathLike[str]) -> Path:
        """Write a model file, which ``tautnet.load`` reads.

        See `tautnet.files.model_file.write_model`.

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
        """Write an ONNX file that makes the same predictions.

        See `tautnet.files.onnx_export.write_onnx`.

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

    def equation(self, language: str = "python", dialect: str | None = None) -> str:
        """Write out the prediction, as text that runs without this package.

        See `tautnet.files.equation.equation`.

        Parameters
        ----------
        language : {"python", "sql"}
        dialect : {"sqlite", "duckdb"}, optional
            Needed only where a text in SQL holds a backslash.

        Returns
        -------
        str
        """
        return equation(self, language, dialect)

    def table(self, X: TableLike, unseen: Unseen | None = None) -> pd.DataFrame:
        """Predict with named columns, as ``tautnet predict`` writes them.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        unseen : Unseen, optional
            Told of levels not seen in training, instead of a warning.

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
            return pd.DataFrame({"risk": self._outputs(X, unseen)[:, 0]})
        mean = self._mean(X, unseen)
        if self.classes is None:
            return pd.DataFrame(_columns("prediction", mean[:, 0] if mean.shape[1] == 1 else mean))
        columns = _columns("prediction", self._chosen(mean))
        for j, label in enumerate(self.classes):
            columns[f"probability_{label}"] = mean[:, j]
        return pd.DataFrame(columns)

    def to_estimator(self) -> Any:
        """Return the scikit-learn estimator that it comes from, equal in every attribute.

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
            named = visible(", ".join(f"{name} ({kind})" for name, kind in self.left_out.items()))
            warnings.warn(
                f"parameters that the file did not keep have their defaults: {named}", stacklevel=2
            )
        try:
            estimator = getattr(tautnet, self.estimator).from_fitted(self)
            if self.selector is not None:
                return tautnet.TautNetSelector.from_fitted(self.selector, estimator)
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"the model does not fit {self.estimator}: {error}; save it again"
            ) from None
        return estimator

    def show(self) -> None:
        """Print what is in it.

        That is the penalty, weights, losses, the certificate, the target, and predictors with their
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
        print(visible(describe(self)))

    def __repr__(self) -> str:
        return f"FittedModel({self.estimator}, {self.task} of {self.target!r})"

    def _repr_html_(self) -> str:
        """Return a table of kind, target, penalty, predictors kept and certificate."""
        return as_html(self)

    def _chosen(self, probabilities: Floats) -> Cells:
        """Return the classes or labels that go with probabilities."""
        return choose(probabilities, self.attributes["classes_"], self.task == "multilabel")

    def _mean(self, X: TableLike, unseen: Unseen | None = None) -> NDArray[np.float64]:
        """Return the mean prediction of all members."""
        return in_parts(average_mean, self.members, self._encoded(X, unseen))

    def _hazard(self, X: TableLike) -> Hazard:
        """Return the cumulative hazard of some rows."""
        if self.task != "survival":
            raise ValueError(f"a model of {self.task} knows no times: use predict")
        times = self.attributes["event_times_"]
        # Files of earlier versions hold the times of events alone.
        seen = self.attributes.get("unique_times_", times)
        baseline = self.attributes["baseline_cumulative_hazard_"]
        return Hazard(times, baseline, seen, self._outputs(X))

    def _outputs(self, X: TableLike, unseen: Unseen | None = None) -> Floats:
        """Return the mean output of all members."""
        return in_parts(average_outputs, self.members, self._encoded(X, unseen))

    def _encoded(self, X: TableLike, unseen: Unseen | None) -> Iterator[Floats]:
        """Encode rows, some at a time; an array has no names, so it needs all columns."""
        named = "feature_names_in_" in self.attributes
        return encode_parts(self.encoder, X, unseen, named=named, owner=self.estimator)


def _columns(name: str, values: Cells) -> dict[str, Cells]:
    """Return one column under a name, or several with their numbers behind it."""
    if values.ndim == 1:
        return {name: values}
    return {f"{name}_{j}": values[:, j] for j in range(values.shape[1])}
