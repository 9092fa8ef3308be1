"""Model files: what is saved comes back to the last bit.

A hostile file raises an error and nothing else.
"""

import json
import pickle
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fitted_models import MODELS, NUMBER, TABLE, fit_model
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy
from numpy.testing import assert_allclose, assert_array_equal
from random_models import make_model, make_table, with_odd_cells
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from sklearn.model_selection import KFold

import tautnet as tn
from tautnet.files import sealed as sealed_file
from tautnet.files.model_file import load, to_bytes, write_model
from tautnet.files.packing import Cannot, Packer, Unpacker
from tautnet.files.sealed import sealed
from tautnet.files.summary import describe, facts

KEPT = Path(__file__).parent / "kept"
SEALED = re.compile(',"sha256":"[0-9a-f]{64}"}$')
CERTIFIED = dict(
    n_rows_=9,
    n_iter_=3,
    n_outputs_=1,
    train_loss_=0.5,
    stationarity_=np.nan,
    objective_gap_=0.1,
    selected_features_=np.ones(9, bool),
    feature_importances_=np.ones(9),
)


def same(a, b):
    """Whether two values are equal to the last bit, of the same types, all the way down."""
    if isinstance(a, np.ndarray):
        if a.dtype.kind != b.dtype.kind or a.shape != b.shape:
            return False
        # The room that an array has for longer texts is not part of its value.
        texts = a.dtype.kind in "OU"
        return (
            all(map(same, a.ravel().tolist(), b.ravel().tolist()))
            if texts
            else a.tobytes() == b.tobytes()
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return same(attributes(a), attributes(b)) if hasattr(a, "__dict__") else a == b or a != a


def attributes(value):
    """All attributes, in the order of their names."""
    return dict(sorted(vars(value).items()))


def predictions(model, X):
    """All that a model predicts, by the name of the method."""
    names = ["predict", "predict_proba", "predict_survival_function"]
    return {name: getattr(model, name)(X) for name in names if hasattr(model, name)}


def whole(model):
    """A model of random weights with all that a file asks for."""
    parameters = {"penalty": "l1", "alpha": 0.1}
    return replace(model, parameters=parameters, attributes=CERTIFIED | model.attributes)


@pytest.mark.parametrize("name", MODELS)
def test_every_estimator_comes_back_equal_in_every_attribute(name, tmp_path):
    model, rows = fit_model(name), TABLE.iloc[::-1].reset_index(drop=True)
    loaded = load(model.save(tmp_path / "a.taut"))
    for fitted in (model.to_fitted(), loaded):
        for method, expected in predictions(model, rows).items():
            assert same(getattr(fitted, method)(rows), expected), method
        assert same(fitted.to_estimator(), model)
    # Equal models are equal bytes, also on their second way.
    assert (
        to_bytes(loaded)
        == to_bytes(loaded.to_estimator().to_fitted())
        == (tmp_path / "a.taut").read_bytes()
    )


def test_a_selector_comes_back(tmp_path):
    selector = tn.TautNetSelector(tn.TautNetRegressor("l1", 0.1, hidden_layer_sizes=()))
    selector.set_output(transform="pandas").fit(TABLE, NUMBER)
    loaded = load(selector.save(tmp_path / "a.taut"))
    assert_array_equal(loaded.predict(TABLE), selector.estimator_.predict(TABLE))
    back = loaded.to_estimator()
    assert same(attributes(back), attributes(selector)) and back.transform(TABLE).equals(
        selector.transform(TABLE)
    )


def test_a_parameter_that_is_code_is_left_out_and_named(tmp_path):
    model = tn.TautNetRegressorCV(
        "l1", hidden_layer_sizes=(), alphas=[0.1], cv=KFold(2), random_state=0
    )
    loaded = load(model.fit(TABLE, NUMBER).save(tmp_path / "a.taut"))
    assert loaded.left_out == {"cv": "KFold"}
    with pytest.warns(UserWarning, match=r"have their defaults: cv \(KFold\)"):
        assert loaded.to_estimator().cv == 5


INTEGERS = st.integers(-(2**63), 2**64 - 1)
NUMBERS = st.one_of(st.booleans(), INTEGERS, st.floats(), st.none(), st.text(max_size=9))
ARRAYS = of_numpy.arrays(
    st.sampled_from(
        ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", ">f8", "<U5"]
    ),
    of_numpy.array_shapes(min_dims=0, min_side=0, max_side=4),
)
SCALARS = st.one_of(
    of_numpy.from_dtype(np.dtype(name))
    for name in ("bool", "int32", "uint64", "float32", "float64")
)
VALUES = st.recursive(
    NUMBERS | ARRAYS | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5) | INTEGERS, inner, max_size=3)
    ),
    max_leaves=9,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_values_come_back(value):
    packer = Packer()
    packed = json.loads(json.dumps(packer.pack(value), allow_nan=False))
    arrays = load_arrays(save_arrays(packer.arrays))
    assert same(Unpacker(arrays).unpack(packed), in_order(value))


