"""The type of what compiled functions take and give: an array of JAX or of NumPy."""

from typing import TypeAlias

import jax
import numpy as np

Array: TypeAlias = jax.Array | np.ndarray
