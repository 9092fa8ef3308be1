"""Names for jobs: digests of all that determines their bits."""

import hashlib
import os
import platform
import re
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any, Protocol

import jax
import numpy as np
from threadpoolctl import threadpool_info

from tautnet.files.packing import Cannot
from tautnet.keeping.records import field_names
from tautnet.objective.registry import is_own
from tautnet.solving.settings import Settings

SOURCE = Path(__file__).parents[1]
PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "scikit-learn")
PROCESSORS = Path("/proc/cpuinfo")
# Variables of the environment that change what is computed.
VARIABLES = ("XLA_FLAGS", "JAX_ENABLE_X64", "OPENBLAS_CORETYPE")
# A large table is not copied to be digested.
NUMBERS_AT_ONCE = 2**20


class Hasher(Protocol):
    """What takes bytes in, as hashlib has it."""

    def update(self, data: bytes, /) -> None:
        """Take some more bytes in."""


def digest_of(*values: Any) -> str:
    """A name for values that is another for any other values.

    Raises
    ------
    Cannot
        Where a value is none that can be told from others: code of a user's own, most often.

    Examples
    --------
    >>> digest_of(np.ones(2), "a") == digest_of(np.ones(2), "a") != digest_of(np.ones(2), "b")
    True
    """
    hasher = hashlib.blake2b(digest_size=20)
    for value in values:
        _feed(hasher, value)
    return hasher.hexdigest()


@cache
def surroundings() -> str:
    """A digest of what else determines bits: this code, the packages below it, the processor."""
    hasher = hashlib.blake2b(digest_size=20)
    for path in sorted(SOURCE.rglob("*.py")):
        hasher.update(path.relative_to(SOURCE).as_posix().encode() + path.read_bytes())
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    device = jax.devices()[0]
    known = [*versions, platform.machine(), _features(), device.platform, device.device_kind]
    set_here = [os.environ.get(name) for name in VARIABLES]
    linear_algebra = sorted(
        f"{one['prefix']} {one['version']} {one.get('architecture')}"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    )
    _feed(hasher, [known, set_here, linear_algebra])
    return hasher.hexdigest()


def _features() -> str:
    """What the processor can do: sums are made in the order that its instructions suggest."""
    if not PROCESSORS.exists():
        return platform.processor()
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", PROCESSORS.read_text(), re.MULTILINE)
    return found.group(1) if found else platform.processor()


def _feed(hasher: Hasher, value: Any) -> None:
    """Let a digest take in a value: its type first, so that no two values look alike."""
    kind = type(value)
    hasher.update(f"{kind.__module__}.{kind.__qualname__} ".encode())
    if value is None or kind in (bool, int, float, str):
        hasher.update(f"{value!r} ".encode())
    elif kind in (list, tuple):
        _feed_all(hasher, value)
    elif kind is dict:
        _feed_all(hasher, [part for pair in value.items() for part in pair])
    elif isinstance(value, np.ndarray | np.generic | jax.Array):
        _feed_array(hasher, np.asarray(value))
    elif kind is partial:
        _feed_all(hasher, [value.func, value.args, value.keywords])
    elif kind is MethodType:
        _feed_all(hasher, [value.__func__, value.__self__])
    else:
        _feed_own(hasher, value)


def _feed_all(hasher: Hasher, values: list[Any] | tuple[Any, ...]) -> None:
    hasher.update(f"{len(values)} ".encode())
    for value in values:
        _feed(hasher, value)


def _feed_array(hasher: Hasher, array: Any) -> None:
    if array.dtype.hasobject:
        hasher.update(f"{array.shape} ".encode())
        _feed_all(hasher, array.ravel().tolist())
        return
    # Sums of an array depend on the order in which it lies in memory.
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    hasher.update(f"{array.dtype.str} {array.shape} {order} ".encode())
    flat = array.reshape(-1, order=order)
    for start in range(0, len(flat), NUMBERS_AT_ONCE):
        hasher.update(np.ascontiguousarray(flat[start : start + NUMBERS_AT_ONCE]).tobytes())


def _feed_own(hasher: Hasher, value: Any) -> None:
    """Let a digest take in a record, an object or a function of this package."""
    kind = type(value)
    if kind is FunctionType:
        is_named = value.__module__.startswith("tautnet.") and "<" not in value.__qualname__
        if not is_named:
            raise Cannot(f"the function {value.__qualname__}")
        hasher.update(f"{value.__module__}.{value.__qualname__} ".encode())
        return
    is_ours = kind.__module__.startswith("tautnet.")
    if not is_ours or (kind is Settings and not is_own(value.penalty)):
        raise Cannot(kind.__name__)
    _feed_all(hasher, list(held(value).items()))


def held(value: Any) -> dict[str, Any]:
    """What a record or an object holds, by name."""
    names = field_names(type(value))
    return {name: getattr(value, name) for name in names} if names else vars(value)
