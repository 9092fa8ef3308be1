"""The layout holds: a room imports only rooms above it, a file of a room only files before it."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tautnet.objective.registry import kinds

SOURCE = Path(__file__).parents[1] / "src" / "tautnet"
# From top to bottom, files of each room in order; docs/design.md draws the same.
ROOMS = {
    "tables": (
        "errors names arrays space disk rounding basis scaling datasets missing notation dates "
        "numerals parsing converted opening sparse frames layout parquet large reader spelling "
        "cells integers recipes number_columns encoder rows codes known_cells blocks labels target "
        "target_checks target_columns sample belonging copies ranked outlying leaks twins "
        "soundness"
    ).split(),
    "objective": (
        "choices arrays strengths histograms hinges prediction step_functions losses regression "
        "classification survival tasks networks weight_sizes predictors penalties kinds registry "
        "problem"
    ).split(),
    "engine": "program loop elsewhere jobs evaluate adam row_space fista newton finishing".split(),
    "solving": (
        "settings fitted_scaling prepared start ranges bends path recorder finishing noise "
        "unpenalised walk"
    ).split(),
    "training": "trainings adaptive".split(),
    "validation": "folds chain curve chains walker race nested".split(),
    "refitting": "counts orders refits rung relaxed elimination".split(),
    "peers": "levels boosting".split(),
    "inference": (
        "study intervals raced tried figures recommended constant curves neighbours table "
        "diagnostics exits detail"
    ).split(),
    "planning": "cost scope".split(),
    "claims": "claims doubts result".split(),
    "selecting": "conditionals p_values randomization stability".split(),
    "prose": "words networks expected doubts verdict selection".split(),
    "files": (
        "whole owned journal run_directory pruning parts onnx_graph onnx_export "
        "equation_steps sql_cells equation summary survival_curves fitted packing member_checks "
        "sealed checks model_file"
    ).split(),
    "keeping": "records digests outcomes kept".split(),
    "estimators": (
        "allowed given rules refusals inputs splits conversion watch documented warned base "
        "predictions models base_cv cross_validated survival selector assembled"
    ).split(),
    "views": (
        "progress older standing cells columns terminal plotting gains cv_curve norm_path "
        "training_curve weights counts selected figures report_data report_tables report "
        "article_pictures article_sections article_report"
    ).split(),
    "replication": "protocol online trials summary pruning findings article".split(),
}
FRONT = (
    "compared compared_rows compared_case comparison selection_methods selection paths options "
    "commands.signals commands.console "
    "commands.arguments commands.rows commands.engines commands.plans commands.resuming "
    "commands.compare commands.fit commands.predict commands.show commands.export "
    "commands.select commands.report commands.article commands.app cli __main__"
).split()
ORDER = [f"{room}.{file}" for room, files in ROOMS.items() for file in files] + FRONT
FILES = {
    str(path.relative_to(SOURCE).with_suffix("")).replace("/", "."): path
    for path in SOURCE.rglob("*.py")
}
MODULES = {name: path for name, path in FILES.items() if not name.endswith("__init__")}


def imports(path):
    """Modules of tautnet that a file imports, without the package's name.

    Docstrings do not count.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] == "tautnet"
        ):
            inner = node.module.removeprefix("tautnet").lstrip(".")
            names = [f"{inner}.{alias.name}".lstrip(".") for alias in node.names]
            yield from (name if name in MODULES else inner for name in names)
        elif isinstance(node, ast.Import):
            yield from (
                a.name.removeprefix("tautnet.") for a in node.names if a.name.startswith("tautnet.")
            )


