"""A sealed file: one safetensors file whose header holds a manifest, with a digest of it all.

No pickle, no class by name, nothing that is executed: a hostile file can raise `ModelFileError`
and nothing else. Equal contents give equal bytes.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from tautnet.files.member_checks import require
from tautnet.files.packing import Json
from tautnet.tables.arrays import Cells
from tautnet.tables.errors import ModelFileError

if TYPE_CHECKING:
    from safetensors import safe_open

__all__ = ["check_seal", "contents", "parse", "sealed", "to_bytes"]

# The name under which the header of the file holds the manifest.
MANIFEST = "tautnet"
# Where the digest begins, from the end of the manifest.
SEAL = -len(f',"sha256":"{"0" * 64}"}}')
# What a file may ask of memory before it is known to be a model file: bytes of its header, values
# of its manifest, and how deep they may be nested.
LONGEST_HEADER = 8_000_000
MOST_PARTS = 1_000_000
DEEPEST = 40
NUMBERS_OF = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}


def to_bytes(manifest: Json, arrays: Mapping[str, Cells]) -> bytes:
    """Return a sealed file as bytes.

    Parameters
    ----------
    manifest : dict
        What JSON can hold.
    arrays : dict
        Name -> array of numbers.
    """
    from safetensors.numpy import save

    text = json.dumps(manifest, separators=(",", ":"), allow_nan=False)
    return save(dict(arrays), {MANIFEST: sealed(text, arrays)})


def sealed(text: str, arrays: Mapping[str, Cells]) -> str:
    """Return a manifest with a digest of itself and of the arrays, by which damage is seen.

    Examples
    --------
    >>> sealed('{"a":1}', {})[:30]
    '{"a":1,"sha256":"015abd7f5cc57'
    """
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.name} {array.shape}".encode())
        digest.update(array.tobytes())
    return f'{text[:-1]},"sha256":"{digest.hexdigest()}"}}'


def check_seal(text: str, arrays: Mapping[str, Cells]) -> None:
    """Raise where a manifest and arrays are not what they were when they were sealed."""
    is_whole = sealed(text[:SEAL] + "}", arrays) == text
    require(is_whole, "contents that were changed after it was written")


def contents(path: Path) -> tuple[str, dict[str, Cells]]:
    """Return the manifest as text, and the arrays by name, of a file whose sizes agree."""
    from safetensors import SafetensorError, safe_open

    with open(path, "rb") as raw:
        size = os.fstat(raw.fileno()).st_size
        start = raw.read(8)
    require(len(start) == 8, "less than 8 bytes")
    length = struct.unpack("<Q", start)[0]
    require(length <= LONGEST_HEADER and length + 8 <= size, "a header that is too long")
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(MANIFEST)
            if text is None:
                raise ModelFileError("no manifest")
            arrays = {name: _array(file, name) for name in file.keys()}
    except SafetensorError as error:
        raise ModelFileError(" ".join(str(error).split())[:200]) from None
    return text, arrays


def _array(file: "safe_open", name: str) -> Cells:
    """Return an array of a type that `NUMBERS_OF` knows."""
    dtype = file.get_slice(name).get_dtype()
    require(dtype in NUMBERS_OF, "numbers of an unknown type")
    array = file.get_tensor(name)
    require(array.dtype == NUMBERS_OF[dtype], "numbers of an unknown type")
    require(
        dtype != "BOOL" or array.view(np.uint8).max(initial=0) <= 1, "truth values that are none"
    )
    return array


def parse(text: str) -> Json:
    """Return the manifest, whose depth and number of parts are known before it is parsed."""
    # Without escapes every quotation mark begins or ends a text; their number so far, modulo
    # 256, says which.
    plain = text.replace("\\\\", "__").replace('\\"', "__").encode("latin-1", errors="replace")
    marks = np.frombuffer(plain, np.uint8)
    outside = marks[np.cumsum(marks == ord('"'), dtype=np.uint8) % 2 == 0]
    opening = np.isin(outside, list(b"[{"))
    closing = np.isin(outside, list(b"]}"))
    n_parts = opening.sum() + np.isin(outside, list(b",:")).sum()
    require(n_parts <= MOST_PARTS, "a manifest of too many parts")
    depth = np.cumsum(opening.astype(np.int32) - closing, dtype=np.int32)
    require(depth.max(initial=0) <= DEEPEST, "a manifest that is too deep")
    try:
        manifest = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ModelFileError("a manifest that is no JSON") from None
    _check_characters(text, manifest)
    return manifest


def _check_characters(text: str, manifest: Json) -> None:
    """Raise where a text holds half of a surrogate pair, which no file and no terminal takes."""
    # Only an escape can make one.
    if "\\ud" not in text.lower():
        return
    try:
        json.dumps(manifest, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ModelFileError("a text that is no Unicode") from None


def _refuse(constant: str) -> NoReturn:
    """Raise where a file holds NaN or Infinity, which Python's parser takes for numbers."""
    raise ValueError(f"{constant} is not JSON")
