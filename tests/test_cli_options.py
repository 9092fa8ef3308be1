"""Each option of ``compare`` works and changes what it should: no option is dead.

The command runs inside this process, and mostly without a hidden layer, so that little has to be
compiled; `test_cli` starts it for real.
"""

import contextlib
import io
import json

import numpy as np
import pytest

import tautnet as tn
from tautnet.commands.app import app
from tautnet.options import CommandError

NETWORK = ("--hidden", "4, 3")


@pytest.fixture(autouse=True)
def inside(monkeypatch, tmp_path):
    """Whatever a command would write without being asked to stays in a directory of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def columns():
    """Groups ``g``, weights ``w``, and a target that follows a and, a little, w."""
    rng = np.random.default_rng(0)
    a, b, w = rng.normal(size=48), rng.normal(size=48), rng.integers(1, 4, size=48)
    y = a + 0.3 * w + 0.4 * rng.normal(size=48)
    g = np.repeat(np.arange(12), 4)
    return {
        "a": a.round(3),
        "b": b.round(3),
        "g": g,
        "w": w,
        "y": y.round(3),
        "big": (y > 0.6).astype(int),
    }


def text(columns, delimiter=",", decimal="."):
    rows = zip(*columns.values(), strict=True)
    lines = [delimiter.join(str(cell).replace(".", decimal) for cell in row) for row in rows]
    return "\n".join([delimiter.join(columns), *lines]) + "\n"


@pytest.fixture(scope="module")
def study(columns, tmp_path_factory):
    """Compare on a table with some options and return the JSON object; equal calls run once."""
    directory, known = tmp_path_factory.mktemp("tables"), {}

    def study(*options, target="y", content=None):
        content = text(columns) if content is None else content
        key = options, target, content
        if key not in known:
            path = directory / "t.csv"
            path.write_text(content, encoding="latin-1")
            arguments = [
                "compare",
                str(path),
                "--target",
                target,
                "--json",
                "--cv",
                "3",
                "--hidden",
                "0",
            ]
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = app([*arguments, "--penalties", "l2", *options], standalone_mode=False)
            assert not code, err.getvalue()
            known[key] = json.loads(out.getvalue()) | {"stderr": err.getvalue()}
        return known[key]

    return study


def losses(result):
    return [row["test_loss"] for row in (*result["rows"], result["linear"])]


def test_drop(study):
    assert study()["n_predictors"] == 5
    dropped = study("--drop", "g, w")
    assert dropped["n_predictors"] == 3
    assert losses(dropped) != losses(study())


@pytest.mark.parametrize("options", [("--group-col", "g"), ("--weights", "w")])
def test_groups_and_weights(study, options):
    """They are no predictors any more, and count: groups in the folds, weights in the means."""
    used, dropped = study(*options), study("--drop", options[1])
    assert used["n_predictors"] == dropped["n_predictors"] == 4
    assert used["null"] != dropped["null"]
    assert losses(used) != losses(dropped)


def test_equal_weights_change_nothing(study, columns):
    content = text(columns | {"w": np.full(48, 2)})
    weighted, plain = (
        study(*options, content=content) for options in (("--weights", "w"), ("--drop", "w"))
    )
    np.testing.assert_allclose(losses(weighted), losses(plain), rtol=1e-6)


@pytest.mark.parametrize(
    "options", [("--ordered",), ("--seed", "1"), ("--repeats", "2", "--penalties", "none,l2")]
)
def test_folds(study, options):
    changed = study(*options)
    assert changed["null"] != study()["null"]
    assert changed["seed"] == (1 if "--seed" in options else 0)


def test_repeats_give_the_corrected_interval(study):
    versus = study("--repeats", "2", "--penalties", "none,l2")["rows"][1]["vs_none"]
    assert versus["t_ci_low"] < versus["diff"] < versus["t_ci_high"]
    assert "t_ci_low" not in study()["rows"][0]["vs_linear"]


def test_select(study):
    simple, least = (study(*options)["rows"][0] for options in (("--select", "1se"), ()))
    assert simple["alpha"] > least["alpha"]
    assert simple["alpha"] == least["one_se"]["alpha"]
    assert simple["test_loss"] == least["one_se"]["test_loss"]


def test_l1_ratio(study):
    """All of l1 takes predictors out, none of it takes none."""
    ends = [
        study("--penalties", "elasticnet", "--select", "1se", "--l1-ratio", share)
        for share in ("0", "1")
    ]
    assert [end["rows"][0]["predictors_kept"] < 5 for end in ends] == [False, True]


def test_finish(study, columns):
    """Curved and without noise: the path alone does not get to the bottom of this."""
    content = text(columns | {"y": (columns["a"] ** 2 + columns["b"]).round(3)})
    smooth = (*NETWORK, "--activation", "silu")
    finished, walked = (
        study(*smooth, *more, content=content)["rows"][0] for more in (("--finish",), ())
    )
    assert finished["stationarity"] < walked["stationarity"]
    assert finished["test_loss"] != walked["test_loss"]


def test_task(study):
    """Two values are classes unless one says otherwise."""
    result = study("--task", "regression", target="big")
    assert (result["task"], result["metric"]) == ("regression", "mean squared error")


def test_hidden_layers_and_activation(study):
    """Without a hidden layer the rows are those of the linear map.

    With two there are weights between them.
    """
    result = study()
    assert result["rows"][0]["n_weights"] == 5
    assert result["rows"][0]["test_loss"] == result["linear"]["test_loss"]
    rows = [study(*NETWORK, "--activation", name)["rows"][0] for name in ("relu", "tanh")]
    assert {row["n_weights"] for row in rows} == {5 * 4 + 4 * 3 + 3 + 5}
    assert rows[0]["test_loss"] != rows[1]["test_loss"]


def test_inputs(study):
    """The linear model stays what it is."""
    splines = study("--inputs", "splines")
    # Three columns of numbers have a curve and four ramps each, of four values w has fewer.
    assert splines["rows"][0]["n_weights"] > 5 == splines["linear"]["n_weights"]
    assert splines["linear"]["test_loss"] == study()["linear"]["test_loss"]


def test_network(columns, tmp_path):
    """One that is named is taken; without a name it is chosen, and said which."""
    path = tmp_path / "t.csv"
    path.write_text(text(columns))
    given = ("compare", str(path), "--target", "y", "--cv", "3", "--penalties", "l2", "--json")
    plain, auto = (
        json.loads(run(*given, "--no-boosting", *more)[1]) for more in (("--network", "plain"), ())
    )
    assert plain["networks"] is None
    assert [one["name"] for one in auto["networks"]] == ["plain", "small", "deep"]
    assert sum(one["outer_folds"] for one in auto["networks"]) == 3
    [chosen] = [one for one in auto["networks"] if one["is_chosen"]]
    assert (chosen["name"] == "plain") == (
        auto["rows"][0]["n_weights"] == plain["rows"][0]["n_weights"]
    )


def test_alpha_min_ratio(study):
    """A path that starts at its end has no other strength to choose."""
    assert study("--alpha-min-ratio", "1")["rows"][0]["alpha"] > study()["rows"][0]["alpha"]


def test_na(study, columns):
    cells = columns["a"].astype(str)
    cells[:3] = ["?", "oops", "?"]
    marked = study("--na", "?", "--na", "oops", content=text(columns | {"a": cells}))
    assert marked["n_predictors"] == 5
    # The cells are imputed, and an indicator stands beside the numbers.
    assert marked["linear"]["n_weights"] == 6


def test_decimal_comma(study, columns):
    comma = study("--decimal", ",", content=text(columns, ";", ","))
    assert losses(comma) == losses(study())


def test_encoding(study, columns):
    content = text(columns | {"a": np.where(columns["a"] > 0, "café", "thé")})
    result = study("--encoding", "latin-1", content=content)
    assert result["n_predictors"] == 5


def test_loss_delta_and_quantile(study):
    assert study("--loss", "poisson", target="w")["metric"] == "Poisson deviance"
    median, high = study("--loss", "quantile"), study("--loss", "quantile", "--quantile", "0.9")
    assert median["metric"] == high["metric"] == "pinball loss"
    assert losses(median) != losses(high)
    wide, narrow = study("--loss", "huber"), study("--loss", "huber", "--delta", "0.3")
    assert wide["metric"] == narrow["metric"] == "Huber loss"
    assert losses(wide) != losses(narrow)
    # A target of two values is a quantity where its loss says so.
    counts = study("--loss", "poisson", target="big")
    assert (counts["metric"], counts["task"]) == ("Poisson deviance", "regression")


def test_clamp_output(study, columns):
    """Two rows are far out: a network says of them what it likes, or nothing beyond its targets."""
    a = columns["a"].copy()
    a[[0, 1]] = [40.0, -40.0]
    content = text(columns | {"a": a})
    clamped, free = (
        study(*NETWORK, *more, content=content) for more in ((), ("--no-clamp-output",))
    )
    assert clamped["rows"][0]["test_loss"] < free["rows"][0]["test_loss"]
    assert clamped["linear"]["test_loss"] == free["linear"]["test_loss"]


def run(*arguments):
    """Exit code, standard output and error of the command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = app(list(arguments), standalone_mode=False)
        except CommandError as error:
            return 2, "", error.format_message()
    return code, out.getvalue(), err.getvalue()


