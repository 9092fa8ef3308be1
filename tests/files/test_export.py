"""A pruned model and an ONNX file predict what the model predicts.

Missing cells and unseen levels are included.
"""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from random_models import NARROW, make_model, make_table, run_command, with_odd_cells

from tautnet.files import onnx_export, onnx_graph
from tautnet.files.model_file import load
from tautnet.files.onnx_export import feeds, run
from tautnet.objective.prediction import ACTIVATIONS, MEANS
from tautnet.tables.errors import TableError

pytestmark = pytest.mark.filterwarnings("ignore:.* not seen in training:UserWarning")

MODELS = {
    "two classes": dict(),
    "three classes": dict(classes=("a", "", "é\n"), hidden=(5, 3), activation="tanh"),
    "numbered classes": dict(classes=(1, 2, 5), hidden=()),
    "truth": dict(classes=(False, True), activation="silu", skip=False),
    "ensemble": dict(classes=("a", "b", "c"), n_members=3),
    "several labels": dict(task="multilabel", classes=(0, 1), activation="identity"),
    "quantities": dict(task="regression", activation="silu"),
    "splines": dict(task="regression", n_members=2, inputs="splines"),
    "smooth": dict(inputs="smooth"),
    "clamped": dict(task="regression", n_members=2, limits=NARROW),
    "counts": dict(task="regression", mean="exp", n_members=2),
    "survival": dict(task="survival", n_members=2),
}


def predictions(model, table):
    return model.predict(table) if model.classes is None else model.predict_proba(table)


