"""A small fitted model becomes an equation that a person can read and run, in Python or SQL."""

from collections import Counter
from itertools import count

import numpy as np

from tautnet.files.equation_steps import Equation
from tautnet.files.parts import Model
from tautnet.files.sql_cells import MARKERS, SqlLevels
from tautnet.objective.prediction import Predictor
from tautnet.tables.arrays import Floats
from tautnet.tables.errors import TableError
from tautnet.tables.recipes import Recipe, level_codes
from tautnet.tables.spelling import spellings

__all__ = ["LANGUAGES", "equation"]

MOST_TERMS = 200

PYTHON = """\
from math import {functions}



{levels}def missing(cell):
    return cell is None or type(cell).__name__ == "NAType" or cell != cell


def power(x):
    return exp(min(max(x, -700.0), 700.0))


# {what}
# row: cells by column; None or NaN where one is missing, dates as days since 1970-01-01, time spans
# as seconds.
def predict(row):
{lines}
    return {result}
"""

# Behind it stands what each text says of each category and truth value.
LEVELS = """\
# How the levels of each column may be written. None stands for a cell without a value.
LEVELS = {{
{levels}
}}
MISSING = {markers!r}


def level(row, column):
    known = LEVELS[column]
    cell = None if missing(row[column]) else row[column]
    if isinstance(cell, float) and cell.is_integer() and abs(cell) <= 2**53:
        cell = int(cell)
    text = None if cell is None else str(cell)
    if text not in known and text is not None:
        text = text.strip()
        text = None if text in MISSING and text not in known else text
    return known.get(text, text)


"""

SQL = """\
-- {what}
-- data: the table; NULL where a cell is missing, dates as days since 1970-01-01, time spans as
-- seconds.
{lines}"""