def test_fit_takes_from_a_run_what_serves_what_it_delivered(columns, tmp_path):
    """Not the activation of a network that was not delivered; an older run clamped nothing."""
    path = tmp_path / "t.csv"
    path.write_text(text(columns))
    options = ("--cv", "3", *NETWORK, "--activation", "tanh", "--penalties", "l2")
    given = (str(path), "--target", "y")
    delivered = ("--no-boosting", "--deliver", "linear", "--out", "run")
    code, _, err = run("compare", *given, *options, *delivered)
    assert not code, err
    again = ("fit", *given, "--as", "run", "--model", "m.taut")
    code, _, err = run(*again)
    assert not code, err
    assert tn.load("m.taut").parameters["hidden_layer_sizes"] == ()
    result = tmp_path / "run/result.json"
    older = json.loads(result.read_text())
    older["detail"]["settings"]["hidden_layer_sizes"] = [4, 3]
    del older["detail"]["settings"]["clamp_output"]
    result.write_text(json.dumps(older))
    code, _, err = run(*again)
    assert not code, err
    assert tn.load("m.taut").parameters["clamp_output"] is False
    code, _, err = run(*again, "--no-clamp-output")
    assert code == 2 and "leave out --no-clamp-output" in err
    code, _, err = run(*again, "--network", "deep")
    assert code == 2 and "leave out --network" in err


