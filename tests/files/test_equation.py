"""An equation in Python and one in SQL predict what the model predicts.

Missing cells and unseen levels are included.
"""

import math
import sqlite3

import numpy as np
import pandas as pd
import pytest
from random_models import NARROW, make_model, make_table, run_command, with_odd_cells

from tautnet import options
from tautnet.files.equation import LANGUAGES, equation
from tautnet.objective.prediction import ACTIVATIONS, MEANS
from tautnet.tables.cells import as_numbers
from tautnet.tables.errors import TableError

pytestmark = pytest.mark.filterwarnings("ignore:.* not seen in training:UserWarning")

MODELS = {
    "two classes": dict(hidden=(3,)),
    "three classes": dict(classes=("it's", 'a "b"', "é\n"), hidden=(4, 2), activation="tanh"),
    "ensemble": dict(classes=("a", "b", "c"), hidden=(), n_members=2),
    "several labels": dict(task="multilabel", classes=(0, 1), hidden=(3,), activation="identity"),
    "quantities": dict(task="regression", hidden=(3,), activation="silu"),
    "splines": dict(task="regression", hidden=(3,), inputs="splines"),
    "smooth": dict(hidden=(3,), inputs="smooth"),
    "clamped": dict(task="regression", hidden=(3,), n_members=2, limits=NARROW),
    "counts": dict(task="regression", mean="exp", hidden=(), n_members=2),
    "survival": dict(task="survival", hidden=(3,), skip=False),
    "nothing": dict(idle=tuple(make_table())),
}


def as_cells(table):
    """Rows as a database gives them: dates as days, None where a cell is missing."""
    table = table.copy()
    for name, cells in table.items():
        if "day" in name:
            cells = pd.Series(as_numbers(name, cells, "date"), table.index)
        table[name] = cells.astype(object).where(cells.notna(), None)
    return table


def run_python(text, table):
    names = {}
    exec(compile(text, "equation", "exec"), names)
    found = [names["predict"](row) for row in table.to_dict("records")]
    return np.array(
        [list(one.values()) if isinstance(one, dict) else np.atleast_1d(one) for one in found]
    )


def run_sql(text, table):
    """The columns of the predictions, and their names."""
    database = sqlite3.connect(":memory:")
    try:
        # SQLite can be built without functions of mathematics.
        for name, function in (("EXP", math.exp), ("LN", math.log), ("SQRT", math.sqrt)):
            database.create_function(name, 1, function, deterministic=True)
        quoted = ['"' + name.replace('"', '""') + '"' for name in table.columns]
        database.execute(f"CREATE TABLE data ({', '.join(quoted)})")
        database.executemany(
            f"INSERT INTO data VALUES ({', '.join('?' * len(quoted))})", table.to_numpy().tolist()
        )
        cursor = database.execute(text)
        names = [one[0] for one in cursor.description]
        made = [
            i
            for i, name in enumerate(names)
            if name.startswith(("probability_", "prediction", "risk"))
        ]
        return np.array([[row[i] for i in made] for row in cursor]), [names[i] for i in made]
    finally:
        database.close()


@pytest.mark.parametrize("name", MODELS)
def test_equations_predict_what_the_model_predicts(name):
    model, table = make_model(**MODELS[name])
    for rows in (table, with_odd_cells(table)):
        expected = (model.predict if model.classes is None else model.predict_proba)(rows).reshape(
            len(rows), -1
        )
        scale, cells = np.abs(expected).max(), as_cells(rows)
        assert np.abs(run_python(equation(model), cells) - expected).max() <= 1e-9 * scale
        found, names = run_sql(equation(model, "sql"), cells)
        assert np.abs(found - expected).max() <= 1e-9 * scale
    if model.classes is not None:
        assert names == [f"probability_{one}" for one in model.classes]


def test_an_equation_knows_all_that_a_prediction_can_be_made_of():
    one = LANGUAGES["python"](make_model("survival", hidden=())[0].prune())
    assert all(one.activation(name, "z") for name in ACTIVATIONS)
    assert all(one.mean(name, ["f"]) for name in MEANS)


