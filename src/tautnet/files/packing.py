"""Values are packed as JSON and arrays, and unpacked again.

They are numbers, texts, lists, tuples, dicts and NumPy arrays, and nothing else. JSON holds what it
can hold itself as it is; everything else is an object of one key that says what it is. Nothing in a
file names a class, so unpacking can make these values and no others.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np

from tautnet.tables.arrays import Cells
from tautnet.tables.errors import ModelFileError

__all__ = ["Cannot", "Json", "Packer", "Unpacker", "Value"]

# What JSON holds: None, truth values, numbers, texts, lists, and dicts with texts as keys.
Json: TypeAlias = Any
# What is packed; `Packer.pack` says which values can be.
Value: TypeAlias = Any
Kind = TypeVar("Kind")

# The types of numbers that a file may hold, by NumPy's names.
NUMBER_TYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
)
SMALLEST = -(2**63)
LARGEST = 2**64 - 1
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Cannot(TypeError):
    """A value is of a type that a model file does not hold; the message names the type."""


class Packer:
    """Packs values, and collects their arrays; an array that occurs twice is kept once.

    Examples
    --------
    >>> packer = Packer()
    >>> packer.pack({"sizes": (8, 4), "scale": np.ones(2), "best": np.inf})
    {'dict': [['sizes', {'tuple': [8, 4]}], ['scale', {'array': '0'}], ['best', {'float': 'inf'}]]}
    >>> packer.arrays
    {'0': array([1., 1.])}
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Cells] = {}
        # The name of each array by its address, and the arrays, so that no other gets that address.
        self._names: dict[int, str] = {}
        self._kept: list[Cells] = []

    def pack(self, value: Value) -> Json:
        """Return the value as JSON.

        Raises
        ------
        Cannot
            Where it, or something in it, is of another type.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if kind in (list, tuple, dict):
            return self._pack_collection(value)
        if kind is np.ndarray:
            return self._pack_array(value)
        if issubclass(kind, np.generic) and value.dtype.name in NUMBER_TYPES:
            return {"number": value.dtype.name, "value": self.pack(value.item())}
        if kind is np.str_:
            return {"text": str(value)}
        raise Cannot(kind.__name__)

    def array(self, value: Cells) -> str:
        """Return the name under which an array of numbers is kept."""
        if id(value) not in self._names:
            name = str(len(self._names))
            self._names[id(value)] = name
            self._kept.append(value)
            self.arrays[name] = np.array(value, dtype=value.dtype.newbyteorder("="), order="C")
        return self._names[id(value)]

    def _pack_collection(self, value: Value) -> Json:
        """Return a list, a tuple or a dict as JSON."""
        if type(value) is list:
            return [self.pack(one) for one in value]
        if type(value) is tuple:
            return {"tuple": [self.pack(one) for one in value]}
        return {"dict": [[self.pack(key), self.pack(held)] for key, held in value.items()]}

    def _pack_array(self, value: Cells) -> Json:
        """Return an array of numbers, texts or other values as JSON."""
        if value.dtype.name in NUMBER_TYPES:
            return {"array": self.array(value)}
        if value.dtype.kind == "U":
            return {"texts": value.ravel().tolist(), "shape": list(value.shape)}
        if value.dtype.kind == "O":
            return {
                "objects": [self.pack(one) for one in value.ravel().tolist()],
                "shape": list(value.shape),
            }
        raise Cannot(f"array of {value.dtype}")


class Unpacker:
    """Makes values from what `Packer` made.

    Parameters
    ----------
    arrays : dict
        Name -> array of numbers.

    Examples
    --------
    >>> Unpacker({}).unpack({"dict": [["sizes", {"tuple": [8, 4]}], ["best", {"float": "inf"}]]})
    {'sizes': (8, 4), 'best': inf}
    """

    def __init__(self, arrays: Mapping[str, Cells]) -> None:
        self.arrays = arrays
        self._kinds: dict[tuple[str, ...], Callable[..., Value]] = {
            ("tuple",): self._tuple,
            ("dict",): self._dict,
            ("array",): self.array,
            ("float",): lambda name: NOT_FINITE.get(_checked(name, str)),
            ("text",): lambda text: np.str_(_checked(text, str)),
            ("number", "value"): self._number,
            ("texts", "shape"): self._texts,
            ("objects", "shape"): self._objects,
        }

    def unpack(self, packed: Json) -> Value:
        """Return the value.

        Raises
        ------
        ModelFileError
            Where it is none that `Packer` makes.
        """
        if type(packed) is list:
            return [self.unpack(one) for one in packed]
        if type(packed) is not dict:
            return _checked_number(packed) if type(packed) is int else packed
        unpack = self._kinds.get(tuple(packed))
        value = None if unpack is None else unpack(*packed.values())
        if value is None:
            keys = ", ".join(map(repr, list(packed)[:3]))
            raise ModelFileError(f"a value of an unknown kind: {keys[:100]}")
        return value

    def array(self, name: Json) -> Cells:
        """Return an array by its name."""
        if type(name) is not str or name not in self.arrays:
            raise ModelFileError("the name of an array that is not in it")
        return self.arrays[name]

    def _tuple(self, packed: Json) -> tuple[Value, ...]:
        return tuple(self.unpack(one) for one in _checked(packed, list))

    def _dict(self, packed: Json) -> dict[Value, Value]:
        pairs = [self._tuple(pair) for pair in _checked(packed, list)]
        try:
            return dict(pairs)
        except (TypeError, ValueError):
            raise ModelFileError("a dict that is none") from None

    def _number(self, name: Json, packed: Json) -> Value:
        value = self.unpack(packed)
        if name not in NUMBER_TYPES or type(value) not in (bool, int, float):
            raise ModelFileError("a number of an unknown type")
        try:
            return np.dtype(name).type(value)
        except OverflowError:
            raise ModelFileError(f"a number too large for {name}") from None

    def _texts(self, texts: Json, shape: Json) -> Cells:
        if not all(type(text) is str for text in _checked(texts, list)):
            raise ModelFileError("texts that are none")
        # A long text among many would be given its width many times over.
        if len(texts) * max(map(len, texts), default=0) > 1_000_000 + 10 * sum(map(len, texts)):
            raise ModelFileError("texts of lengths too different")
        return _shaped(np.array(texts, dtype=str), shape)

    def _objects(self, packed: Json, shape: Json) -> Cells:
        values = np.empty(len(_checked(packed, list)), dtype=object)
        for i, one in enumerate(packed):
            values[i] = self.unpack(one)
        return _shaped(values, shape)


def _checked_number(value: int) -> int:
    """Return a whole number that fits 64 bits, else raise: no larger one is a count or a seed."""
    if not SMALLEST <= value <= LARGEST:
        raise ModelFileError("a number of more than 64 bits")
    return value


def _checked(value: Json, kind: type[Kind]) -> Kind:
    """Return a value that is of one type exactly, else raise."""
    if type(value) is not kind:
        raise ModelFileError(f"something else where a {kind.__name__} should be")
    return value


def _shaped(values: Cells, shape: Json) -> Cells:
    """Return values in the shape that the file gives them, else raise."""
    is_shape = all(type(size) is int and size >= 0 for size in _checked(shape, list))
    if not is_shape or math.prod(shape) != len(values):
        raise ModelFileError("an array of another shape than its own")
    return values.reshape(shape)