def in_order(value):
    """The value with its arrays as this machine orders their bytes."""
    if isinstance(value, np.ndarray):
        return value.astype(value.dtype.newbyteorder("="))
    if isinstance(value, list | tuple):
        return type(value)(map(in_order, value))
    return (
        {key: in_order(held) for key, held in value.items()} if isinstance(value, dict) else value
    )


@pytest.mark.parametrize(
    "value", [{1}, b"bytes", 1j, np.datetime64("2024-01-01"), np.ones(2, complex), print, KFold]
)
def test_other_values_are_not_kept(value):
    with pytest.raises(Cannot):
        Packer().pack([value])


NAMES = st.text(max_size=12)


@pytest.mark.filterwarnings("ignore:.* not seen in training:UserWarning")
@settings(max_examples=30, deadline=None)
@given(
    names=st.lists(NAMES, min_size=3, max_size=3, unique=True),
    target=NAMES,
    levels=st.lists(NAMES, min_size=3, max_size=20, unique=True),
    task=st.sampled_from(["classification", "multilabel", "regression", "survival"]),
    activation=st.sampled_from(["relu", "tanh", "silu", "identity"]),
    hidden=st.sampled_from([(), (3,), (3, 2)]),
    inputs=st.sampled_from(["standardised", "smooth", "splines"]),
    seed=st.integers(0, 99),
)
def test_hostile_names_and_levels_come_back(
    tmp_path_factory, names, target, levels, task, activation, hidden, inputs, seed
):
    cells = np.array(levels, dtype=object)[np.arange(90) % len(levels)]
    columns = make_table(seed)["size"], np.where(cells == "", None, cells), cells
    table = pd.DataFrame(dict(zip(names, columns, strict=True)))
    classes = np.array(levels[:2]) if len(set(np.array(levels[:2]))) == 2 else np.array([0.5, 1.5])
    model, _ = make_model(
        task, classes, hidden, activation, table=table, idle=(), inputs=inputs, seed=seed
    )
    attributes = model.attributes | dict(
        selected_features_=np.ones(3, bool), feature_importances_=np.ones(3)
    )
    if task == "survival":
        attributes |= dict(
            event_times_=np.array([1.0, 2.0]), baseline_cumulative_hazard_=np.array([0.1, 0.4])
        )
    model = whole(replace(model, target=target, attributes=attributes))
    path = tmp_path_factory.mktemp("round") / "a.taut"
    loaded, odd = load(write_model(path, model)), with_odd_cells(table, seed)
    assert (
        same(attributes_of(loaded), attributes_of(model)) and to_bytes(loaded) == path.read_bytes()
    )
    assert same(loaded.predict(odd), model.predict(odd))
    assert loaded.encoder.column_names == model.encoder.column_names


def attributes_of(model):
    return {name: value for name, value in attributes(model).items() if name != "encoder"}