def equation(model: Model, language: str = "python", dialect: str | None = None) -> str:
    """Write out the prediction of a model, as text that runs without this package.

    Parameters
    ----------
    model : FittedModel
        What changes no prediction is left out.
    language : {"python", "sql"}
        "python" is a function ``predict(row)`` of a dict or anything else with cells by column:
        it returns a number, a list of several targets, or for classes a dict of probabilities.
        "sql" is a query that puts ``prediction``, ``risk`` or ``probability_<class>`` beside the
        columns of a table ``data``, for SQLite (3.35 or newer, with its functions of
        mathematics) and DuckDB. Outer spaces of texts do not count.
    dialect : {"sqlite", "duckdb"}, optional
        The database of a query, to be named where a text in it holds a backslash: these two take it
        as it is, others as the begin of an escape.

    Returns
    -------
    str

    Raises
    ------
    TableError
        Where it would have more than 200 terms (weights, and levels of categories); in SQL where
        names differ in upper and lower case alone, or a text holds a backslash.
    ValueError
        Where the language or the dialect is another.

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
    if dialect is not None and (language != "sql" or dialect not in DIALECTS):
        allowed = " or ".join(map(repr, DIALECTS))
        raise ValueError(f"dialect must be {allowed}, for language='sql' alone, got {dialect!r}")
    small = model.prune()
    n_terms = _n_terms(small)
    if n_terms > MOST_TERMS:
        raise TableError(
            f"the equation would have {n_terms:,} terms, more than {MOST_TERMS}: fit a model with a"
            " stronger penalty that takes predictors out, or fewer hidden units, or export it as"
            " ONNX"
        )
    if language == "sql":
        _check_sql(small, dialect)
    return LANGUAGES[language](small).text()


def _check_sql(model: Model, dialect: str | None) -> None:
    """Raise where a database would read a query otherwise than the model reads a table."""
    names = {
        "predictors": [recipe["predictor"] for recipe in model.encoder.recipes],
        "results": _names_of_results(model, 1),
    }
    for what, given in names.items():
        times = Counter(name.lower() for name in given)
        alike = [name for name in given if times[name.lower()] > 1]
        if alike:
            listed = ", ".join(map(repr, alike[:10]))
            raise TableError(
                f"the {what} {listed} differ in upper and lower case alone, which SQL does not tell"
                " apart: rename them before the fit, or write the equation in Python"
            )
    levels = [level for recipe in model.encoder.recipes for level in recipe.get("levels", ())]
    escaped = [text for text in (*levels, *names["predictors"], *names["results"]) if "\\" in text]
    if escaped and dialect is None:
        raise TableError(
            f"{escaped[0]!r} holds a backslash, which some databases read as an escape: name one"
            f" that does not (--dialect {' or '.join(DIALECTS)}, in Python dialect=), or rename it"
        )


def _n_terms(model: Model) -> int:
    """Count weights that are not 0, and levels of categories."""
    n_weights = [int(np.count_nonzero(one)) for m in model.members for one in _weights(m)]
    n_levels = [len(recipe.get("levels", ())) for recipe in model.encoder.recipes]
    return sum(n_weights) + sum(n_levels)


def _weights(member: Predictor) -> list[Floats]:
    """Return all arrays of weights."""
    return [*member.layers] if member.skip is None else [*member.layers, member.skip]


class PythonEquation(Equation):
    """A function of a row."""

    def free_prefix(self, predictors: list[str]) -> str:
        """Return no prefix: cells are no variables here."""
        return ""

    def cell(self, predictor: str) -> str:
        """Return the cell of a column."""
        return f"row[{predictor!r}]"

    def double(self, expression: str) -> str:
        """Return a number in double precision, as all are."""
        return expression

    def choose(self, condition: str, yes: str, no: str) -> str:
        """Return one of two expressions."""
        return f"{yes} if {condition} else {no}"

    def is_missing(self, cell: str) -> str:
        """Return whether a cell is missing."""
        return f"missing({cell})"

    def has_code(self, recipe: Recipe, code: int) -> str:
        """Return whether a cell has a code; ``level`` reads cells as the encoder does."""
        cell = f"level(row, {recipe['predictor']!r})"
        levels = recipe["levels"]
        if code < len(levels):
            return f"{cell} == {levels[code]!r}"
        if recipe["missing"] and code == level_codes(recipe).missing:
            return f"{cell} is None"
        return f"{cell} not in {(None, *levels)!r}"

    def power(self, x: str) -> str:
        """Return e to the power of x, without overflow."""
        return f"power({x})"

    def logarithm(self, x: str) -> str:
        """Return the natural logarithm of a number above 0."""
        return f"log({x})"

    def root(self, x: str) -> str:
        """Return the square root of a number."""
        return f"sqrt({x})"

    def text(self) -> str:
        """Return the whole module."""
        lines = [f"    {name} = {expression}" for step in self.steps for name, expression in step]
        recipes = [recipe for recipe in self.model.encoder.recipes if "levels" in recipe]
        levels = [f"    {recipe['predictor']!r}: {_spelled(recipe)!r}," for recipe in recipes]
        has_basis = any(member.scaling.basis is not None for member in self.model.members)
        return PYTHON.format(
            functions="exp, log, sqrt" if has_basis else "exp",
            levels=LEVELS.format(levels="\n".join(levels), markers=MARKERS) if levels else "",
            what=_what(self.model),
            lines="\n".join(lines),
            result=self.returned(),
        )

    def returned(self) -> str:
        """Return what the function gives: a dict of classes, a number, or a list of numbers."""
        if self.model.classes is not None:
            pairs = zip(self.model.classes.tolist(), self.results, strict=True)
            return "{" + ", ".join(f"{label!r}: {result}" for label, result in pairs) + "}"
        if len(self.results) == 1:
            return self.results[0]
        return "[" + ", ".join(self.results) + "]"


class SqlEquation(Equation):
    """A query of a table."""

    def free_prefix(self, predictors: list[str]) -> str:
        """Return what no column of the model begins with."""
        lower = [name.lower() for name in predictors]
        tries = ("tautnet" + "_" * i for i in count(1))
        return next(one for one in tries if not any(name.startswith(one) for name in lower))

    def cell(self, predictor: str) -> str:
        """Return the cell of a column.

        Its table stands before it, since SQLite takes an unknown name alone for a text.
        """
        return f"t.{_quoted(predictor)}"

    def double(self, expression: str) -> str:
        """Return a number in double precision.

        Without the cast some databases compute it, and all that follows from it, in decimals.
        """
        return f"CAST({expression} AS DOUBLE PRECISION)"

    def choose(self, condition: str, yes: str, no: str) -> str:
        """Return one of two expressions."""
        return f"CASE WHEN {condition} THEN {yes} ELSE {no} END"

    def is_missing(self, cell: str) -> str:
        """Return whether a cell is missing."""
        return f"{cell} IS NULL"

    def has_code(self, recipe: Recipe, code: int) -> str:
        """Return whether a cell has a code."""
        return SqlLevels(recipe, self.cell(recipe["predictor"])).has_code(code)

    def logarithm(self, x: str) -> str:
        """Return the natural logarithm of a number above 0."""
        return f"LN({x})"

    def root(self, x: str) -> str:
        """Return the square root of a number."""
        return f"SQRT({x})"

    def power(self, x: str) -> str:
        """Return e to the power of x, where that is a number that a database can hold."""
        return f"CASE WHEN {x} > 700 THEN 1e300 WHEN {x} < -700 THEN 0.0 ELSE EXP({x}) END"

    def text(self) -> str:
        """Return the whole query."""
        source = "data"
        queries = []
        for i, step in enumerate(self.steps, start=1):
            columns = "".join(f",\n    {expression} AS {name}" for name, expression in step)
            name = f"{self.prefix}step{i}"
            # Without MATERIALIZED, SQLite puts the expressions of each step into those of the
            # next, again and again.
            query = f"SELECT t.*{columns}\n  FROM {source} AS t"
            queries.append(f"{name} AS MATERIALIZED (\n  {query}\n)")
            source = name
        names = _names_of_results(self.model, len(self.results))
        pairs = zip(self.results, names, strict=True)
        results = "".join(f",\n  {one} AS {_quoted(name)}" for one, name in pairs)
        lines = "WITH " + ",\n".join(queries) + f"\nSELECT t.*{results}\nFROM {source} AS t\n"
        return SQL.format(what=_what(self.model), lines=lines)


def _spelled(recipe: Recipe) -> dict[str | None, str]:
    """Return how the levels of a predictor may be written; None is a cell without a value."""
    known = level_codes(recipe)
    spelled: dict[str | None, str] = dict(spellings(recipe["levels"]).items())
    if known.missing < len(recipe["levels"]):
        spelled[None] = recipe["levels"][known.missing]
    return spelled


def _quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def _names_of_results(model: Model, n_results: int) -> list[str]:
    """Return names as ``tautnet predict`` gives them."""
    if model.classes is not None:
        return [f"probability_{label}" for label in model.classes]
    if model.task == "survival":
        return ["risk"]
    return ["prediction"] if n_results == 1 else [f"prediction_{k}" for k in range(n_results)]


def _what(model: Model) -> str:
    """Return a sentence on what is predicted."""
    if model.classes is not None:
        return f"The probability of each class of {model.target!r}."
    what = "The log hazard ratio" if model.task == "survival" else "The prediction"
    return f"{what} of {model.target!r}."


DIALECTS = ("sqlite", "duckdb")
LANGUAGES: dict[str, type[Equation]] = {"python": PythonEquation, "sql": SqlEquation}