def test_time_event_and_ties(columns, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(text(columns | {"t": np.exp(-columns["a"]).round(3)}))
    options = ("--cv", "3", "--hidden", "0", "--penalties", "l2", "--json", "--drop", "y")
    code, out, _ = run("compare", str(path), "--time", "t", "--event", "big", *options)
    result = json.loads(out)
    assert not code and (result["task"], result["target"]) == ("survival", "t")
    assert result["n_predictors"] == 4 and result["linear"]["score_name"] == "c_index"
    # Times rounded to one digit are often equal, and then it matters how ties are told apart.
    path.write_text(text(columns | {"t": np.exp(-columns["a"]).round(1) + 0.1}))
    survival = ("compare", str(path), "--time", "t", "--event", "big", *options)
    breslow, efron = (
        json.loads(run(*survival, "--ties", ties)[1]) for ties in ("breslow", "efron")
    )
    assert losses(breslow) != losses(efron)
    code, _, err = run("compare", str(path), "--time", "a", "--event", "big", *options)
    assert code == 1 and "times in 'a' are not above 0" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--time", "t"], "--time and --event go together"),
        (["--time", "t", "--event", "e", "--target", "y"], "use one or the other"),
        (["--time", "t", "--event", "e", "--loss", "huber"], "--loss does nothing"),
        (["--time", "t", "--event", "e", "--task", "regression"], "--task does nothing"),
        (
            ["--target", "y", "--quantile", "0.9"],
            "--quantile does nothing here: it needs --loss quantile",
        ),
        (["--target", "y", "--delta", "2"], "--delta does nothing here: it needs --loss huber"),
        (
            ["--target", "y", "--loss", "huber", "--delta", "0"],
            "0.0 is not a finite number above 0",
        ),
        (
            ["--target", "y", "--ties", "efron"],
            "--ties does nothing here: it needs --time and --event",
        ),
        (
            ["--time", "t", "--event", "e", "--ties", "exact"],
            "'exact' is not one of breslow, efron",
        ),
        (
            ["--target", "y", "--loss", "huber", "--task", "classification"],
            "--loss does nothing here: it needs a regression",
        ),
        (
            ["--target", "y", "--penalties", "dropout", "--hidden", "0"],
            "dropout leaves hidden units out",
        ),
        (
            ["--target", "y", "--penalties", "l1", "--l1-ratio", "0.9"],
            "--l1-ratio does nothing here: it needs the penalty elasticnet or",
        ),
        (
            ["--target", "y", "--loss", "quantile", "--quantile", "2"],
            "2.0 is not a number between 0 and 1",
        ),
    ],
)
def test_targets_and_losses_that_do_not_go_together(options, says):
    code, _, err = run("compare", "t.csv", *options)
    assert code == 2 and says in err