def test_what_a_person_reads():
    table = pd.DataFrame({"age": np.arange(90.0), "sex": ["male", "female"] * 45})
    model, _ = make_model("survival", hidden=(), table=table, idle=())
    member = model.members[0]
    member.layers[0][:], member.biases[0][:] = [[0.5], [-2.0]], 0.25
    member.scaling.centre[:], member.scaling.scale[:] = [30.0, 0.5], [10.0, 0.5]
    lines = equation(model).splitlines()
    assert "# The log hazard ratio of 'y'." in lines
    assert (
        "# The prediction of 'y'."
        in equation(make_model("regression", hidden=(3,))[0]).splitlines()
    )
    assert lines[lines.index("def predict(row):") + 1 :] == [
        "    x1 = 0.0 if missing(row['age']) else (row['age'] - 30.0) / 10.0",
        "    x2 = 1.0 if level(row, 'sex') == 'male' else -1.0",
        "    f1 = 0.25 + 0.5 * x1 - 2.0 * x2",
        "    p1 = f1",
        "    return p1",
    ]
    column = 'CASE WHEN t."age" IS NULL THEN 0.0 ELSE (t."age" - 30.0) / 10.0 END'
    assert (
        f"    CAST({column} AS DOUBLE PRECISION) AS tautnet_x1,"
        in equation(model, "sql").splitlines()
    )


def test_codes_and_truth_values_are_known_in_every_way_that_a_database_holds_them():
    table = pd.DataFrame(
        {"code": ["1", "2", "3"] * 30, "there": [True, False, None] * 30}, dtype=object
    )
    model, _ = make_model("survival", table=table, idle=())
    expected, text = model.predict(table), equation(model, "sql")
    truth = {True: 1, False: 0, None: None}
    for code, there in (
        ({"1": 1, "2": 2, "3": 3}, truth),
        ({"1": 1.0, "2": 2.0, "3": 3.0}, {**truth, True: "true"}),
    ):
        cells = pd.DataFrame(
            {"code": table["code"].map(code.get), "there": [there[one] for one in table["there"]]}
        )
        found, _ = run_sql(text, cells.astype(object).where(cells.notna(), None))
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-9)


def test_extreme_outputs_overflow_in_neither():
    X = pd.DataFrame({"x": np.linspace(-3, 3, 90)})
    for mean, classes in (("two_classes", ("a", "b")), ("softmax", ("a", "b", "c")), ("exp", None)):
        task = "regression" if classes is None else "classification"
        model, _ = make_model(task, classes or ("a",), hidden=(), mean=mean, table=X, idle=())
        model.members[0].layers[0][:] *= 5000
        expected = (model.predict if classes is None else model.predict_proba)(X).reshape(90, -1)
        assert 1.0 in expected or expected.max() > 1e17
        for found in (run_python(equation(model), X), run_sql(equation(model, "sql"), X)[0]):
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)


def test_a_column_that_is_not_there_is_an_error_in_both():
    model, table = make_model("survival", hidden=())
    cells = as_cells(table).drop(columns="size")
    with pytest.raises(KeyError, match="size"):
        run_python(equation(model), cells)
    with pytest.raises(sqlite3.OperationalError, match="no such column: t.size"):
        run_sql(equation(model, "sql"), cells)


def test_languages_are_those_of_the_option_and_no_others():
    assert tuple(LANGUAGES) == options.LANGUAGES
    with pytest.raises(ValueError, match="language must be 'python' or 'sql', got 'cobol'"):
        make_model()[0].equation("cobol")


def test_too_large_an_equation_says_what_to_do():
    with pytest.raises(
        TableError,
        match="the equation would have 1,[0-9]+ terms, more than 200: fit a model with a",
    ):
        equation(make_model(hidden=(50,))[0])


def test_the_command_prints_what_runs(tmp_path, monkeypatch, capsys):
    model, table = make_model(hidden=(3,))
    file, cells = model.save(tmp_path / "model.taut"), as_cells(table)
    for language, execute in (
        ("python", run_python),
        ("sql", lambda text, cells: run_sql(text, cells)[0]),
    ):
        assert run_command(monkeypatch, "show", file, "--equation", language) == 0
        np.testing.assert_allclose(
            execute(capsys.readouterr().out, cells), model.predict_proba(table), rtol=1e-9
        )
    assert run_command(monkeypatch, "show", file, "--equation", "cobol") == 2
    assert "'cobol' is not one of python, sql" in capsys.readouterr().err
    assert run_command(monkeypatch, "show", file, "--equation", "sql", "--json") == 2
    large = make_model(hidden=(50,))[0].save(tmp_path / "large.taut")
    assert run_command(monkeypatch, "show", large, "--equation", "sql") == 1
    assert capsys.readouterr().err.count("\n") == 2
