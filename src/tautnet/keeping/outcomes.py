"""What a job hands back, as plain values and arrays, and back again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tautnet.files import sealed
from tautnet.files.packing import Cannot, Packer, Unpacker
from tautnet.keeping.digests import held
from tautnet.keeping.records import RECORDS
from tautnet.objective.networks import Parameters, Weights
from tautnet.peers.boosting import FoldResult
from tautnet.selecting.p_values import Sequential
from tautnet.tables.arrays import Cells
from tautnet.tables.errors import ModelFileError
from tautnet.validation.chain import Chain

FORMAT = "tautnet job"
# All classes that a file of a job may name: no other can be made of one.
CLASSES: dict[str, type] = {name: kind.cls for name, kind in RECORDS.items()} | {
    cls.__name__: cls for cls in (Chain, Parameters, Weights, FoldResult, Sequential)
}
NAMES = {cls: name for name, cls in CLASSES.items()}


def to_bytes(outcome: Any) -> bytes:
    """What a job hands back, as a sealed file.

    Raises
    ------
    Cannot
        Where it holds what no such file can.
    """
    packer = Packer()
    manifest = {"format": FORMAT, "outcome": packer.pack(_plain(outcome))}
    return sealed.to_bytes(manifest, packer.arrays)


def from_file(path: Path) -> Any:
    """What a job handed back, bit for bit.

    Raises
    ------
    ModelFileError
        Where the file is none that `to_bytes` made.
    OSError
    """
    text, arrays = sealed.contents(path)
    manifest = sealed.parse(text)
    sealed.check_seal(text, arrays)
    if type(manifest) is not dict or manifest.get("format") != FORMAT:
        raise ModelFileError("another format")
    return _made(Unpacker(arrays).unpack(manifest.get("outcome")))


def _plain(value: Any) -> Any:
    """A value without our classes: every tuple begins with what it stands for."""
    kind = type(value)
    if kind in NAMES:
        own = {name: _plain(one) for name, one in held(value).items()}
        return ("record", NAMES[kind], own)
    if kind is tuple:
        return ("tuple", [_plain(one) for one in value])
    if kind is list:
        return [_plain(one) for one in value]
    if kind is dict:
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, jax.Array):
        return ("device", np.asarray(value))
    return _in_order(value) if kind is np.ndarray else value


def _in_order(array: Cells) -> Any:
    """An array in the order in which it lies in memory: sums of it depend on that."""
    if array.flags.c_contiguous:
        return array
    if not array.flags.f_contiguous:
        raise Cannot("array of parts of another")
    return ("transposed", array.T)


def _made(value: Any) -> Any:
    """The value that `_plain` was given."""
    if type(value) is list:
        return [_made(one) for one in value]
    if type(value) is dict:
        return {key: _made(one) for key, one in value.items()}
    if type(value) is not tuple:
        return value
    what, *parts = value
    if what == "tuple":
        return tuple(_made(one) for one in parts[0])
    if what == "transposed":
        return parts[0].T
    if what == "device":
        return jax.numpy.asarray(parts[0])
    if what != "record":
        raise ModelFileError("a value of an unknown kind")
    return _record(*parts)


def _record(name: str, own: Mapping[str, Any]) -> Any:
    """A record of its fields; where a class has none, an object of its attributes."""
    if name not in CLASSES:
        raise ModelFileError("a record of an unknown class")
    cls = CLASSES[name]
    parts = {key: _made(one) for key, one in own.items()}
    if cls is Sequential:
        made = cls.__new__(cls)
        vars(made).update(parts)
        return made
    return cls(**parts)
