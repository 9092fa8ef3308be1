"""The rules of arguments through every door to a fit: the tests are made of the tables.

Doors are the estimators, the functions, and the commands, which all run in this process. Functions
and commands refuse before they look at a table, so they are given none here.
"""

import inspect
import re
import subprocess
import sys

import numpy as np
import pytest
from random_models import run_command
from sklearn.model_selection import GridSearchCV

import tautnet as tn
from tautnet import options
from tautnet.commands.compare import compare as compare_command
from tautnet.commands.fit import fit as fit_command
from tautnet.commands.select import select as select_command
from tautnet.estimators.allowed import ALLOWED, NARROWER, allowed
from tautnet.estimators.given import gather
from tautnet.estimators.refusals import idle
from tautnet.estimators.rules import APPLIES, CONFLICTS, DEFAULTS
from tautnet.objective import choices, networks, prediction, tasks
from tautnet.objective.choices import AUTO

# Every penalty and every size has a program of its own, which runs for moments.
pytestmark = pytest.mark.usefixtures("compile_quickly")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 2))
Y = X[:, 0] + 0.3 * RNG.normal(size=20)
TARGETS = {"classification": np.where(Y > 0, "high", "low"), "regression": Y, "survival": np.exp(Y)}

ESTIMATORS = {
    "TautNetClassifier": tn.TautNetClassifier,
    "TautNetClassifierCV": tn.TautNetClassifierCV,
    "TautNetRegressor": tn.TautNetRegressor,
    "TautNetRegressorCV": tn.TautNetRegressorCV,
    "TautNetSurvival": tn.TautNetSurvival,
    "TautNetSurvivalCV": tn.TautNetSurvivalCV,
}
FUNCTIONS = {
    "compare": tn.compare,
    "fit_path": tn.fit_path,
    "select_features": tn.select_features,
}
# Each command, and the door whose rules it has.
COMMANDS = {
    "compare": (compare_command, "compare"),
    "fit": (fit_command, "estimator"),
    "select": (select_command, "select_features"),
}
# How a command calls what is called otherwise in a program.
IN_COMMANDS = {
    "hidden_layer_sizes": "hidden",
    "selection": "select",
    "random_state": "seed",
    "n_jobs": "jobs",
    "groups": "group_col",
    "method": "stability",
}
# What is checked with the table.
OF_TABLES = {"X", "y", "target", "sample_weight", "groups"}