def test_ten_thousand_levels(tmp_path):
    levels = [f'level "{i}"' for i in range(10_000)]
    table = pd.DataFrame({"a": np.repeat(np.array(levels, dtype=object), 51)})
    model = whole(make_model(table=pd.concat([make_table(), table.iloc[:90]], axis=1))[0])
    recipe = {
        "predictor": "a",
        "kind": "category",
        "levels": sorted(levels),
        "rare": False,
        "missing": False,
    }
    encoder = type(model.encoder).restored([recipe], {}, ["a"])
    weights = np.random.default_rng(0).normal(size=(10_000, 1))
    scaling = type(model.members[0].scaling)(np.zeros(10_000), np.ones(10_000))
    member = model.members[0]._replace(
        scaling=scaling, layers=(weights,), biases=(np.zeros(1),), skip=None
    )
    attributes = CERTIFIED | dict(
        classes_=model.classes, selected_features_=np.ones(1, bool), feature_importances_=np.ones(1)
    )
    model = replace(model, encoder=encoder, members=(member,), attributes=attributes)
    loaded = load(write_model(tmp_path / "a.taut", model))
    rows = table.iloc[::501]
    assert same(
        loaded.predict_proba(rows), model.predict_proba(rows)
    ) and loaded.encoder.recipes == [recipe]


def test_a_file_needs_neither_jax_nor_scikit_learn(tmp_path):
    path = fit_model("classifier").save(tmp_path / "a.taut")
    TABLE.to_pickle(tmp_path / "rows.pkl")
    program = (
        "import sys\n"
        "for name in ('jax', 'jaxlib', 'sklearn', 'scipy', 'typer', 'matplotlib'):\n   "
        " sys.modules[name] = None\n"
        "import pandas, tautnet\n"
        f"model, rows = tautnet.load({str(path)!r}),"
        f" pandas.read_pickle({str(tmp_path / 'rows.pkl')!r})\n"
        "model.show()\n"
        f"model.predict_proba(rows).tofile({str(tmp_path / 'probabilities')!r})\n"
        # The command is built with typer, and needs no more.
        "del sys.modules['typer']\n"
        f"sys.argv = ['tautnet', 'predict', {str(KEPT / 'format-1-classifier.taut')!r},"
        f" {str(KEPT / 'rows.csv')!r}, "
        f"'--out', {str(tmp_path / 'p.csv')!r}]\n"
        "from tautnet.cli import main\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert (
        ended.stdout.startswith("TautNetClassifier\n")
        and "one of say \"no\", 'two\\nlines'" in ended.stdout
    )
    expected = fit_model("classifier").predict_proba(TABLE)
    assert (tmp_path / "probabilities").read_bytes() == expected.tobytes()
    assert len(pd.read_csv(tmp_path / "p.csv")) == 60


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    model, path = whole(make_model()[0]), tmp_path / "a.taut"
    path.write_text("old")
    with pytest.raises(
        tn.ModelFileError, match="a value of type KFold, which no model file can keep"
    ):
        write_model(path, replace(model, attributes=model.attributes | {"odd_": KFold()}))
    with pytest.raises(
        tn.ModelFileError, match="the model cannot be kept in a file: it has no n_rows_"
    ):
        write_model(path, replace(model, attributes={"classes_": model.classes}))
    monkeypatch.setattr(sealed_file, "LONGEST_HEADER", 100)
    with pytest.raises(tn.ModelFileError, match="it has a header that is too long"):
        write_model(path, model)
    assert [file.name for file in tmp_path.iterdir()] == ["a.taut"] and path.read_text() == "old"
    with pytest.raises(
        tn.ModelFileError, match="cannot write .*: No such file or directory; choose another place"
    ):
        write_model(tmp_path / "none/a.taut", model)


