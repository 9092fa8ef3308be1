"""From an estimator to the model that predicts without JAX and scikit-learn, and back."""

from dataclasses import fields, is_dataclass
from importlib.metadata import version

from tautnet.files.fitted import FittedModel
from tautnet.fitting.path import Path
from tautnet.fitting.settings import Schedule, Settings
from tautnet.fitting.unit import Unit
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
from tautnet.tables.scaling import Scaling

RECORDS = {
    record.__name__: record
    for record in (
        Path, Unit, Scaling, Settings, Schedule, Network, SquaredError, Poisson, Huber, Quantile, BinaryLogLoss,
        MultinomialLogLoss, MultilabelLogLoss, CoxPartialLikelihood,
    )
}  # fmt: skip
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
    names = [field.name for field in fields(value)] if is_dataclass(value) else getattr(value, "_fields", None)
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
    return RECORDS[value["record"]](**{name: record(held) for name, held in value.items() if name != "record"})


def to_fitted(estimator):
    """The fitted model of an estimator; arrays are shared, not copied."""
    parameters = estimator.get_params(deep=False)
    loss = estimator.unit_.settings.loss
    return FittedModel(
        estimator=type(estimator).__name__,
        parameters=parameters,
        task="multilabel" if loss.is_multilabel else estimator.task,
        target=estimator.target_name_,
        metric=loss.metric_name,
        encoder=estimator.encoder_,
        members=tuple(estimator._members),
        attributes={n: plain(v) for n, v in vars(estimator).items() if n not in parameters and n not in APART},
        unit=plain(estimator.unit_),
        versions={name: version(name) for name in PACKAGES},
    )


def from_fitted(cls, fitted):
    """The estimator of a class that a fitted model comes from."""
    estimator = cls(**fitted.parameters)
    for name, value in fitted.attributes.items():
        setattr(estimator, name, record(value))
    estimator.encoder_, estimator.unit_ = fitted.encoder, record(fitted.unit)
    estimator._members, estimator.target_name_ = list(fitted.members), fitted.target
    return estimator