def test_columns(columns, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(text(columns))
    options = ("--target", "y", "--cv", "3", "--hidden", "0", "--penalties", "l2")
    arguments = ("compare", str(path), *options, "--columns", "alpha, rmse,accuracy")
    code, out, err = run(*arguments)
    assert not code, err
    lines = out.splitlines()
    assert lines[2].split() == ["typical"]
    assert lines[3].split() == ["penalty", "alpha", "error"]
    assert "Not there for this regression: accuracy." in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--columns", "alpha,colour"], "no column 'colour': use all, or some of explained, rmse,"),
        (["--columns", "alpha,alpha"], "name at least one column, and each once, or all alone"),
        (["--columns", "all,alpha"], "or all alone"),
        (["--columns", " "], "name at least one column"),
        (["--columns", "all", "--json"], "--columns does nothing with --json"),
    ],
)
def test_columns_that_do_nothing_are_refused(options, says):
    code, _, err = run("compare", "t.csv", "--target", "y", *options)
    assert code == 2 and says in err and "\n" not in err


def test_relax(study):
    """A further row; its refits are of fewer predictors, and judged by the same folds."""
    relaxed, plain = study("--penalties", "group", "--relax"), study("--penalties", "group")
    group, row = relaxed["rows"]
    assert [group["penalty"], row["penalty"]] == [
        "group",
        "relaxed_group",
    ] and row.keys() == group.keys()
    alike = ("alpha", "test_loss", "predictors_kept", "stationarity")
    assert [group[key] for key in alike] == [plain["rows"][0][key] for key in alike]
    assert row["test_loss"] != group["test_loss"] and row["seconds"] > group["seconds"]
    assert relaxed["linear"]["test_loss"] == plain["linear"]["test_loss"]


@pytest.mark.parametrize(
    "options, says",
    [
        (
            ["--relax", "--penalties", "l1"],
            "--relax does nothing here: it needs the penalty group, whose predictors it refits",
        ),
        (["--relax", "--finish"], "--finish does nothing here: it needs --relax left out"),
        (
            ["--feature-groups", "groups.json", "--penalties", "l2,l1"],
            "--feature-groups does nothing here: it needs a penalty of whole predictors: group",
        ),
    ],
)
def test_refits_and_groups_that_would_do_nothing(options, says):
    code, _, err = run("compare", "t.csv", "--target", "y", *options)
    assert code == 2 and says in err


def test_feature_groups(study, tmp_path):
    path = tmp_path / "groups.json"
    path.write_text(json.dumps({"both": ["b", "a"], "rest": ["g", "w", "big"]}))
    grouped = study("--penalties", "group", "--feature-groups", str(path))
    assert grouped["n_predictors"] == grouped["rows"][0]["predictors_total"] == 2
    assert losses(grouped) != losses(study("--penalties", "group"))