def difference(model, other, table):
    """The largest difference of predictions, in units of their scale."""
    expected = predictions(model, table)
    return np.abs(predictions(other, table) - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("name", MODELS)
def test_a_pruned_model_predicts_the_same_from_fewer_columns(name):
    model, table = make_model(**MODELS[name])
    small, odd = model.prune(), with_odd_cells(table)
    assert difference(model, small, odd) < 1e-12
    assert (predictions(small, odd.drop(columns="idle")) == predictions(small, odd)).all()
    assert small.encoder.left_out["idle"] == "has left: all its weights are 0"
    is_idle = np.array(model.encoder.predictors)[model.encoder.column_predictor] == "idle"
    for large, one in zip(model.members, small.members, strict=True):
        idle = 0 if len(large.layers) == 1 else 2
        assert sum(map(len, one.biases)) == sum(map(len, large.biases)) - idle
        n_idle = np.isin(large.scaling.source, np.flatnonzero(is_idle)).sum()
        assert 1 <= n_idle == large.layers[0].shape[0] - one.layers[0].shape[0]
    assert difference(small, small.prune(), odd) == 0.0


def test_an_array_of_all_columns_still_fits_a_pruned_model():
    X = np.random.default_rng(0).normal(size=(90, 4))
    model, _ = make_model(
        "survival", table=pd.DataFrame(X, columns=["x0", "x1", "x2", "x3"]), idle=("x0", "x2")
    )
    assert model.prune().encoder.predictors == ["x1", "x3"]
    np.testing.assert_allclose(model.prune().predict(X), model.predict(X), rtol=1e-12)


def test_what_any_member_needs_stays():
    model, table = make_model("survival", idle=("idle", "size"))
    other, _ = make_model("survival", idle=("idle", "zip"), seed=1)
    both = replace(model, members=model.members + other.members)
    assert set(both.encoder.predictors) - set(both.prune().encoder.predictors) == {"idle"}
    assert difference(both, both.prune(), table) < 1e-12


@pytest.mark.parametrize("skip", [True, False])
def test_a_network_whose_hidden_units_all_died_is_what_is_left_of_it(skip):
    model, table = make_model("survival", hidden=(4, 3), skip=skip)
    member = model.members[0]
    dead = replace(
        model,
        members=(
            member._replace(layers=(member.layers[0], 0 * member.layers[1], member.layers[2])),
        ),
    )
    small = dead.prune()
    assert len(small.members[0].layers) == 1 and small.members[0].skip is None
    assert len(small.encoder.predictors) == (8 if skip else 1)
    assert difference(dead, small, table) < 1e-12


def test_a_pruned_model_says_what_it_needs_and_can_be_kept(tmp_path, capsys):
    model, table = make_model()
    loaded = load(model.prune().save(tmp_path / "small.taut"))
    assert (
        loaded.predict_proba(table.drop(columns="idle")) == model.prune().predict_proba(table)
    ).all()
    loaded.show()
    assert "not used: idle (has left: all its weights are 0)" in capsys.readouterr().out
    with pytest.raises(ValueError, match="a pruned model only predicts"):
        loaded.to_estimator()


def test_a_model_that_keeps_no_predictor_needs_a_column_to_count_rows(tmp_path):
    model, table = make_model(idle=tuple(make_table()))
    small = model.prune()
    assert small.encoder.predictors == ["size"]
    model.to_onnx(tmp_path / "model.onnx")
    found, _ = run((tmp_path / "model.onnx").read_bytes(), feeds(small, table[["size"]]))
    np.testing.assert_allclose(found, model.predict_proba(table), rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_an_onnx_file_predicts_the_same(name, tmp_path):
    model, table = make_model(**MODELS[name])
    inputs = model.to_onnx(tmp_path / "model.onnx")
    small, odd = model.prune(), with_odd_cells(table)
    assert len(inputs) == len(small.encoder.predictors) < len(model.encoder.predictors)
    for rows in (table, odd, odd.iloc[:1]):
        found, *labels = run((tmp_path / "model.onnx").read_bytes(), feeds(small, rows))
        expected = predictions(model, rows).reshape(found.shape)
        assert np.abs(found - expected).max() <= 1e-9 * np.abs(expected).max()
        for label in labels:
            assert label.tolist() == model.predict(rows).tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]


def test_the_graph_is_whole_named_after_the_columns_and_the_same_each_time():
    import onnx

    model, _ = make_model()
    made = onnx_graph.make_model(model.prune())
    onnx.checker.check_model(made, full_check=True)
    assert [one.name for one in made.graph.input] == [
        "size",
        "probabilities",
        "only whether",
        'a "day"\n',
        "column",
        "town'); --",
        "zip",
        "code",
    ]
    # A predictor has the name of an output here.
    assert [one.name for one in made.graph.output] == ["probabilities_2", "label"]
    assert [one.doc_string for one in made.graph.input][2:6] == [
        "'only whether': a number, NaN where it is missing",
        "'a \"day\"\\n': days since 1970-01-01, NaN where it is missing",
        "'': boolean as text, '' where it is missing",
        "\"town'); --\": category as text, '(missing)' where it is missing",
    ]
    assert made.SerializeToString() == onnx_graph.make_model(model.prune()).SerializeToString()
    # What was pruned is not in it: no constant has a row for it, or a column for a unit that is
    # gone.
    n_columns, n_units = len(model.prune().encoder.column_names), 2
    shapes = [tuple(one.dims) for one in made.graph.initializer]
    assert (n_columns, n_units) in shapes and len(model.encoder.column_names) == n_columns + 1
    assert not any(len(model.encoder.column_names) in shape for shape in shapes)


def test_the_graph_knows_all_that_a_prediction_can_be_made_of():
    assert (
        onnx_graph.ACTIVATIONS.keys() == ACTIVATIONS.keys()
        and onnx_graph.MEANS.keys() == MEANS.keys()
    )


def test_the_sample_has_every_level_one_unseen_and_missing_cells():
    model, _ = make_model()
    rows = onnx_export.sample(model)
    assert rows.isna().any().all()
    known = {
        recipe["predictor"]: set(recipe["levels"])
        for recipe in model.encoder.recipes
        if "levels" in recipe
    }
    for name, levels in known.items():
        assert len(set(rows[name].dropna()) - levels) == 1 and levels <= set(rows[name])
    assert rows.equals(onnx_export.sample(model))


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_file_that_predicts_otherwise_is_not_written(task, tmp_path, monkeypatch):
    model, _ = make_model(task)
    file = tmp_path / "model.onnx"
    file.write_text("old")
    scale = model.members[0].target_scaling.scale[0]

    def shifted(by):
        def last(graph, outputs):
            return graph.add("Add", right(graph, outputs), graph.constant(by))

        return last

    name = model.members[0].mean_name
    right = onnx_graph.MEANS[name]
    monkeypatch.setitem(onnx_graph.MEANS, name, shifted(2e-5 * scale))
    with pytest.raises(
        TableError, match="onnxruntime does not give the model's predictions to 1e-05: nothing was"
    ):
        model.to_onnx(file)
    assert file.read_text() == "old"
    monkeypatch.setitem(onnx_graph.MEANS, name, shifted(0.5e-5 * scale))
    model.to_onnx(file)
    assert file.read_bytes() != b"old"


def test_a_file_that_does_not_run_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setitem(
        onnx_graph.ACTIVATIONS, "relu", lambda graph, signal: graph.add("Softplus", signal)
    )
    with pytest.raises(
        TableError, match="onnxruntime cannot run the file, nothing was written: .*Softplus"
    ):
        make_model()[0].to_onnx(tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_label_is_seen(tmp_path):
    model, _ = make_model(classes=("no", "yes"))
    swapped = replace(model, attributes={"classes_": np.array(["yes", "no"])})
    object.__setattr__(swapped, "prune", model.prune)
    with pytest.raises(TableError, match="the model's labels: nothing was written"):
        onnx_export.write_onnx(swapped, tmp_path / "model.onnx")


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_the_extra_one_line_says_how_to_get_it(package, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        TableError, match=f"an ONNX file needs {package}: pip install 'tautnet\\[onnx\\]'"
    ):
        make_model()[0].to_onnx(tmp_path / "model.onnx")


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(
        TableError, match="cannot write to .*file/model.onnx: .*; choose another place"
    ):
        make_model()[0].to_onnx(tmp_path / "file" / "model.onnx")


def test_the_command(tmp_path, monkeypatch, capsys):
    model, table = make_model()
    file, out = model.save(tmp_path / "model.taut"), tmp_path / "model.onnx"
    assert run_command(monkeypatch, "export", file, "--onnx", out) == 0
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[-1] == f"ONNX: {out}"
    assert said.err.splitlines()[0] == "input 'size': a number, NaN where it is missing"
    found, _ = run(out.read_bytes(), feeds(model.prune(), table))
    np.testing.assert_allclose(found, model.predict_proba(table), rtol=1e-9)
    assert run_command(monkeypatch, "export", file, "--onnx", file) == 2
    assert "--onnx names the model file itself" in capsys.readouterr().err
    assert run_command(monkeypatch, "export", tmp_path / "no.taut", "--onnx", out) == 1
    assert "tautnet: error: no such file" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert run_command(monkeypatch, "export", file, "--onnx", out) == 1
    assert capsys.readouterr().err.endswith(
        "an ONNX file needs onnx: pip install 'tautnet[onnx]'\n"
    )
