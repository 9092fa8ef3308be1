"""Records of numbers as dicts, and back: what model files and files of jobs hold of our classes."""

from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.networks import Network
from tautnet.objective.prediction import Limits
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.path import Path
from tautnet.solving.settings import Schedule, Settings
from tautnet.tables.basis import Basis
from tautnet.tables.scaling import Scaling


class RecordKind(NamedTuple):
    """How a record stands in a model file.

    Attributes
    ----------
    cls : type
        What it is here.
    keys : dict
        Field -> its name in files, where the two differ.
    """

    cls: type
    keys: dict[str, str] = {}


# Names of records in model files. They are keys, not class names: files written long ago hold them.
RECORDS = {
    "Path": RecordKind(Path, {"scaling": "unit"}),
    "Unit": RecordKind(FittedScaling, {"inputs": "scaling", "target": "target_scaling"}),
    "Scaling": RecordKind(Scaling),
    "Basis": RecordKind(Basis),
    "Limits": RecordKind(Limits),
    "Settings": RecordKind(Settings),
    "Schedule": RecordKind(Schedule),
    "Network": RecordKind(Network),
    "SquaredError": RecordKind(SquaredError),
    "Poisson": RecordKind(Poisson),
    "Huber": RecordKind(Huber),
    "Quantile": RecordKind(Quantile),
    "BinaryLogLoss": RecordKind(BinaryLogLoss),
    "MultinomialLogLoss": RecordKind(MultinomialLogLoss),
    "MultilabelLogLoss": RecordKind(MultilabelLogLoss),
    "CoxPartialLikelihood": RecordKind(CoxPartialLikelihood),
}
NAMES = {kind.cls: name for name, kind in RECORDS.items()}


def as_record(value: Any) -> Any:
    """A record of numbers as a dict that names its kind.

    Examples
    --------
    >>> as_record(Network((3,), "tanh", False)) == {
    ...     "record": "Network", "hidden_layer_sizes": (3,), "activation": "tanh", "skip": False,
    ...     "inputs": "standardised"}
    True
    """
    name = NAMES.get(type(value))
    if name is None:
        return value
    keys = RECORDS[name].keys
    held = {keys.get(own, own): as_record(getattr(value, own)) for own in field_names(type(value))}
    return {"record": name} | held


def from_record(value: Any) -> Any:
    """What `as_record` was given; what a record of an older version holds beside is left out.

    Examples
    --------
    >>> from_record(as_record(Network((3,), "tanh", False)))
    Network(hidden_layer_sizes=(3,), activation='tanh', skip=False, inputs='standardised')
    """
    if not isinstance(value, dict) or "record" not in value:
        return value
    cls, keys = RECORDS[value["record"]]
    held = {own: keys.get(own, own) for own in field_names(cls)}
    return cls(**{own: from_record(value[key]) for own, key in held.items() if key in value})


def field_names(cls: type) -> list[str]:
    """Names of the fields of a record."""
    if is_dataclass(cls):
        return [field.name for field in fields(cls)]
    return list(getattr(cls, "_fields", ()))
