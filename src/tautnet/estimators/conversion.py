"""From an estimator to the model that predicts without JAX and scikit-learn, and back."""

import pathlib
from collections.abc import Callable
from importlib.metadata import version
from os import PathLike
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from tautnet.files.fitted import FittedModel
from tautnet.files.model_file import write_model
from tautnet.keeping.records import as_record, from_record
from tautnet.objective.prediction import Predictor
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.tables.encoder import TableEncoder

PACKAGES = ("tautnet", "jax", "numpy", "pandas", "scikit-learn")
# Attributes that a fitted model keeps under names of their own.
APART = ("encoder_", "scaling_", "_members", "target_name_")


class Convertible:
    """What every estimator can be turned into, and made of."""

    task: str
    get_params: Callable[..., dict[str, Any]]
    without_idle: Callable[[], Self]
    encoder_: TableEncoder
    scaling_: FittedScaling
    target_name_: str
    _members: list[Predictor]

    @property
    def input_names_(self) -> list[str]:
        """The columns that the network is given, in the order of the first layer's weights."""
        return self.scaling_.inputs.names(self.encoder_.column_names)

    def to_fitted(self) -> FittedModel:
        """The same model without JAX and scikit-learn; arrays are shared, not copied.

        Returns
        -------
        FittedModel
        """
        check_is_fitted(self)
        # Those that were fitted with, where parameters that do nothing are at their defaults.
        parameters = self.without_idle().get_params(deep=False)
        apart = {*parameters, *APART}
        loss = self.scaling_.settings.loss
        return FittedModel(
            estimator=type(self).__name__,
            parameters=parameters,
            task="multilabel" if loss.is_multilabel else self.task,
            target=self.target_name_,
            metric=loss.metric_name,
            encoder=self.encoder_,
            members=tuple(self._members),
            attributes={
                name: as_record(value) for name, value in vars(self).items() if name not in apart
            },
            unit=as_record(self.scaling_),
            versions={name: version(name) for name in PACKAGES},
        )

    @classmethod
    def from_fitted(cls, fitted: FittedModel) -> Self:
        """The estimator that a `FittedModel` comes from, which knows the class."""
        estimator = cls(**fitted.parameters)
        for name, value in fitted.attributes.items():
            setattr(estimator, name, from_record(value))
        estimator.encoder_ = fitted.encoder
        estimator.scaling_ = from_record(fitted.unit)
        estimator._members = list(fitted.members)
        estimator.target_name_ = fitted.target
        return estimator

    def save(self, path: str | PathLike[str]) -> pathlib.Path:
        """Write a model file.

        ``tautnet.load`` reads it where there is neither JAX nor scikit-learn.

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
        return write_model(path, self.to_fitted())

    def to_onnx(self, path: str | PathLike[str]) -> list[str]:
        """Write an ONNX file that makes the same predictions.

        See `tautnet.files.onnx_export.write_onnx`.

        Parameters
        ----------
        path : path
            Written over where it exists; whole or not at all.

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
        return self.to_fitted().to_onnx(path)
