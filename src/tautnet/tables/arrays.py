"""Short names for the types of NumPy arrays; shapes stand in the docstrings."""

from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Booleans: TypeAlias = NDArray[np.bool_]
# Cells of any type: numbers, texts, categories.
Cells: TypeAlias = NDArray[Any]


class Rows(Protocol):
    """Rows of numbers that are read in blocks: an array, or rows that are made when read."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice, /) -> Floats: ...
