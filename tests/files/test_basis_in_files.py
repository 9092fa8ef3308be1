"""The basis of a network comes back from a model file, and one that is none is refused."""

import numpy as np
import pytest
from random_models import make_model

import tautnet as tn
from tautnet.files.model_file import load
from tautnet.files.packing import Unpacker


@pytest.fixture(scope="module")
def model():
    return make_model("regression", inputs="splines")[0]


def packed(model):
    """The kept state of a basis: names, and the arrays that they stand for."""
    arrays = {str(i): array for i, array in enumerate(model.members[0].scaling.basis)}
    return list(arrays), arrays


def read(model, names, arrays):
    from tautnet.files.member_checks import _checked_basis

    return _checked_basis(names, Unpacker(arrays), len(model.members[0].scaling.centre))


def test_a_basis_that_was_kept_comes_back(model):
    basis = read(model, *packed(model))
    for before, after in zip(model.members[0].scaling.basis, basis, strict=True):
        np.testing.assert_array_equal(before, after)
    assert read(model, None, {}) is None


BROKEN = {
    "a column that is not there": ("0", lambda source: source + 99, "other columns"),
    "columns out of order": ("0", lambda source: source[::-1].copy(), "other columns"),
    "a fourth curve": ("1", lambda curve: curve + 3, "unknown curves"),
    "numbers for truth values": ("2", lambda flags: flags.astype(float), "another type"),
    "numbers for positions": ("0", lambda source: source.astype(float), "another type"),
    "no offset": ("4", lambda offset: 0 * offset, "a scale that is not above 0"),
    "no spread": ("8", lambda spread: 0 * spread, "a scale that is not above 0"),
    "a number that is none": ("5", lambda centre: centre * np.nan, "not finite"),
    "parts that differ": ("7", lambda mean: mean[1:], "do not fit"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_basis_is_refused(model, name):
    names, arrays = packed(model)
    part, change, says = BROKEN[name]
    arrays[part] = change(arrays[part])
    with pytest.raises(tn.ModelFileError, match=says):
        read(model, names, arrays)
    with pytest.raises(tn.ModelFileError, match="unknown parts"):
        read(model, names[:-1], arrays)


def test_a_file_keeps_the_bits_of_predictions(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.exponential(size=(80, 3))
    fitted = tn.TautNetRegressor(
        "group", 0.05, inputs="splines", hidden_layer_sizes=(4,), random_state=0
    ).fit(X, np.log(X[:, 0]) + X[:, 1])
    loaded = load(fitted.save(tmp_path / "a.taut"))
    far = np.concatenate([X, 1e6 * X, -X, np.full((1, 3), np.nan)])
    np.testing.assert_array_equal(loaded.predict(far), fitted.predict(far))
    again = loaded.to_estimator()
    np.testing.assert_array_equal(again.predict(far), fitted.predict(far))
    assert again.input_names_ == fitted.input_names_
    assert again.scaling_.settings.network == fitted.scaling_.settings.network
