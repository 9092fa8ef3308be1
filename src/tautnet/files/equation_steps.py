"""A prediction is written as variables in steps, the same in every language.

What a language writes in its own way (a cell, a choice between two expressions, a power of e) is
left to a subclass of `Equation`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import count

import numpy as np

from tautnet.files.parts import Model
from tautnet.objective.prediction import LARGEST_LOG_MEAN, Predictor
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.basis import FAR, LINE, RAMP, REACH, Basis
from tautnet.tables.recipes import Recipe, level_codes

__all__ = ["Equation"]


class Equation(ABC):
    """Variables that follow from each other, in steps.

    Each variable needs only those of the steps before its own. Expressions are texts.

    Parameters
    ----------
    model : FittedModel
        Pruned.

    Attributes
    ----------
    prefix : str
        What the name of each variable begins with.
    steps : list of lists of (name, expression)
    results : list of str
        An expression for each prediction.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.prefix = self.free_prefix([recipe["predictor"] for recipe in model.encoder.recipes])
        self.steps: list[list[tuple[str, str]]] = []
        self.counts: dict[str, Iterator[int]] = {}
        means = [self.means(member) for member in model.members]
        self.results = [" + ".join(same) for same in zip(*means, strict=True)]
        if len(means) > 1:
            self.results = [f"({result}) / {len(means)}" for result in self.results]

    @abstractmethod
    def free_prefix(self, predictors: list[str]) -> str:
        """Return what variables begin with, so that none is called like a column of the model."""

    @abstractmethod
    def cell(self, predictor: str) -> str:
        """Return the cell of a column."""

    @abstractmethod
    def double(self, expression: str) -> str:
        """Return a number in double precision."""

    @abstractmethod
    def choose(self, condition: str, yes: str, no: str) -> str:
        """Return one of two expressions."""

    @abstractmethod
    def is_missing(self, cell: str) -> str:
        """Return whether a cell is missing."""

    @abstractmethod
    def has_code(self, recipe: Recipe, code: int) -> str:
        """Return whether the cell of a category or truth value has a code, as in `LevelCodes`."""

    @abstractmethod
    def power(self, x: str) -> str:
        """Return e to the power of x, without overflow."""

    @abstractmethod
    def logarithm(self, x: str) -> str:
        """Return the natural logarithm of a number above 0."""

    @abstractmethod
    def root(self, x: str) -> str:
        """Return the square root of a number."""

    @abstractmethod
    def text(self) -> str:
        """Return the whole program."""

    def step(self, letter: str, expressions: Iterable[str]) -> list[str]:
        """Add a variable for each expression, all of one step, and return their names."""
        numbers = self.counts.setdefault(letter, count(1))
        pairs = [(f"{self.prefix}{letter}{next(numbers)}", one) for one in expressions]
        if pairs:
            self.steps.append(pairs)
        return [name for name, _ in pairs]

    def means(self, member: Predictor) -> list[str]:
        """Return the names of the predictions of one network."""
        columns = self.columns(member)
        signal: Sequence[str | None] = columns
        for weights, bias in zip(member.layers[:-1], member.biases[:-1], strict=True):
            sums = [_linear(b, (w, signal)) for w, b in zip(weights.T, bias, strict=True)]
            inputs = self.step("z", sums)
            signal = self.step("h", [self.activation(member.activation, z) for z in inputs])
        outputs = self.step("f", self.outputs(member, signal, columns))
        outputs = self.clamped(member, outputs)
        return self.step("p", self.mean(member.mean_name, outputs))

    def outputs(
        self, member: Predictor, signal: Sequence[str | None], columns: Sequence[str | None]
    ) -> Iterator[str]:
        """Yield the outputs of one network, in the target's units.

        Parameters
        ----------
        member : Predictor
        signal, columns : sequence of str or None
            Names of the last hidden units, and of the standardised columns.
        """
        centre, scale, _ = member.target_scaling
        skip = member.skip
        if skip is None:
            skip = np.zeros((len(columns), len(centre)))
        for j, bias in enumerate(member.biases[-1]):
            weights = (member.layers[-1].T[j] * scale[j], signal)
            beside = (skip.T[j] * scale[j], columns)
            yield _linear(bias * scale[j] + centre[j], weights, beside)

    def clamped(self, member: Predictor, outputs: list[str]) -> list[str]:
        """Return the names of outputs that stay between the limits of a network, if it has any."""
        if member.limits is None:
            return outputs
        pairs = zip(outputs, *member.limits, strict=True)
        return self.step("c", [self.between(f, float(low), float(high)) for f, low, high in pairs])

    def between(self, f: str, low: float, high: float) -> str:
        """Return a number, or the limit that it lies beyond."""
        not_above = self.choose(f"{f} > {high!r}", repr(high), f)
        return self.choose(f"{f} < {low!r}", repr(low), not_above)

    def columns(self, member: Predictor) -> list[str | None]:
        """Return the names of the columns of a network, None for those without a weight."""
        weighs = np.any([weights.any(axis=1) for weights in _of_columns(member)], axis=0)
        centres, scales, basis = member.scaling
        used = np.zeros(len(centres), bool)
        used[member.scaling.source[weighs]] = True
        written = [one for recipe in self.model.encoder.recipes for one in self.column(recipe)]
        kept = [
            self.double(write(float(centre), float(scale)))
            for write, centre, scale, use in zip(written, centres, scales, used, strict=True)
            if use
        ]
        names = iter(self.step("x", kept))
        standardised = [next(names) if use else None for use in used]
        return standardised if basis is None else self.made(basis, standardised, weighs)

    def made(
        self, basis: Basis, standardised: Sequence[str | None], weighs: Booleans
    ) -> list[str | None]:
        """Return the names of the columns of a basis, as `Basis.apply` makes them."""
        names = [
            standardised[source] if weight else None
            for source, weight in zip(basis.source, weighs, strict=True)
        ]
        bent = np.flatnonzero(weighs & (basis.curve != LINE))
        logged = self.logged(basis, standardised, bent)
        scaled = [
            _scaled(logged[basis.source[i]], float(basis.centre[i]), float(basis.scale[i]))
            for i in bent
        ]
        ranges = [(0.0, 1.0) if basis.curve[i] == RAMP else (-FAR, FAR) for i in bent]
        values = [
            self.between(v, *ends) for v, ends in zip(self.step("v", scaled), ranges, strict=True)
        ]
        curves = [
            w if basis.curve[i] == RAMP else f"{w} / {self.root(f'1.0 + {w} * {w} / {REACH**2!r}')}"
            for i, w in zip(bent, self.step("w", values), strict=True)
        ]
        columns = [
            _scaled(curve, float(basis.mean[i]), float(basis.spread[i]))
            for i, curve in zip(bent, curves, strict=True)
        ]
        for i, name in zip(bent, self.step("b", columns), strict=True):
            names[i] = name
        return names

    def logged(
        self, basis: Basis, standardised: Sequence[str | None], bent: Integers
    ) -> dict[int, str]:
        """Return by their number the names of standardised columns, or of their logarithms."""
        names = {j: name for j, name in enumerate(standardised) if name is not None}
        first = {int(basis.source[i]): i for i in bent[::-1] if basis.is_log[i]}
        logarithms = []
        for j, i in first.items():
            above = _less(names[j], basis.origin[i])
            length = self.choose(f"{names[j]} > {float(basis.origin[i])!r}", above, "0.0")
            logarithms.append(self.logarithm(f"{float(basis.offset[i])!r} + ({length})"))
        return names | dict(zip(first, self.step("u", logarithms), strict=True))

    def column(self, recipe: Recipe) -> Iterator[Callable[[float, float], str]]:
        """Yield, for each column of a predictor, what writes it from its centre and scale."""
        cell = self.cell(recipe["predictor"])
        if recipe.get("value"):
            yield lambda centre, scale: self.choose(
                self.is_missing(cell), "0.0", _scaled(cell, centre, scale)
            )
        for condition in self.conditions(recipe, cell):
            yield partial(self.indicator, condition)

    def indicator(self, condition: str, centre: float, scale: float) -> str:
        """Return a standardised 0/1 column, 1 where a condition holds."""
        return self.choose(condition, repr((1.0 - centre) / scale), repr((0.0 - centre) / scale))

    def conditions(self, recipe: Recipe, cell: str) -> list[str]:
        """Return, for each 0/1 column of a predictor, when it is 1."""
        if "levels" not in recipe:
            return [self.is_missing(cell)] if recipe["indicator"] else []
        return [self.has_code(recipe, code) for code in level_codes(recipe).columns]

    def activation(self, name: str, z: str) -> str:
        """Return what a hidden unit makes of its signal; ``tanh(z) = 2 / (1 + exp(-2 z)) - 1``."""
        if name == "relu":
            return self.choose(f"{z} > 0", z, "0.0")
        if name == "tanh":
            return f"2.0 / (1.0 + {self.power(f'-2.0 * {z}')}) - 1.0"
        if name == "silu":
            return f"{z} / (1.0 + {self.power(f'-{z}')})"
        if name == "identity":
            return z
        raise KeyError(name)

    def mean(self, name: str, outputs: list[str]) -> list[str]:
        """Return the predictions that belong to the outputs."""
        if name == "identity":
            return outputs
        if name == "two_classes":
            return [f"1.0 / (1.0 + {self.power(outputs[0])})", self.logistic(outputs[0])]
        if name == "softmax":
            return [self.softmax(f, outputs) for f in outputs]
        if name == "expit":
            return [self.logistic(f) for f in outputs]
        if name == "exp":
            return [self.log_mean(f) for f in outputs]
        raise KeyError(name)

    def logistic(self, f: str) -> str:
        """Return ``1 / (1 + exp(-f))``."""
        return f"1.0 / (1.0 + {self.power(f'-{f}')})"

    def softmax(self, f: str, outputs: list[str]) -> str:
        """Return ``exp(f) / sum_g exp(g)`` over all outputs g, as ``1 / sum_g exp(g - f)``."""
        powers = ["1.0" if g == f else self.power(f"({g} - {f})") for g in outputs]
        return f"1.0 / ({' + '.join(powers)})"

    def log_mean(self, f: str) -> str:
        """Return ``exp(f)``, and beyond the largest logarithm of a mean its tangent there."""
        top = repr(LARGEST_LOG_MEAN)
        at_top = repr(float(np.exp(LARGEST_LOG_MEAN)))
        return self.choose(f"{f} > {top}", f"{at_top} * (1.0 + {f} - {top})", self.power(f))


def _of_columns(member: Predictor) -> list[Floats]:
    """Return the weights that the columns have."""
    return [member.layers[0]] if member.skip is None else [member.layers[0], member.skip]


def _scaled(cell: str, centre: float, scale: float) -> str:
    """Return ``(cell - centre) / scale``."""
    return f"({_less(cell, centre)}) / {scale!r}"


def _less(x: str, number: float) -> str:
    """Return ``x - number``."""
    return f"{x} {'-' if number >= 0 else '+'} {abs(float(number))!r}"


def _linear(bias: float, *parts: tuple[Floats, Sequence[str | None]]) -> str:
    """Return a bias and a sum of products of weights and variables, without weights of 0."""
    terms = [repr(float(bias))]
    for weights, names in parts:
        for w, name in zip(weights, names, strict=True):
            if w:
                terms.append(f"{'-' if w < 0 else '+'} {abs(float(w))!r} * {name}")
    return " ".join(terms)
