"""A model file is one safetensors file, whose header holds what the model is, as JSON.

No pickle, no class by name, nothing that is executed: a hostile file can raise `ModelFileError`
and nothing else. Equal models give equal bytes.
"""

import os
from pathlib import Path

from tautnet.files import sealed
from tautnet.files.checks import check_model, checked_encoder
from tautnet.files.fitted import FittedModel
from tautnet.files.member_checks import checked_members, require
from tautnet.files.packing import Cannot, Json, Packer, Unpacker, Value
from tautnet.files.whole import whole_file
from tautnet.objective.prediction import Predictor
from tautnet.tables.errors import ModelFileError

__all__ = ["FORMAT_VERSION", "load", "write_model"]

FORMAT = "tautnet model"
# Files of the first format hold no limits of predictions, those of the second no basis.
FORMAT_VERSION = 3


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
    >>> import numpy as np
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
    packer = Packer()
    manifest = _manifest(model, packer)
    return sealed.to_bytes(manifest, packer.arrays)


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
    text, arrays = sealed.contents(path)
    manifest = sealed.parse(text)
    unpacker = Unpacker(arrays)
    require(type(manifest) is dict and manifest.get("format") == FORMAT, "another format")
    version = manifest.get("format_version")
    if type(version) is int and version > FORMAT_VERSION:
        raise _NewerFormat(version)
    is_known = type(version) is int and version >= 1
    require(is_known, "an unknown version of the format")
    sealed.check_seal(text, arrays)
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