TABLE = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{i % 7 + 0.1 * i:.1f}\n" for i in range(30))


@pytest.mark.parametrize("command", ["compare", "fit", "select"])
@pytest.mark.parametrize(
    "content, says",
    [
        (None, "cannot read {path}: No such file or directory; write"),
        ("a: b", "{path} is not JSON: write"),
        ("[1, 2]", "{path} does not hold names with lists of columns: write"),
        ('{"one": "a", "two": ["b"]}', "{path} does not hold names with lists of columns: write"),
        ('{"one": ["a", "b", "c"]}', "{path}: 'one' names 'c', which is no column"),
        (
            '{"one": ["a", "b"], "two": ["a"]}',
            "{path}: 'a' is in 'one' and 'two'; name each column once",
        ),
        ('{"one": ["a"]}', "{path}: leaves out b; name each column once"),
    ],
)
def test_wrong_feature_groups_are_refused_in_one_line(command, content, says, tmp_path):
    path, data = tmp_path / "groups.json", tmp_path / "t.csv"
    data.write_text(TABLE)
    if content is not None:
        path.write_text(content)
    more = {
        "compare": [],
        "fit": ["--penalty", "group", "--model", str(tmp_path / "m.taut")],
        "select": [],
    }[command]
    code, out, err = run(command, str(data), "--target", "y", "--feature-groups", str(path), *more)
    assert code == 1 and out == "" and err.count("\n") == 1
    assert err.startswith(f"tautnet: error: {says.format(path=path)}")


def test_groups_of_columns_reach_a_model_and_a_selection(tmp_path):
    path, data, model = tmp_path / "groups.json", tmp_path / "t.csv", tmp_path / "m.taut"
    data.write_text(TABLE)
    path.write_text('{"both": ["a", "b"]}')
    options = ["--target", "y", "--cv", "3", "--hidden", "4", "--feature-groups", str(path)]
    code, _, err = run("fit", str(data), "--penalty", "group", "--model", str(model), *options)
    assert not code, err
    assert tn.load(model).parameters["feature_groups"] == {"both": ["a", "b"]}
    code, out, err = run("select", str(data), "--json", *options)
    assert not code and [one["name"] for one in json.loads(out)["predictors"]] == ["both"], err


def printed(capsys, *arguments):
    with contextlib.suppress(SystemExit):
        app(list(arguments), prog_name="tautnet", standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize("command", [(), ("fit",)])
def test_help_is_asked_for_in_three_ways(capsys, command):
    pages = [
        printed(capsys, *command, "--help"),
        printed(capsys, *command, "-h"),
        printed(capsys, "help", *command),
    ]
    assert "Usage: tautnet" in pages[0] and pages[0] == pages[1] == pages[2]


def test_completion_is_printed_for_a_shell(capsys):
    assert "_TAUTNET_COMPLETE=complete_bash" in printed(capsys, "--show-completion", "bash")


def complaint(*arguments):
    with pytest.raises(CommandError) as refused:
        app(list(arguments), standalone_mode=False)
    return refused.value.format_message()


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["compare", "iris", "--penalties", "l1,Ridge"], "no penalty 'Ridge' (did you mean 'l2'?)"),
        (["compare", "iris", "--penalties", "L2"], "no penalty 'L2' (did you mean 'l2'?)"),
        (["fit", "iris", "--model", "m", "--penalty", "lasso"], "(did you mean 'l1'?)"),
        (["compare", "iris", "--network", "dep"], "(did you mean 'deep'?)"),
        (["compare", "iris", "--activation", "ReLU"], "(did you mean 'relu'?)"),
        (["compare", "iris", "--penaltys", "l2"], "--penalties"),
        (["help", "compair"], "Did you mean 'compare'?"),
    ],
)
def test_what_may_be_meant_is_said(arguments, meant):
    assert meant in complaint(*arguments)