# Files of released formats.


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.taut")), ids=lambda path: path.stem)
def test_files_of_each_format_load_for_ever(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load(path)
    rows, expected = pd.read_csv(KEPT / "rows.csv"), pd.read_csv(path.with_suffix(".csv"))
    predicted = loaded.table(rows)
    assert predicted.columns.tolist() == expected.columns.tolist()
    for name in expected:
        if expected[name].dtype.kind == "f":
            assert_allclose(predicted[name], expected[name], rtol=1e-9)
        else:
            assert predicted[name].tolist() == expected[name].tolist()
    assert type(loaded.to_estimator()).__name__ == loaded.estimator


# Hostile files.


def contents(data):
    """The manifest of a file and its arrays."""
    length = int.from_bytes(data[:8], "little")
    text = json.loads(data[8 : 8 + length])["__metadata__"]["tautnet"]
    return json.loads(SEALED.sub("}", text)), dict(load_arrays(data))


def rebuilt(manifest, arrays):
    """A file of these contents, with a digest that is right."""
    return save_arrays(
        arrays, {"tautnet": sealed(json.dumps(manifest, separators=(",", ":")), arrays)}
    )


def place(manifest, *keys):
    for key in keys:
        manifest = manifest[key]
    return manifest


def put(*keys, value):
    """A change of the manifest: a value at some keys."""

    def change(manifest, arrays):
        place(manifest, *keys[:-1])[keys[-1]] = value

    return change


def spoil(value, dtype=None, shape=None):
    """A change of the first weights of the network."""

    def change(manifest, arrays):
        name = manifest["members"][0]["layers"][0]
        array = arrays[name].astype(dtype or "float64")
        array.ravel()[0] = value
        arrays[name] = array if shape is None else np.resize(array, shape)

    return change


def importance(value):
    """A change of the first number of the predictors' weights."""

    def change(manifest, arrays):
        name = manifest["attributes"]["feature_importances_"]["array"]
        arrays[name] = np.append(value, arrays[name][1:])

    return change


def large_centres(manifest, arrays):
    """A change that makes an ensemble of networks whose centres have no mean in float64."""
    arrays["large"] = np.full_like(arrays[manifest["members"][0]["scaling"][0]], 1e308)
    manifest["members"][0]["scaling"][0] = "large"
    manifest["members"].append(manifest["members"][0])


def limit(part, *numbers):
    """A change of the limits of the network, to arrays of a scaling of it."""

    def change(manifest, arrays):
        member = manifest["members"][0]
        member["limits"] = [member[part][i] for i in numbers]

    return change


HOSTILE = {
    "another class": (put("class", value="os.system"), "an unknown class 'os.system'"),
    "class of another type": (put("class", value=["TautNetClassifier"]), "an unknown class"),
    "another format": (put("format", value="pickle"), "another format"),
    "no version of the format": (put("format_version", value="1"), "an unknown version"),
    "version true": (put("format_version", value=0), "an unknown version"),
    "unknown activation": (
        put("members", 0, "activation", value="__import__"),
        "an unknown activation",
    ),
    "unknown mean": (put("members", 0, "mean_name", value="eval"), "an unknown kind of prediction"),
    "mean of another task": (
        put("members", 0, "mean_name", value="exp"),
        "a task that does not fit its network",
    ),
    "no members": (put("members", value=[]), "no network"),
    "members of another type": (put("members", value={"a": 1}), "no network"),
    "limits of another type": (put("members", 0, "limits", value="0"), "a network of unknown part"),
    "one limit": (limit("target_scaling", 0), "a network of unknown parts"),
    "limits of more outputs": (limit("scaling", 0, 0), "weights whose shapes do not fit"),
    # Centre and scale: 0 and 1.
    "limits the wrong way round": (limit("target_scaling", 1, 0), "limits that are none"),
    "an array that is not there": (
        put("members", 0, "skip", value="../../etc/passwd"),
        "an array that is not in it",
    ),
    "an odd attribute": (put("attributes", "__class__", value=1), "an attribute of an odd name"),
    "a method for an attribute": (
        put("attributes", "predict", value=1),
        "an attribute of an odd name",
    ),
    "a number for a text": (put("attributes", "stationarity_", value="0.1"), "no stationarity_"),
    "classes that do not fit": (
        put("attributes", "classes_", value={"texts": ["a"], "shape": [1]}),
        "classes that do",
    ),
    "classes in a huge shape": (
        put("attributes", "classes_", value={"texts": ["a", "b"], "shape": [10**12]}),
        "an array of another shape",
    ),
    "texts of great width": (
        put("attributes", "odd_", value={"texts": ["a" * 100_000] + ["b"] * 100, "shape": [101]}),
        "lengths too diff",
    ),
    "a value of a class": (
        put("attributes", "odd_", value={"os.system": "true"}),
        "a value of an unknown kind",
    ),
    "a dict without pairs": (
        put("attributes", "odd_", value={"dict": [[1, 2, 3]]}),
        "a dict that is none",
    ),
    "a dict of lists": (
        put("attributes", "odd_", value={"dict": [[[], 2]]}),
        "a dict that is none",
    ),
    "levels of another type": (
        put("encoder", "recipes", 1, value={"predictor": "a", "levels": 3}),
        "in no known way",
    ),
    "levels twice": (put("encoder", "recipes", 1, "levels", value=["a", "a"]), "in no known way"),
    "a predictor twice": (
        put("encoder", "recipes", 1, "predictor", value="size"),
        "predictors that do not fit",
    ),
    "an unknown predictor": (
        put("encoder", "feature_names", value=["size"]),
        "predictors that do not fit",
    ),
    "fewer levels": (
        put("encoder", "recipes", 1, "levels", value=["a", "b"]),
        "shapes do not fit together",
    ),
    "ragged coefs": (put("attributes", "coefs_", value=[[[1], [2, 3]]]), "coefs_ that are none"),
    "curves without a choice": (
        put("attributes", "cv_results_", value={"dict": [["alpha", [1]]]}),
        "no alpha_",
    ),
    "an endless strength": (put("parameters", "alpha", value={"float": "inf"}), "no strength"),
    "a strength of four hundred digits": (
        put("attributes", "alpha_", value=10**400),
        "a number of more than 64 bits",
    ),
    "a loss of four hundred digits": (
        put("attributes", "train_loss_", value=-(10**400)),
        "a number of more than 64 bits",
    ),
    "no version": (put("versions", value={"numpy": "2.4"}), "no version of tautnet"),
    "half a surrogate pair": (put("target", value="a\ud800"), "a text that is no Unicode"),
    "other predictors than the encoder's": (
        put("attributes", "feature_names_in_", value={"objects": ["a"], "shape": [1]}),
        "names of predictors that differ from those of the encoder",
    ),
    "more predictors than the encoder's": (
        put("attributes", "n_features_in_", value=99),
        "names of predictors that differ from those of the encoder",
    ),
    "an infinite weight of a predictor": (
        importance(np.inf),
        "feature_importances_ that are none",
    ),
    "a negative weight of a predictor": (importance(-1.0), "feature_importances_ that are none"),
    "centres without a mean": (large_centres, "a scale that is not finite"),
    "a class twice": (
        put("attributes", "classes_", value={"texts": ["a", "a"], "shape": [2]}),
        "classes that are the same",
    ),
    "a rule of another type": (put("parameters", "selection", value=["min"]), "no rule of choice"),
    "an order of another type": (
        put("attributes", "relaxed_order_", value=["norm"]),
        "an unknown order of predictors",
    ),
    "a selector of another type": (put("selector", value=[1]), "a selector that is none"),
    "a selector with a method": (
        put(
            "selector",
            value={"dict": [["is_default", True], ["attributes", {"dict": [["__class__", 1]]}]]},
        ),
        "a selector with an attribute of an odd name",
    ),
    "no penalty": (put("parameters", "penalty", value=None), "no penalty"),
    "a deep manifest": (
        put("attributes", "odd_", value=json.loads("[" * 100 + "]" * 100)),
        "a manifest that is too deep",
    ),
    "many parts": (
        put("attributes", "odd_", value=[0] * 1_000_001),
        "a manifest of too many parts",
    ),
    "not a number": (spoil(np.nan), "weights that are not finite"),
    "infinite": (spoil(np.inf), "weights that are not finite"),
    "single precision": (spoil(0, "float32"), "not in double precision"),
    "another shape": (spoil(0, shape=(3, 3)), "shapes do not fit together"),
    "no numbers": (spoil(0, shape=(0, 3)), "shapes do not fit together"),
}


@pytest.fixture(scope="module")
def good():
    return to_bytes(fit_model("classifier").to_fitted())


@pytest.mark.parametrize("name", HOSTILE)
def test_what_does_not_fit_together_is_refused(good, tmp_path, name):
    change, says = HOSTILE[name]
    manifest, arrays = contents(good)
    assert rebuilt(manifest, arrays) == good
    change(manifest, arrays)
    (tmp_path / "a.taut").write_bytes(rebuilt(manifest, arrays))
    with pytest.raises(tn.ModelFileError, match=re.escape(says)) as error:
        load(tmp_path / "a.taut")
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


ODD = [
    None,
    True,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "\x1b[31m",
    [],
    [1],
    {},
    {"a": 1},
    {"array": "0"},
    {"array": "9"},
    {"tuple": []},
    {"dict": []},
    {"float": "nan"},
    {"number": "float64", "value": {"float": "inf"}},
    {"texts": ["a"], "shape": [1]},
    {"objects": [[1]], "shape": [1, 1]},
    {"text": "q"},
]


def places(value, keys=()):
    """The keys that lead to each value in a manifest."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, one in inner:
        yield (*keys, key)
        yield from places(one, (*keys, key))


@pytest.mark.filterwarnings("ignore:.* not seen in training:UserWarning")
@pytest.mark.parametrize("path", sorted(KEPT.glob("*.taut")), ids=lambda path: path.stem)
def test_a_manifest_with_an_odd_value_is_refused_or_of_use(path, tmp_path):
    """With a right digest, whatever is read is of use.

    It can be told, put into JSON, asked for predictions and turned back.
    """
    manifest, arrays = contents(path.read_bytes())
    rows, rng, refused = pd.read_csv(KEPT / "rows.csv"), np.random.default_rng(0), 0
    keys = list(places(manifest))
    for _ in range(100):
        odd = json.loads(json.dumps(manifest))
        *above, last = keys[rng.integers(len(keys))]
        place(odd, *above)[last] = ODD[rng.integers(len(ODD))]
        (tmp_path / "a.taut").write_bytes(rebuilt(odd, arrays))
        try:
            model = load(tmp_path / "a.taut")
            assert "\x1b" not in describe(model) and json.dumps(facts(model), allow_nan=False)
            model.table(rows)
            if model.unit:
                model.to_estimator()
        except tn.TableError:
            refused += 1
    assert 50 < refused < 100


def test_a_file_of_a_later_format_says_so(good, tmp_path):
    manifest, arrays = contents(good)
    (tmp_path / "a.taut").write_bytes(rebuilt(manifest | {"format_version": 4}, arrays))
    with pytest.raises(
        tn.ModelFileError, match="is a model file of format 4, this tautnet knows 3: update tautnet"
    ):
        load(tmp_path / "a.taut")


def test_files_of_before_there_were_limits_predict_without(tmp_path):
    """What says nothing of limits was fitted without, and its estimator is one that does not."""
    clamped = load(KEPT / "format-2-clamped.taut")
    rows = pd.read_csv(KEPT / "rows.csv")
    manifest, arrays = contents(to_bytes(clamped))
    for member in manifest["members"]:
        del member["limits"]
    del manifest["parameters"]["clamp_output"]
    (tmp_path / "a.taut").write_bytes(rebuilt(manifest | {"format_version": 1}, arrays))
    older = load(tmp_path / "a.taut")
    free = replace(
        clamped, members=tuple(member._replace(limits=None) for member in clamped.members)
    )
    assert (older.predict(rows) == free.predict(rows)).all()
    assert clamped.predict(rows).max() < older.predict(rows).max()
    assert clamped.to_estimator().clamp_output and not older.to_estimator().clamp_output
    assert "clamped to " in describe(clamped) and "clamped" not in describe(older)


def test_what_fits_no_estimator_predicts_and_says_so(good, tmp_path):
    manifest, arrays = contents(good)
    manifest["parameters"]["no_such_parameter"] = 1
    (tmp_path / "a.taut").write_bytes(rebuilt(manifest, arrays))
    with pytest.raises(
        tn.ModelFileError, match="does not fit TautNetClassifier: .*no_such_parameter"
    ):
        load(tmp_path / "a.taut").to_estimator()


class Payload:
    """What a pickle would execute."""

    def __reduce__(self):
        return Path.touch, (Path("executed"),)


# Loads many damaged files in one process whose memory may grow by 200 MB, and says what is not
# as it should be.
MANY = """
import resource, sys, time
from pathlib import Path
from tautnet import ModelFileError, load
def model(path):
    loaded = load(path)
    return repr(loaded.members), loaded.encoder.recipes
import numpy as np
np.set_printoptions(threshold=10**9, floatmode="unique")
good = model("good.taut")
statm = Path("/proc/self/statm")
pages = int(statm.read_text().split()[0]) if statm.exists() else 0
if pages:
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 200_000_000,) * 2)
n = 0
for path in sorted(Path("bad").iterdir()):
    start = time.process_time()
    try:
        # A blank in the padding may become another blank: then the model is the same.
        if model(path) != good:
            print(path.name, "was loaded")
    except ModelFileError as error:
        n += 1
    # Seconds of the processor; on a quiet machine a tenth of them is enough.
    if time.process_time() - start > 20:
        print(path.name, "took long")
