"""A model file is one safetensors file, whose header holds what the model is, as JSON.

No pickle, no class by name, nothing that is executed: a hostile file can raise `ModelFileError`
and nothing else. Equal models give equal bytes.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from tautnet.files.checks import check_model, checked_encoder
from tautnet.files.fitted import FittedModel
from tautnet.files.member_checks import checked_members, require
from tautnet.files.packing import Cannot, Json, Packer, Unpacker, Value
from tautnet.files.whole import whole_file
from tautnet.objective.prediction import Predictor
from tautnet.tables.arrays import Cells
from tautnet.tables.errors import ModelFileError

if TYPE_CHECKING:
    from safetensors import safe_open

__all__ = ["FORMAT_VERSION", "load", "write_model"]

FORMAT = "tautnet model"
# Files of the first format hold no limits of predictions, those of the second no basis.
FORMAT_VERSION = 3
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


def write_model(path: str | os.PathLike[str], model: FittedModel) -> Path:
    """Write a model file: whole or not at all, and read once before it takes its name.

    Parameters
    ----------
    path : path
        Written over where it exists.
    model : FittedModel

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ModelFileError
        When the file cannot be written, or the model holds what a model file does not.
    """
    path = Path(path)
    data = to_bytes(model)
    try:
        with whole_file(path) as draft:
            draft.write_bytes(data)
            _read(draft)
    except OSError as error:
        raise ModelFileError(
            f"cannot write {path}: {error.strerror or error}; choose another place"
        ) from None
    except ModelFileError as error:
        raise ModelFileError(f"the model cannot be kept in a file: it has {error}") from None
    return path


def load(path: str | os.PathLike[str]) -> FittedModel:
    """Read a model file; it needs NumPy and pandas only, and executes nothing.

    Parameters
    ----------
    path : path

    Returns
    -------
    FittedModel

    Raises
    ------
    ModelFileError
        Where there is no such file, or it is no model file that can be trusted.

    Examples
    --------
    >>> import tempfile
    >>> from tautnet.estimators.models import TautNetRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> model = TautNetRegressor("l1", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0])
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     fitted = load(model.save(f"{directory}/model.taut"))
    >>> (bool((fitted.predict(X) == model.predict(X)).all()),
    ...  fitted.to_estimator().get_params()["alpha"])
    (True, 0.1)
    """
    path = Path(path)
    try:
        return _read(path)
    except FileNotFoundError:
        raise ModelFileError(f"no such file: {path}") from None
    except OSError as error:
        raise ModelFileError(f"cannot read {path}: {error.strerror or error}") from None
    except _NewerFormat as error:
        newer = f"{path} is a model file of format {error}, this tautnet knows {FORMAT_VERSION}"
        raise ModelFileError(f"{newer}: update tautnet") from None
    except ModelFileError as error:
        raise ModelFileError(
            f"{path} is damaged, or no model file of tautnet: it has {error}"
        ) from None


def to_bytes(model: FittedModel) -> bytes:
    """Return a model file as bytes, the same for equal models.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    bytes

    Raises
    ------
    ModelFileError
        Where the model holds what a model file does not.
    """
    from safetensors.numpy import save

    packer = Packer()
    text = json.dumps(_manifest(model, packer), separators=(",", ":"), allow_nan=False)
    return save(packer.arrays, {MANIFEST: sealed(text, packer.arrays)})


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


def _manifest(model: FittedModel, packer: Packer) -> Json:
    """Return the manifest of a model; its arrays go to the packer."""
    parameters = {}
    left_out = dict(model.left_out)
    for name, value in model.parameters.items():
        # A splitter, a scorer or a generator of random numbers is code, and not needed to
        # predict.
        try:
            parameters[name] = packer.pack(value)
        except Cannot as error:
            left_out[name] = str(error)
    try:
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "class": model.estimator,
            "task": model.task,
            "target": model.target,
            "metric": model.metric,
            "versions": model.versions,
            "parameters": parameters,
            "left_out": left_out,
            "encoder": _packed_encoder(model),
            "members": [_packed_member(member, packer) for member in model.members],
            "attributes": {name: packer.pack(value) for name, value in model.attributes.items()},
            "unit": packer.pack(model.unit),
            "selector": packer.pack(model.selector),
        }
    except Cannot as error:
        raise ModelFileError(
            f"the model holds a value of type {error}, which no model file can keep"
        ) from None


def _packed_encoder(model: FittedModel) -> Json:
    """Return what an encoder is made of again; a plain notation is left out."""
    notation = model.encoder.notation.to_plain()
    packed = {
        "feature_names": model.feature_names,
        "recipes": model.encoder.recipes,
        "left_out": model.encoder.left_out,
    }
    return packed | ({"notation": notation} if notation else {})


def _packed_member(member: Predictor, packer: Packer) -> Json:
    """Return a network with the names of its arrays in their place."""
    packed = member._asdict()
    basis = member.scaling.basis
    packed["basis"] = None if basis is None else [packer.array(array) for array in basis]
    packed["scaling"] = member.scaling[:2]
    packed["target_scaling"] = member.target_scaling[:2]
    for part in ("scaling", "layers", "biases", "target_scaling"):
        packed[part] = [packer.array(array) for array in packed[part]]
    limits = member.limits
    packed["limits"] = None if limits is None else [packer.array(array) for array in limits]
    packed["skip"] = None if member.skip is None else packer.array(member.skip)
    return packed


def _read(path: Path) -> FittedModel:
    """Read a model file; what is wrong with it is what a `ModelFileError` says that it has."""
    text, arrays = _contents(path)
    manifest = _parse(text)
    unpacker = Unpacker(arrays)
    require(type(manifest) is dict and manifest.get("format") == FORMAT, "another format")
    version = manifest.get("format_version")
    if type(version) is int and version > FORMAT_VERSION:
        raise _NewerFormat(version)
    is_known = type(version) is int and version >= 1
    require(is_known, "an unknown version of the format")
    require(
        sealed(text[:SEAL] + "}", arrays) == text, "contents that were changed after it was written"
    )
    for name in ("parameters", "left_out", "encoder", "attributes", "versions"):
        require(type(manifest.get(name)) is dict, f"no {name}")
    encoder = checked_encoder(manifest["encoder"])
    model = FittedModel(
        estimator=manifest.get("class"),
        parameters=_unpacked(manifest["parameters"], unpacker),
        task=manifest.get("task"),
        target=manifest.get("target"),
        metric=manifest.get("metric"),
        encoder=encoder,
        members=checked_members(manifest.get("members"), unpacker, len(encoder.column_names)),
        attributes=_unpacked(manifest["attributes"], unpacker),
        unit=unpacker.unpack(manifest.get("unit")),
        versions=manifest["versions"],
        left_out=manifest["left_out"],
        selector=unpacker.unpack(manifest.get("selector")),
    )
    check_model(model)
    return model


class _NewerFormat(ModelFileError):
    """The number of a format that was made later than this code."""


def _unpacked(packed: Json, unpacker: Unpacker) -> dict[str, Value]:
    """Return the values of a dict."""
    return {name: unpacker.unpack(value) for name, value in packed.items()}


def _contents(path: Path) -> tuple[str, dict[str, Cells]]:
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


def _parse(text: str) -> Json:
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
