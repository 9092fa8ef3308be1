"""A small fitted model as an equation that a person can read and run: in plain Python, or in
SQL.
"""

import re
from itertools import count

import numpy as np

from tautnet.objective.prediction import LARGEST_LOG_MEAN
from tautnet.tables.recipes import level_codes
from tautnet.tables.errors import TableError

__all__ = ["LANGUAGES", "equation"]

MOST_TERMS = 200

PYTHON = """\
from math import exp


def missing(cell):
    return cell is None or cell != cell


def text(cell):
    if missing(cell):
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def power(x):
    return exp(min(max(x, -700.0), 700.0))


# {what}
# row: cells by column; None or NaN where one is missing, dates as days since 1970-01-01.
def predict(row):
{lines}
    return {result}
"""

SQL = """\
-- {what}
-- data: the table; NULL where a cell is missing, dates as days since 1970-01-01.
{lines}"""


def equation(model, language="python"):
    """Write the prediction of a model out, as text that runs without this package.

    Parameters
    ----------
    model : FittedModel
        What changes no prediction is left out.
    language : {"python", "sql"}
        "python" is a function ``predict(row)`` of a dict or anything else with cells by column:
        it returns a number, a list of several targets, or for classes a dict of probabilities.
        "sql" is a query that puts ``prediction``, ``risk`` or ``probability_<class>`` beside the
        columns of a table ``data``, for SQLite (3.35 or newer, with its functions of
        mathematics) and DuckDB.

    Returns
    -------
    str

    Raises
    ------
    TableError
        Where it would have more than 200 terms (weights, and levels of categories).
    ValueError
        Where the language is another.

    Examples
    --------
    >>> from tautnet.estimators.models import TautNetRegressor
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> model = TautNetRegressor("l2", 0.1, hidden_layer_sizes=()).fit(X, X[:, 0])
    >>> names = {}
    >>> exec(equation(model.to_fitted()), names)
    >>> predicted = names["predict"]({"x0": 3.0, "x1": None})
    >>> bool(abs(predicted - model.predict([[3.0, np.nan]])[0]) < 1e-9)
    True
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be {' or '.join(map(repr, LANGUAGES))}, got {language!r}")
    small = model.prune()
    n_terms = sum(
        int(np.count_nonzero(weights)) for member in small.members for weights in _weights(member)
    )
    n_terms += sum(len(recipe.get("levels", ())) for recipe in small.encoder.recipes)
    if n_terms > MOST_TERMS:
        raise TableError(
            f"the equation would have {n_terms:,} terms, more than {MOST_TERMS}: fit a model with a"
            " stronger penalty that takes predictors out, or fewer hidden units, or export it as"
            " ONNX"
        )
    return LANGUAGES[language](small).text()


def _weights(member):
    return member.layers if member.skip is None else (*member.layers, member.skip)


class Equation:
    """Variables that follow from each other, in steps: each needs only those of the steps before
    its own.

    Subclasses say how a language writes what is not the same in all.

    Parameters
    ----------
    model : FittedModel
        Pruned.
    """

    def __init__(self, model):
        self.model, self.prefix = (
            model,
            self.free_prefix([recipe["predictor"] for recipe in model.encoder.recipes]),
        )
        self.steps, self.counts = [], {}
        means = [self.means(member) for member in model.members]
        self.results = [" + ".join(same) for same in zip(*means, strict=True)]
        if len(means) > 1:
            self.results = [f"({result}) / {len(means)}" for result in self.results]

    def step(self, letter, expressions):
        """A variable for each expression, all of one step; their names."""
        numbers = self.counts.setdefault(letter, count(1))
        names = [f"{self.prefix}{letter}{next(numbers)}" for _ in expressions]
        if names:
            self.steps.append(list(zip(names, expressions, strict=True)))
        return names

    def means(self, member):
        """Names of the predictions of one network."""
        signal = columns = self.columns(member)
        for weights, bias in zip(member.layers[:-1], member.biases[:-1], strict=True):
            signal = self.step(
                "z", [_linear(b, (w, signal)) for w, b in zip(weights.T, bias, strict=True)]
            )
            signal = self.step("h", [self.activation(member.activation, z) for z in signal])
        centre, scale = member.target_scaling
        beside = np.zeros((len(columns), len(centre))) if member.skip is None else member.skip
        outputs = [
            _linear(b * s + c, (w * s, signal), (v * s, columns))
            for w, v, b, c, s in zip(
                member.layers[-1].T, beside.T, member.biases[-1], centre, scale, strict=True
            )
        ]
        return self.step("p", self.mean(member.mean_name, self.step("f", outputs)))

    def columns(self, member):
        """Names of the standardised columns, None for those without a weight."""
        used = np.any([weights.any(axis=1) for weights in _of_columns(member)], axis=0)
        written = [one for recipe in self.model.encoder.recipes for one in self.column(recipe)]
        kept = [
            self.double(write(float(centre), float(scale)))
            for write, centre, scale, use in zip(written, *member.scaling, used, strict=True)
            if use
        ]
        names = iter(self.step("x", kept))
        return [next(names) if use else None for use in used]

    def column(self, recipe):
        """For each column of a predictor what writes it, of its centre and scale."""
        cell = self.cell(recipe["predictor"])
        if "levels" not in recipe:
            conditions = [self.is_missing(cell)] * recipe["indicator"]
            if recipe["value"]:
                yield lambda centre, scale: self.choose(
                    self.is_missing(cell), "0.0", _scaled(cell, centre, scale)
                )
        else:
            known = level_codes(recipe)
            by_code = {
                code: self.is_level(cell, recipe, level) for level, code in known.codes.items()
            }
            if recipe["rare"]:
                by_code[known.unseen] = self.is_unseen(cell, recipe)
            if recipe["missing"]:
                by_code[known.missing] = self.is_missing(cell)
            conditions = [by_code[code] for code in known.columns]
        for condition in conditions:
            yield lambda centre, scale, condition=condition: self.choose(
                condition, repr((1.0 - centre) / scale), repr((0.0 - centre) / scale)
            )

    def activation(self, name, z):
        """What a hidden unit makes of its signal."""
        return {
            "relu": lambda: self.choose(f"{z} > 0", z, "0.0"),
            "tanh": lambda: f"2.0 / (1.0 + {self.power(f'-2.0 * {z}')}) - 1.0",
            "silu": lambda: f"{z} / (1.0 + {self.power(f'-{z}')})",
            "identity": lambda: z,
        }[name]()

    def mean(self, name, outputs):
        """The predictions that belong to the outputs."""
        logistic = [f"1.0 / (1.0 + {self.power(f'-{f}')})" for f in outputs]
        top, at_top = repr(LARGEST_LOG_MEAN), repr(float(np.exp(LARGEST_LOG_MEAN)))
        return {
            "identity": lambda: outputs,
            "two_classes": lambda: [f"1.0 / (1.0 + {self.power(outputs[0])})", *logistic],
            "softmax": lambda: [
                "1.0 / ("
                + " + ".join("1.0" if g == f else self.power(f"({g} - {f})") for g in outputs)
                + ")"
                for f in outputs
            ],
            "expit": lambda: logistic,
            "exp": lambda: [
                self.choose(f"{f} > {top}", f"{at_top} * (1.0 + {f} - {top})", self.power(f))
                for f in outputs
            ],
        }[name]()


def _of_columns(member):
    return member.layers[:1] if member.skip is None else (member.layers[0], member.skip)


def _scaled(cell, centre, scale):
    return f"({cell} {'-' if centre >= 0 else '+'} {abs(centre)!r}) / {scale!r}"


def _linear(bias, *parts):
    """A bias and a sum of products of weights and variables; weights of 0 are left out."""
    terms = [
        (float(w), name)
        for weights, names in parts
        for w, name in zip(weights, names, strict=True)
        if w
    ]
    return repr(float(bias)) + "".join(
        f" {'-' if w < 0 else '+'} {abs(w)!r} * {name}" for w, name in terms
    )


class PythonEquation(Equation):
    """A function of a row."""

    def free_prefix(self, predictors):
        """What variables begin with: cells are no variables here."""
        return ""

    def cell(self, predictor):
        """The cell of a column."""
        return f"row[{predictor!r}]"

    def double(self, expression):
        """A number in double precision."""
        return expression

    def choose(self, condition, yes, no):
        """One of two expressions."""
        return f"{yes} if {condition} else {no}"

    def is_missing(self, cell):
        """Whether a cell is missing."""
        return f"missing({cell})"

    def is_level(self, cell, recipe, level):
        """Whether a cell holds a level; `text` reads cells as the encoder does."""
        return f"text({cell}) == {level!r}"

    def is_unseen(self, cell, recipe):
        """Whether a cell is there and holds no known level."""
        return f"text({cell}) not in {(None, *recipe['levels'])!r}"

    def power(self, x):
        """e to the power of x."""
        return f"power({x})"

    def text(self):
        """The whole module."""
        lines = [f"    {name} = {expression}" for step in self.steps for name, expression in step]
        if self.model.classes is not None:
            labels = self.model.classes.tolist()
            pairs = [
                f"{label!r}: {result}" for label, result in zip(labels, self.results, strict=True)
            ]
            result = "{" + ", ".join(pairs) + "}"
        else:
            result = (
                self.results[0] if len(self.results) == 1 else "[" + ", ".join(self.results) + "]"
            )
        return PYTHON.format(what=_what(self.model), lines="\n".join(lines), result=result)


class SqlEquation(Equation):
    """A query of a table."""

    def free_prefix(self, predictors):
        """What variables begin with: no column of the model does."""
        tries = ("tautnet" + "_" * i for i in count(1))
        return next(
            one for one in tries if not any(name.lower().startswith(one) for name in predictors)
        )

    def cell(self, predictor):
        """The cell of a column; with its table, since SQLite takes an unknown name alone for a
        text.
        """
        return f"t.{_quoted(predictor)}"

    def double(self, expression):
        """A number in double precision, and all that follows from it: else some databases
        compute
        in decimals.
        """
        return f"CAST({expression} AS DOUBLE PRECISION)"

    def choose(self, condition, yes, no):
        """One of two expressions."""
        return f"CASE WHEN {condition} THEN {yes} ELSE {no} END"

    def is_missing(self, cell):
        """Whether a cell is missing."""
        return f"{cell} IS NULL"

    def is_level(self, cell, recipe, level):
        """Whether a cell holds a level."""
        return f"CAST({cell} AS TEXT) IN ({_listed(_spellings(recipe, level))})"

    def is_unseen(self, cell, recipe):
        """Whether a cell is there and holds no known level."""
        texts = [text for level in recipe["levels"] for text in _spellings(recipe, level)]
        present = f"{cell} IS NOT NULL"
        return f"{present} AND CAST({cell} AS TEXT) NOT IN ({_listed(texts)})" if texts else present

    def power(self, x):
        """e to the power of x, where that is a number that a database can hold."""
        return f"CASE WHEN {x} > 700 THEN 1e300 WHEN {x} < -700 THEN 0.0 ELSE EXP({x}) END"

    def text(self):
        """The whole query."""
        source, steps = "data", []
        for i, step in enumerate(self.steps, start=1):
            columns = "".join(f",\n    {expression} AS {name}" for name, expression in step)
            # Else SQLite puts each step's expressions into the next one's, again and again.
            steps.append(
                f"{self.prefix}step{i} AS MATERIALIZED (\n  SELECT t.*{columns}\n  FROM {source} AS"
                " t\n)"
            )
            source = f"{self.prefix}step{i}"
        names = _names_of_results(self.model, len(self.results))
        results = "".join(
            f",\n  {one} AS {_quoted(name)}" for name, one in zip(names, self.results, strict=True)
        )
        lines = "WITH " + ",\n".join(steps) + f"\nSELECT t.*{results}\nFROM {source} AS t\n"
        return SQL.format(what=_what(self.model), lines=lines)


def _spellings(recipe, level):
    """How a database may write a level: a whole number as a decimal number, too, and truth
    values
    in many ways.
    """
    if recipe["kind"] == "boolean":
        return [
            level,
            *{"True": ("true", "1", "1.0"), "False": ("false", "0", "0.0")}.get(level, ()),
        ]
    decimal = f"{level}.0"
    is_whole = re.fullmatch(r"-?[0-9]+", level)
    return [level, decimal] if is_whole and decimal not in recipe["levels"] else [level]


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'


def _listed(texts):
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def _names_of_results(model, n_results):
    """Names as ``tautnet predict`` gives them."""
    if model.classes is not None:
        return [f"probability_{label}" for label in model.classes]
    if model.task == "survival":
        return ["risk"]
    return ["prediction"] if n_results == 1 else [f"prediction_{k}" for k in range(n_results)]


def _what(model):
    if model.classes is not None:
        return f"The probability of each class of {model.target!r}."
    what = "The log hazard ratio" if model.task == "survival" else "The prediction"
    return f"{what} of {model.target!r}."


LANGUAGES = {"python": PythonEquation, "sql": SqlEquation}
