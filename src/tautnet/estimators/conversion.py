"""From an estimator to the model that predicts without JAX and scikit-learn, and back."""

import pathlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from os import PathLike
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from tautnet.files.fitted import FittedModel
from tautnet.files.model_file import write_model
from tautnet.objective.losses import (
    BinaryLogLoss,
    Huber,
    MultilabelLogLoss,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)
from tautnet.objective.networks import Network
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.solving.path import Path
from tautnet.solving.prepared import Unit
from tautnet.solving.settings import Schedule, Settings
from tautnet.tables.scaling import Scaling

RECORDS = {
    record.__name__: record
    for record in (
        Path,
        Unit,
        Scaling,
        Settings,
        Schedule,
        Network,
        SquaredError,
        Poisson,
        Huber,
        Quantile,
        BinaryLogLoss,
        MultinomialLogLoss,
        MultilabelLogLoss,
        CoxPartialLikelihood,
    )
}
PACKAGES = ("tautnet", "jax", "numpy", "pandas", "scikit-learn")
# Kept in the fitted model under names of their own.
APART = ("encoder_", "unit_", "_members", "target_name_")


def plain(value):
    """A record of numbers as a dict that names its kind.

    Examples
    --------
    >>> plain(Network((3,), "tanh", False))
    {'record': 'Network', 'hidden_layer_sizes': (3,), 'activation': 'tanh', 'skip': False}
    """
    names = (
        [field.name for field in fields(value)]
        if is_dataclass(value)
        else getattr(value, "_fields", None)
    )
    if names is None:
        return value
    return {"record": type(value).__name__} | {name: plain(getattr(value, name)) for name in names}


def record(value):
    """What `plain` was given.

    Examples
    --------
    >>> record(plain(Network((3,), "tanh", False)))
    Network(hidden_layer_sizes=(3,), activation='tanh', skip=False)
    """
    if not isinstance(value, dict) or "record" not in value:
        return value
    return RECORDS[value["record"]](
        **{name: record(held) for name, held in value.items() if name != "record"}
    )


class Convertible:
    """What every estimator can be turned into, and made of."""

    task: str
    get_params: Callable[..., dict[str, Any]]
    without_idle: Callable[[], Self]
    encoder_: Any
    unit_: Any
    target_name_: Any
    _members: Any

    def to_fitted(self) -> FittedModel:
        """The same model without JAX and scikit-learn; arrays are shared, not copied.

        Returns
        -------
        FittedModel
        """
        check_is_fitted(self)
        # What was fitted: parameters that do nothing are at their defaults.
        parameters = self.without_idle().get_params(deep=False)
        loss = self.unit_.settings.loss
        return FittedModel(
            estimator=type(self).__name__,
            parameters=parameters,
            task="multilabel" if loss.is_multilabel else self.task,
            target=self.target_name_,
            metric=loss.metric_name,
            encoder=self.encoder_,
            members=tuple(self._members),
            attributes={
                n: plain(v) for n, v in vars(self).items() if n not in parameters and n not in APART
            },
            unit=plain(self.unit_),
            versions={name: version(name) for name in PACKAGES},
        )

    @classmethod
    def from_fitted(cls, fitted: FittedModel) -> Self:
        """The estimator that a `FittedModel` comes from; `FittedModel.to_estimator` knows its
        class.
        """
        estimator = cls(**fitted.parameters)
        for name, value in fitted.attributes.items():
            setattr(estimator, name, record(value))
        estimator.encoder_, estimator.unit_ = fitted.encoder, record(fitted.unit)
        estimator._members, estimator.target_name_ = list(fitted.members), fitted.target
        return estimator

    def save(self, path: str | PathLike[str]) -> pathlib.Path:
        """Write a model file, which ``tautnet.load`` reads where there is neither JAX nor
        scikit-learn.

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
        """Write an ONNX file that makes the same predictions; see
        `tautnet.files.onnx_export.write_onnx`.

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