def functions(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def test_every_file_has_its_place():
    assert sorted(MODULES) == sorted(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_data_flows_one_way(name):
    for imported in imports(MODULES[name]):
        assert imported in ORDER, f"{name} imports {imported}"
        assert ORDER.index(imported) < ORDER.index(name), (
            f"{name} imports {imported}, which comes after it"
        )


WALLED = [name for name in ORDER if name.split(".")[0] in ("views", "files", "commands")]


@pytest.mark.parametrize("name", WALLED)
def test_what_is_seen_written_or_typed_knows_nothing_of_fits(name):
    """Views, files and commands take results: how they were made is behind a wall."""
    rooms = {imported.split(".")[0] for imported in imports(MODULES[name])}
    assert not rooms & {"engine", "solving", "training", "validation"}, name


def test_the_check_sees_an_import_that_goes_up(tmp_path):
    """The check can fail."""
    file = tmp_path / "x.py"
    file.write_text(
        "def f():\n    from tautnet.views.report import write_report\n    import tautnet.cli\n"
    )
    assert set(imports(file)) == {"views.report", "cli"}


@pytest.mark.parametrize(
    "room, banned", [("objective", {"pandas", "sklearn"}), ("tables", {"jax", "sklearn"})]
)
def test_rooms_stay_light(room, banned):
    """The objective knows no tables, and tables know no JAX.

    Built-in tables load scikit-learn when they are asked for.
    """
    files = ", ".join(f"tautnet.{room}.{file}" for file in ROOMS[room])
    program = f"import sys; import {files}; print(*sorted({banned!r} & set(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "\n"


@pytest.mark.parametrize("name", ORDER)
def test_functions_stay_short_and_say_what_they_take(name):
    for node in functions(MODULES[name]):
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        assert lines <= 60, f"{name}.{node.name} has {lines} lines"
        assert node.args.kwarg is None, f"{name}.{node.name} takes **{node.args.kwarg}"


def test_the_shape_of_the_house_is_kept():
    """Lengths, branches, packed lines and types: the limits are those of the tool."""
    tool = SOURCE.parents[1] / "tools" / "shape.py"
    command = [sys.executable, tool, SOURCE, "--check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_no_code_asks_for_the_type_of_our_own():
    """``isinstance`` on a class of ours would mean that the class lacks a method."""
    own = {
        node.name
        for path in FILES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    for path in FILES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
                asked = {leaf.id for leaf in ast.walk(node.args[1]) if isinstance(leaf, ast.Name)}
                assert not asked & own, f"{path.name}:{node.lineno}"


# The article's own experiment is a fixed set of penalties, whatever others there are.
ASKING = [name for name in ORDER if name.split(".")[0] != "replication"]
# What comes before the registry knows no penalties: "none" is a kind of column there.
ASKING = ASKING[ASKING.index("objective.registry") + 1 :]
# Their values have words of their own: facts of a penalty, and which strengths to certify.
OTHER_WORDS = {"training", "takes_out", "certify"}


def texts(node):
    """Constant texts in an expression, or in a list of them."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return {part.value for part in parts if isinstance(part, ast.Constant)}


def has_other_words(node):
    """Whether an expression takes a word that is a penalty's name by chance."""
    return getattr(node, "attr", getattr(node, "id", None)) in OTHER_WORDS


def named(tree, names):
    """Lines at which code asks for a penalty by its name, in a comparison, a case or a table."""
    for node in ast.walk(tree):
        asked = set()
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asked = set() if any(map(has_other_words, sides)) else set().union(*map(texts, sides))
        elif isinstance(node, ast.MatchValue):
            asked = texts(node.value)
        elif isinstance(node, ast.Subscript) and not has_other_words(node.slice):
            asked = keys(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
            asked = keys(node.func.value)
        if asked & names:
            yield node.lineno


def keys(node):
    """Keys of a dict that is written out."""
    return (
        set().union(*map(texts, filter(None, node.keys))) if isinstance(node, ast.Dict) else set()
    )


@pytest.mark.parametrize("name", ASKING)
def test_no_code_asks_for_a_penalty_by_its_name(name):
    """What differs from penalty to penalty is a fact of `PenaltyKind`."""
    names = {kind.name for kind in kinds()}
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    lines = list(named(tree, names))
    assert not lines, f"{name}, lines {lines}: ask for a fact of the penalty instead"


@pytest.mark.parametrize(
    "code, is_asking",
    [
        ("penalty == 'l2'", True),
        ("'group' not in penalties", True),
        ("penalty in ('none', x)", True),
        ("{'l1': 1, 'l2': 2}[penalty]", True),
        ("{'l1': 1}.get(penalty)", True),
        ("match penalty:\n    case 'l1': pass", True),
        ("penalty == BASELINE", False),
        ("kind.training == 'early_stopping'", False),
        ("request.certify == 'none'", False),
        ("rows['none']", False),
        ("{'norm': 1}[order]", False),
        ("for penalty in ('l1', 'l2'): pass", False),
    ],
)
def test_the_check_sees_a_penalty_s_name(code, is_asking):
    assert bool(list(named(ast.parse(code), {"none", "l1", "l2", "group"}))) == is_asking


def test_every_public_name_is_documented():
    import tautnet

    for name in tautnet.__all__:
        assert getattr(tautnet, name).__doc__.strip(), name


def untyped(thing):
    """What a public function, or the public methods of a class of ours, leave without a type."""
    if inspect.isfunction(thing):
        return gaps(thing.__name__, thing)
    members = {
        name: getattr(one, "__func__", getattr(one, "fget", one))
        for name, one in inspect.getmembers_static(thing)
        if name == "__init__" or not name.startswith("_")
    }
    own = {
        name: one
        for name, one in members.items()
        if inspect.isfunction(one) and one.__module__.startswith("tautnet")
    }
    return [gap for name, one in own.items() for gap in gaps(f"{thing.__name__}.{name}", one)]


def gaps(name, function):
    parts = dict(inspect.signature(function).parameters)
    found = [
        f"{name}({p})"
        for p, one in parts.items()
        if one.annotation is one.empty and p not in ("self", "cls")
    ]
    return found + [name] * ("return" not in function.__annotations__)


def test_every_public_name_has_types():
    """And the stub that a type checker reads names just what is there."""
    import tautnet

    stub = ast.parse((SOURCE / "__init__.pyi").read_text(encoding="utf-8"))
    imported = [
        (alias.asname, f"{node.module}")
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(imported) == sorted(tautnet._NAMES.items())
    assert (SOURCE / "py.typed").exists()
    things = [getattr(tautnet, name) for name in tautnet.__all__ if name != "datasets"]
    things += [
        one for name, one in vars(tautnet.datasets).items() if name in tautnet.datasets.__all__
    ]
    assert [
        gap
        for one in things
        if inspect.isclass(one) or inspect.isfunction(one)
        for gap in untyped(one)
    ] == []


def test_the_check_sees_what_has_no_type():
    def half(x: int, y) -> int:
        return x

    class Half:
        @classmethod
        def make(cls, x): ...

    Half.make.__func__.__module__ = "tautnet.views.gains"
    assert untyped(half) == ["half(y)"]
    assert untyped(Half) == ["Half.make(x)", "Half.make"]
