"""The networks that a model file holds are checked before they are used."""

from collections.abc import Collection

import numpy as np

from tautnet.files.packing import Json, Unpacker
from tautnet.objective.prediction import ACTIVATIONS, MEANS, Limits, Predictor
from tautnet.tables.arrays import Floats
from tautnet.tables.basis import CURVES, Basis
from tautnet.tables.errors import ModelFileError
from tautnet.tables.scaling import Scaling

__all__ = ["checked_members", "is_one_of", "require"]

UNKNOWN_PARTS = "a network of unknown parts"


def require(condition: bool | np.bool_, why: str) -> None:
    """Raise `ModelFileError` where a condition does not hold."""
    if not condition:
        raise ModelFileError(why)


def is_one_of(value: Json, names: Collection[str]) -> bool:
    """Tell whether a value is one of some names."""
    return type(value) is str and value in names


def checked_members(packed: Json, unpacker: Unpacker, n_columns: int) -> tuple[Predictor, ...]:
    """Return the predictors of their kept state, for so many columns."""
    require(type(packed) is list and len(packed) > 0, "no network")
    members = tuple(_checked_member(one, unpacker, n_columns) for one in packed)
    first = members[0]
    # They are told as the mean of all members.
    with np.errstate(over="ignore"):
        sums = np.sum([(*member.scaling.centre, *member.scaling.scale) for member in members], 0)
    require(np.isfinite(sums).all(), "a scale that is not finite")
    for member in members[1:]:
        same_size = len(member.biases[-1]) == len(first.biases[-1])
        require(
            same_size and member.mean_name == first.mean_name, "networks that do not go together"
        )
    return members


def _checked_member(packed: Json, unpacker: Unpacker, n_columns: int) -> Predictor:
    """Return one predictor of its kept state."""
    # Files of the first format know no limits: what they hold is not clamped. Those of the second
    # know no basis.
    parts = {*Predictor._fields, "basis"}
    has_parts = type(packed) is dict and packed.keys() | {"limits", "basis"} == parts
    require(has_parts, UNKNOWN_PARTS)
    for name in ("scaling", "target_scaling", "layers", "biases"):
        is_filled = type(packed[name]) is list and len(packed[name]) > 0
        require(is_filled, UNKNOWN_PARTS)
    basis = _checked_basis(packed.get("basis"), unpacker, n_columns)
    member = Predictor(
        _checked_scaling(packed["scaling"], unpacker, basis),
        tuple(_arrays(packed["layers"], unpacker)),
        tuple(_arrays(packed["biases"], unpacker)),
        None if packed["skip"] is None else _arrays([packed["skip"]], unpacker)[0],
        packed["activation"],
        _checked_scaling(packed["target_scaling"], unpacker),
        packed["mean_name"],
        _checked_limits(packed.get("limits"), unpacker),
    )
    require(is_one_of(member.activation, ACTIVATIONS), "an unknown activation")
    require(is_one_of(member.mean_name, MEANS), "an unknown kind of prediction")
    require(_fits_together(member, n_columns), "weights whose shapes do not fit together")
    scales = np.concatenate([member.scaling.scale, member.target_scaling.scale])
    require((scales > 0).all(), "a scale that is not above 0")
    return member


def _checked_scaling(packed: Json, unpacker: Unpacker, basis: Basis | None = None) -> Scaling:
    """Return how columns are standardised."""
    centre, scale = _arrays(packed, unpacker, 2)
    return Scaling(centre, scale, basis)


def _checked_basis(packed: Json, unpacker: Unpacker, n_columns: int) -> Basis | None:
    """Return what is made of so many standardised columns, None where it is the columns."""
    if packed is None:
        return None
    require(type(packed) is list and len(packed) == len(Basis._fields), UNKNOWN_PARTS)
    whole = [unpacker.array(name) for name in packed[:2]]
    flags = unpacker.array(packed[2])
    basis = Basis._make([*whole, flags, *_arrays(packed[3:], unpacker)])
    for array, kind in zip(basis[:3], ("i", "i", "b"), strict=True):
        require(array.dtype.kind == kind, "a basis of another type of numbers")
    size = basis.source.size
    require(all(array.shape == (size,) for array in basis), "a basis whose parts do not fit")
    fits = size > 0 and basis.source.min() >= 0 and basis.source.max() < n_columns
    require(fits and bool((np.diff(basis.source) >= 0).all()), "a basis of other columns")
    require(np.isin(basis.curve, CURVES).all(), "a basis of unknown curves")
    is_above = [(array > 0).all() for array in (basis.offset, basis.scale, basis.spread)]
    require(all(is_above), "a basis with a scale that is not above 0")
    return basis


def _checked_limits(packed: Json, unpacker: Unpacker) -> Limits | None:
    """Return between which numbers a network's outputs are, None where they are not clamped."""
    if packed is None:
        return None
    require(type(packed) is list, UNKNOWN_PARTS)
    limits = Limits(*_arrays(packed, unpacker, 2))
    fits = limits.low.shape == limits.high.shape and (limits.low <= limits.high).all()
    require(fits, "limits that are none")
    return limits


def _fits_together(member: Predictor, n_columns: int) -> bool:
    """Tell whether the shapes of all arrays of a network fit each other."""
    n_outputs = member.biases[-1].size
    n_made = len(member.scaling.source)
    widths = [n_made, *(bias.size for bias in member.biases)]
    shapes = list(zip(widths[:-1], widths[1:], strict=True))
    fits = n_outputs > 0
    fits &= [weights.shape for weights in member.layers] == shapes
    fits &= all(bias.shape == (bias.size,) for bias in member.biases)
    fits &= member.skip is None or member.skip.shape == (n_made, n_outputs)
    for scaling, size in ((member.scaling, n_columns), (member.target_scaling, n_outputs)):
        fits &= scaling.centre.shape == scaling.scale.shape == (size,)
    fits &= member.limits is None or member.limits.low.shape == (n_outputs,)
    return fits


def _arrays(names: list[Json], unpacker: Unpacker, n: int | None = None) -> list[Floats]:
    """Return arrays of finite numbers in double precision by their names, so many if told."""
    arrays = [unpacker.array(name) for name in names]
    require(n in (None, len(arrays)), UNKNOWN_PARTS)
    for array in arrays:
        require(array.dtype == np.float64, "weights that are not in double precision")
        require(np.isfinite(array).all(), "weights that are not finite")
    return arrays
