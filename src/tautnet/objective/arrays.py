"""The types of what compiled functions take and give."""

from collections.abc import Sequence
from typing import TypeAlias

import jax
import numpy as np

# An array of JAX or of NumPy.
Array: TypeAlias = jax.Array | np.ndarray
# Arrays in records and tuples, as JAX takes them for one argument.
Tree: TypeAlias = "Array | None | Sequence[Tree]"