def taken(door):
    """The parameters of a door."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(door).parameters.items()
        if name != "self"
    }


TAKEN = {name: taken(door) for name, door in FUNCTIONS.items()}
TAKEN |= {name: taken(cls.__init__) | {"groups": None} for name, cls in ESTIMATORS.items()}


def arguments_of(name, example):
    """What an example is to a door: the parameters that it has."""
    # A comparison does not choose its penalties.
    if name == "compare" and example.get("penalty", AUTO) != AUTO:
        example = example | {"penalties": [example["penalty"]]}
    if name in ESTIMATORS:
        example = example | {"task": ESTIMATORS[name].task}
        return {n: value for n, value in example.items() if n in TAKEN[name] or n == "task"}
    return {n: value for n, value in example.items() if n in TAKEN[name]}


def given_of(name, arguments):
    """The facts of a call of a door, and all that it takes."""
    whole = TAKEN[name] | arguments
    return whole, gather(whole, door=name if name in FUNCTIONS else "estimator")


def can_stand(name, example):
    """Whether a door takes an example at all: only folds can choose a penalty."""
    return example.get("penalty") != AUTO or "cv" in TAKEN[name]


def broken(names):
    """Every rule and every door of some that takes its parameter, where the example breaks it."""
    return [
        pytest.param(rule, name, id=f"{name}-{rule.parameter}-{i}")
        for i, rule in enumerate(APPLIES)
        for name in names
        if rule.parameter in TAKEN[name]
        and can_stand(name, rule.example)
        and not rule.applies(given_of(name, arguments_of(name, rule.example))[1])
    ]


# Beside an estimator of another kind nothing new can go wrong.
FITTED = ("TautNetRegressor", "TautNetRegressorCV")


def test_every_rule_is_broken_somewhere_and_exceptions_are_known():
    doors = [*FUNCTIONS, *FITTED]
    met = {
        (name, rule.parameter)
        for rule in APPLIES
        for name in doors
        if rule.parameter in TAKEN[name]
    }
    seen = {(param.values[1], param.values[0].parameter) for param in broken(doors)}
    # A comparison's linear model is solved, has a penalty and a strength; rows are held out; what
    # selects predictors takes whole ones out.
    assert met - seen == {
        ("compare", "tol"),
        ("compare", "selection"),
        ("compare", "alpha_min_ratio"),
        ("compare", "penalty_factors"),
        ("compare", "groups"),
        ("select_features", "groups"),
        ("select_features", "feature_groups"),
        ("TautNetRegressorCV", "groups"),
        ("TautNetRegressor", "loss"),
        ("TautNetRegressorCV", "loss"),
    }
    rules = {id(param.values[0]) for param in broken(doors)}
    rules |= {id(rule) for rule in APPLIES if rule.parameter == "ties"}
    assert rules == {id(rule) for rule in APPLIES}


@pytest.mark.parametrize("rule, name", broken(FUNCTIONS))
def test_functions_refuse_what_does_nothing(rule, name):
    arguments = arguments_of(name, rule.example)
    words = idle(*given_of(name, arguments))[rule.parameter]
    with pytest.raises(ValueError) as raised:
        FUNCTIONS[name](None, None, **arguments)
    said = str(raised.value)
    assert f"{rule.parameter}=" in said and "\n" not in said
    assert f" does nothing here: it needs {words}" in said


def fitted(name, arguments):
    """An estimator, fitted with arguments of which ``groups`` is one of its ``fit``."""
    cls = ESTIMATORS[name]
    own = {n: value for n, value in arguments.items() if n not in ("groups", "task")}
    quick = {"hidden_layer_sizes": (2,), "random_state": 0}
    if "cv" in TAKEN[name]:
        quick["cv"] = 2
    estimator = cls(**quick | own)
    return estimator.fit(X, TARGETS[cls.task], groups=arguments.get("groups"))


@pytest.mark.parametrize("rule, name", broken(FITTED))
def test_estimators_warn_of_what_does_nothing_and_fit_without(rule, name):
    arguments = arguments_of(name, rule.example)
    words = idle(*given_of(name, arguments))[rule.parameter]
    with pytest.warns(UserWarning) as caught:
        model = fitted(name, arguments)
    assert len(caught) == 1
    said = str(caught[0].message)
    assert f"{rule.parameter}=" in said and f" does nothing here: it needs {words}" in said
    plain = fitted(name, {n: v for n, v in arguments.items() if n != rule.parameter})
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    assert vars(model).keys() == vars(plain).keys()
    # Parameters stay as they were given, and a model file holds those that were fitted.
    for n, value in arguments.items():
        assert n in ("groups", "task") or model.get_params()[n] is value
    assert model.to_fitted().parameters == plain.to_fitted().parameters
    worker = model.without_idle()
    assert worker is not model or "groups" in arguments
    assert worker.without_idle() is worker


def typed(command, arguments):
    """What is typed for arguments; None where a command has no option for one of them."""
    known = taken(COMMANDS[command][0])
    line = []
    for name, value in arguments.items():
        option = IN_COMMANDS.get(name, name)
        if name == "penalty" and "penalties" in known:
            option = "penalties"
            if value == AUTO:
                return None
        if option not in known or option == "cv":
            return None
        line += words_of(option, value)
    return line


def words_of(option, value):
    """An option and its value, as words."""
    dashed = "--" + option.replace("_", "-")
    if value is True or option == "stability":
        return [dashed]
    if value is False:
        return [f"--no-{option.replace('_', '-')}"]
    if value == ():
        return [dashed, "0"]
    plain = isinstance(value, str | int | float)
    return [dashed, str(value) if plain else "some"]


def command_lines():
    """Every rule and command whose options can break it."""
    for i, rule in enumerate(APPLIES):
        for command, (_, door) in COMMANDS.items():
            line = typed(command, rule.example)
            arguments = rule.example
            if door == "compare" and "penalty" in arguments:
                arguments = arguments | {"penalties": [arguments["penalty"]]}
            arguments = {"cv": 5} | arguments
            if line is not None and not rule.applies(gather(arguments, door=door)):
                words = idle(arguments, gather(arguments, door=door), options.spell)
                yield pytest.param(
                    command, line, rule, words[rule.parameter], id=f"{command}-{rule.parameter}-{i}"
                )


def refused(monkeypatch, capsys, command, line):
    """What a command says that is given a line and no table, and refuses it."""
    file = ["--model", "m.taut"] * (command == "fit")
    code = run_command(monkeypatch, command, "no-table.csv", "--target", "y", *file, *line)
    printed = capsys.readouterr()
    assert code == 2 and printed.out == "" and printed.err.count("\n") == 1, printed.err
    return printed.err


@pytest.mark.parametrize("command, line, rule, words", list(command_lines()))
def test_commands_refuse_what_does_nothing(monkeypatch, capsys, command, line, rule, words):
    said = refused(monkeypatch, capsys, command, line)
    assert f"{options.spell(rule.parameter)} does nothing here: it needs {words}" in said


def test_the_commands_have_what_rules_are_about():
    tried = {(param.values[0], param.values[2].parameter) for param in command_lines()}
    assert tried == {
        ("compare", "l1_ratio"),
        ("compare", "feature_groups"),
        ("compare", "activation"),
        ("compare", "finish"),
        ("compare", "relax"),
        ("compare", "loss"),
        ("compare", "delta"),
        ("compare", "quantile"),
        ("compare", "clamp_output"),
        ("compare", "ties"),
        ("compare", "boosting"),
        ("fit", "feature_groups"),
        ("fit", "selection"),
        ("fit", "alpha_min_ratio"),
        ("fit", "activation"),
        ("fit", "finish"),
        ("fit", "relax"),
        ("fit", "loss"),
        ("fit", "delta"),
        ("fit", "quantile"),
        ("fit", "clamp_output"),
        ("fit", "ties"),
        ("select", "activation"),
        ("select", "clamp_output"),
        ("select", "fdr"),
        ("select", "strict"),
        ("select", "expected_false"),
    }


def test_words_name_options_where_a_command_says_them(monkeypatch, capsys):
    """Some of the sentences as they are read, beside those made of the table."""
    for command, line, says in (
        ("fit", ["--delta", "2"], "--delta does nothing here: it needs --loss huber"),
        ("fit", ["--ties", "efron"], "--ties does nothing here: it needs --time and --event"),
        (
            "select",
            ["--expected-false", "2"],
            "--expected-false does nothing here: it needs --stability: the limit of the"
            " randomization test is --fdr",
        ),
        (
            "compare",
            ["--relax", "--finish"],
            "--finish does nothing here: it needs --relax left out: refits are scored and"
            " delivered as they are walked",
        ),
        (
            "compare",
            ["--ordered", "--repeats", "2"],
            "--repeats draws folds anew, and --ordered leaves nothing to draw: use one of them",
        ),
        (
            "compare",
            ["--ordered", "--group-col", "g"],
            "--ordered cuts folds by the order of rows, --group-col by groups: use one of them",
        ),
    ):
        assert refused(monkeypatch, capsys, command, line).startswith(f"tautnet: error: {says}")


# Of every argument some values that it may not take.
NOT_TRUE = (1, "yes", None)
NOT_POSITIVE = (0, -1.0, np.inf, np.nan, "1", None, True)
NOT_A_NAME = ("sine", "", 1, None, ["relu"])
WRONG = {
    "penalty": ("lasso", "adaptive_group", 1, None, ["l2"]),
    "penalties": ("l2", [], ["lasso"], [1], ["relaxed_group"], None, ["l2", "lasso"]),
    "alpha": NOT_POSITIVE,
    "alphas": ("all", [], [0.0], [-1.0, 1.0], [np.nan], [np.inf], 0.1, None, ["1"]),
    "cv": (1, 0, 2.5, True, "5"),
    "selection": ("best", 0, -1, 1.5, None, True),
    "relax": NOT_TRUE,
    "ensemble": NOT_TRUE,
    "n_jobs": (1.5, "2", True, 0),
    "feature_groups": (["x1"], "x1", 2),
    "penalty_factors": ("ones", 1.0, ["1"], [np.nan]),
    "layer_factors": ("ones", 1.0, [0.0], [1.0, np.inf]),
    "adaptive": NOT_TRUE,
    "stopping": ("accuracies", 1, None),
    "l1_ratio": (-0.1, 1.1, np.nan, "0.5", None),
    "hidden_layer_sizes": (0, -1, (6, 0), 2.5, (2.5,), "100", np.nan),
    "network": NOT_A_NAME,
    # None leaves the last four open.
    "inputs": ("sine", "", 1, ["splines"]),
    "activation": ("sine", "", 1, ["relu"]),
    "skip": (1, "yes"),
    "finish": NOT_TRUE,
    "loss": NOT_A_NAME,
    "delta": NOT_POSITIVE,
    "quantile": (0, 1, -0.5, np.nan, "0.5", None),
    "clamp_output": NOT_TRUE,
    "ties": NOT_A_NAME,
    "class_weight": ("even", 2, [1, 2]),
    "alpha_min_ratio": (0, 1.5, np.nan, "all", None),
    "max_iter": (0, 1.5, "9", None, True),
    "tol": NOT_POSITIVE,
    "precision": ("float16", 32, None),
    "verbose": (-1, "yes", None),
    "random_state": (-1, 1.5, "0", np.random.default_rng(0)),
    "repeats": (0, 1.5, None),
    "ordered": NOT_TRUE,
    "boosting": NOT_TRUE,
    "time_limit": (0, -1.0, "20", np.inf, True),
    "deliver": ("lasso", "boosting", "chosen", 1, ["l2"]),
    "task": ("clustering", 1, None),
    "fdr": (0, 1, np.nan, "0.1", None),
    "method": ("knockoffs", None),
    "strict": NOT_TRUE,
    "expected_false": NOT_POSITIVE,
    "resume": (1, True, ["runs"]),
    "name": (1, None),
    "on_progress": (1, "print"),
    "on_note": (1, "print"),
}


def test_the_tables_name_every_parameter_of_every_door():
    everything = set().union(*(names.keys() for names in TAKEN.values()))
    assert ALLOWED.keys() == everything - OF_TABLES == WRONG.keys()
    assert DEFAULTS.keys() == {rule.parameter for rule in APPLIES}
    for name, parameters in TAKEN.items():
        door = name if name in FUNCTIONS else "estimator"
        for parameter in parameters.keys() - OF_TABLES:
            assert allowed(parameter, door).test(parameters[parameter]), (name, parameter)
        for parameter in DEFAULTS.keys() & parameters.keys():
            is_open = "network" in parameters and parameters[parameter] is None
            assert is_open or parameters[parameter] == DEFAULTS[parameter], (name, parameter)


def wrong(names):
    return [
        pytest.param(name, parameter, id=f"{name}-{parameter}")
        for name in names
        for parameter in WRONG
        if parameter in TAKEN[name]
    ]


@pytest.mark.parametrize("name, parameter", wrong(FUNCTIONS))
def test_functions_refuse_wrong_values(name, parameter):
    for value in WRONG[parameter]:
        with pytest.raises(ValueError) as raised:
            FUNCTIONS[name](None, None, **{parameter: value})
        assert_names(str(raised.value), name, parameter)


def assert_names(said, door, parameter):
    """One line that begins with the argument and ends with what it may be, or may have meant."""
    assert said.startswith(f"{parameter}=") and "\n" not in said
    said = re.sub(r" \(did you mean '\w+'\?\)$", "", said)
    assert said.endswith(f" is not {allowed(parameter, door).in_words}")


@pytest.mark.parametrize("name, parameter", wrong(ESTIMATORS))
def test_estimators_refuse_wrong_values(name, parameter):
    for value in WRONG[parameter]:
        with pytest.raises(ValueError) as raised:
            ESTIMATORS[name](**{parameter: value}).fit(X, TARGETS[ESTIMATORS[name].task])
        assert_names(str(raised.value), "estimator", parameter)


@pytest.mark.parametrize(
    "name, parameter, value",
    [
        ("compare", "cv", 2),
        ("compare", "cv", None),
        ("compare", "selection", 3),
        ("compare", "random_state", None),
        ("select_features", "cv", 2),
        ("select_features", "cv", [([0], [1])]),
        ("select_features", "random_state", None),
        ("select_features", "task", "survival"),
    ],
)
def test_some_doors_take_less(name, parameter, value):
    assert (name, parameter) in NARROWER
    with pytest.raises(ValueError) as raised:
        FUNCTIONS[name](None, None, **{parameter: value})
    assert_names(str(raised.value), name, parameter)


# Of every option some values that are refused while the line is read.
WRONG_OPTIONS = {
    "penalties": ("lasso", ",", "l2,l2"),
    "penalty": ("lasso", "relaxed_group"),
    "cv": ("1", "2.5"),
    "selection": ("best", "0"),
    "n_jobs": ("0", "all"),
    "l1_ratio": ("-0.1", "1.1", "nan"),
    "hidden_layer_sizes": ("6,0", "-1", "2.5", ""),
    "network": ("huge",),
    "inputs": ("sine",),
    "activation": ("sine",),
    "loss": ("absolute",),
    "delta": ("0", "inf", "nan"),
    "quantile": ("0", "1", "nan"),
    "ties": ("exact",),
    "alpha_min_ratio": ("0", "1.5", "nan"),
    "random_state": ("-1", "1.5"),
    "repeats": ("0",),
    "task": ("clustering", "survival"),
    "fdr": ("0", "1", "nan"),
    "expected_false": ("0", "inf", "nan"),
}


@pytest.mark.parametrize(
    "command, parameter",
    [
        (command, parameter)
        for command in COMMANDS
        for parameter in WRONG_OPTIONS
        if IN_COMMANDS.get(parameter, parameter) in taken(COMMANDS[command][0])
    ],
)
def test_commands_refuse_wrong_values(monkeypatch, capsys, command, parameter):
    option = "--" + IN_COMMANDS.get(parameter, parameter).replace("_", "-")
    for value in WRONG_OPTIONS[parameter]:
        assert f"'{option}'" in refused(monkeypatch, capsys, command, [option, value])


def conflicting(names):
    for i, conflict in enumerate(CONFLICTS):
        for name in names:
            arguments = arguments_of(name, conflict.example)
            if conflict.is_there(given_of(name, arguments)[1]):
                yield pytest.param(conflict, name, id=f"{name}-{i}")


@pytest.mark.parametrize("conflict, name", list(conflicting([*FUNCTIONS, *FITTED])))
def test_arguments_that_cannot_stand_together_are_refused(conflict, name):
    arguments = arguments_of(name, conflict.example)
    with pytest.raises(ValueError) as raised:
        if name in FUNCTIONS:
            FUNCTIONS[name](None, None, **arguments)
        else:
            fitted(name, arguments)
    message = conflict.message
    pattern = message if isinstance(message, str) else message(given_of(name, arguments)[1])
    in_python = pattern.replace(":'", "='").replace("{", "").replace("}", "")
    assert str(raised.value) == in_python


def test_every_conflict_is_met_somewhere():
    met = {id(param.values[0]) for param in conflicting([*FUNCTIONS, *FITTED])}
    assert met == {id(conflict) for conflict in CONFLICTS}


@pytest.mark.filterwarnings("ignore:l1_ratio=.* does nothing here:UserWarning")
def test_a_search_over_arguments_that_serve_one_penalty_has_no_nan():
    grid = {"penalty": ["l1", "elasticnet"], "l1_ratio": [0.1, 0.5, 0.9]}
    model = tn.TautNetRegressor(alpha=0.1, hidden_layer_sizes=())
    search = GridSearchCV(model, grid, cv=3).fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) == 6 and np.isfinite(scores).all()
    # Under l1 the share changes nothing.
    is_l1 = search.cv_results_["param_penalty"] == "l1"
    assert len(set(scores[is_l1])) == 1 and len(set(scores[~is_l1])) == 3


def test_names_and_functions_agree():
    for known in (networks.ACTIVATIONS, prediction.ACTIVATIONS):
        assert tuple(known) == choices.ACTIVATIONS
    assert tuple(tasks.REGRESSION_LOSSES) == choices.REGRESSION_LOSSES


def test_the_command_reads_the_rules_before_anything_heavy():
    program = (
        "import sys, tautnet.commands.app;"
        "print({'numpy', 'jax', 'sklearn', 'pandas', 'scipy'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout == "set()\n", ended.stderr