print(n)
"""


def mutations(good):
    """500 damaged files: cut, or with bytes flipped, exchanged or added.

    Some have huge lengths, and some are files of other kinds.
    """
    rng = np.random.default_rng(0)
    length = int.from_bytes(good[:8], "little")
    yield from (good[:n] for n in rng.integers(0, len(good), 100).tolist())
    for i, at in enumerate(rng.integers(0, len(good), 240).tolist()):
        flipped = bytearray(good)
        for byte in range(at, min(at + 1 + i % 3, len(good))):
            flipped[byte] ^= 1 << (i % 8)
        yield bytes(flipped)
    for at in rng.integers(8, length, 60).tolist():
        yield good[:at] + good[at + 40 :] + good[at : at + 40]
    for at in rng.integers(8, len(good), 50).tolist():
        yield good[:at] + rng.bytes(9) + good[at:]
    for size in (
        0,
        1,
        length - 1,
        length + 1,
        2 * length,
        10**6,
        8_000_001,
        2**31,
        2**40,
        2**63,
        2**64 - 1,
    ):
        yield size.to_bytes(8, "little") + good[8:]
    for text in (
        b"[" * 5_000_000,
        b'{"a":' * 1_000_000,
        b'"' + b"a" * 5_000_000,
        b"0" * 5_000_000,
        b"[],",
        b"{},",
    ):
        text = text * (1 if len(text) > 9 else 2_500_000)
        yield len(text).to_bytes(8, "little") + text
        manifest = {"__metadata__": {"tautnet": text.decode()}}
        header = json.dumps(manifest).encode()[:7_900_000]
        yield len(header).to_bytes(8, "little") + header
    manifest, arrays = contents(good)
    # As many parts as are parsed at all: what is wrong is found behind them.
    for part in ("ab", [], 0.5):
        yield rebuilt(manifest | {"class": "odd", "unit": [part] * 490_000}, arrays)
    others = [
        b"",
        b"PK\x03\x04" + bytes(5000),
        pickle.dumps(Payload()),
        b"\x1f\x8b" + bytes(99),
        b"\x00" * 5000,
    ]
    yield from others
    manifest, arrays = contents(good)
    for change, _ in HOSTILE.values():
        manifest, arrays = contents(good)
        change(manifest, arrays)
        yield rebuilt(manifest, arrays)


def test_five_hundred_damaged_files(good, tmp_path):
    (tmp_path / "good.taut").write_bytes(good)
    (tmp_path / "bad").mkdir()
    damaged = list(mutations(good))
    n = len(damaged)
    for i, data in enumerate(damaged):
        (tmp_path / "bad" / f"{i:03}").write_bytes(data)
    ended = subprocess.run(
        [sys.executable, "-c", MANY], capture_output=True, text=True, cwd=tmp_path
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    # All but those in which a blank has become a blank.
    assert n >= 500 and n - 2 <= int(ended.stdout) <= n, ended.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "good.taut"]


def test_no_such_file_and_a_directory(tmp_path):
    with pytest.raises(tn.ModelFileError, match="no such file: "):
        load(tmp_path / "none.taut")
    with pytest.raises(tn.ModelFileError, match="cannot read .*: Is a directory"):
        load(tmp_path)
