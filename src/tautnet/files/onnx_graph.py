"""A fitted model becomes an ONNX graph, which takes one input for each predictor of the table.

All numbers are in double precision.
"""

from collections.abc import Callable, Iterable
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from tautnet.files.parts import Model
from tautnet.objective.prediction import LARGEST_LOG_MEAN, Predictor
from tautnet.tables.arrays import Floats
from tautnet.tables.basis import FAR, RAMP, REACH, SMOOTH, Basis
from tautnet.tables.recipes import Recipe, level_codes

# Old enough that any runtime of the last years reads it.
OPERATORS = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
IR_VERSION = 8
OUTPUTS = {"regression": "prediction", "survival": "risk"}


class Graph:
    """Nodes and constants of a graph as they are added; each value has a name of its own.

    Parameters
    ----------
    taken : iterable of str
        Names that no value may have.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []
        # ONNX reads an empty name as none.
        self.taken = {"", *taken}

    def name(self, wanted: str) -> str:
        """Return a name that nothing else has: the one wanted, or with a number behind it."""
        names = chain([wanted], (f"{wanted}_{i}" for i in count(2)))
        name = next(name for name in names if name not in self.taken)
        self.taken.add(name)
        return name

    def add(
        self,
        operator: str,
        *values: str,
        attributes: dict[str, Any] | None = None,
        domain: str | None = None,
    ) -> str:
        """Apply an operator to values by their names, and return the name of the result."""
        result = self.name(operator.lower())
        self.nodes.append(
            helper.make_node(operator, values, [result], domain=domain, **(attributes or {}))
        )
        return result

    def constant(self, array: ArrayLike) -> str:
        """Add an array that does not change, and return its name."""
        name = self.name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def give(self, value: str, wanted: str, kind: int, shape: list[str | int]) -> None:
        """Make a value an output, under the name that is wanted where that is free."""
        name = self.name(wanted)
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))


def missing_text(recipe: Recipe) -> str:
    """Return what stands for a missing cell among the texts of a category.

    That is the empty text, or another where the empty one is a level.
    """
    texts = chain([""], ("(" * i + "missing" + ")" * i for i in count()))
    known = level_codes(recipe)
    return next(text for text in texts if known.codes.get(text, known.missing) == known.missing)


def make_model(model: Model) -> ModelProto:
    """Return the ONNX model of a fitted model whose idle predictors and units were taken out.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    onnx.ModelProto
        Its inputs are in the order of ``model.encoder.recipes``.
    """
    graph = Graph(recipe["predictor"] for recipe in model.encoder.recipes)
    columns = [column for recipe in model.encoder.recipes for column in _columns(graph, recipe)]
    rows = graph.add("Concat", *columns, attributes={"axis": 1})
    means = []
    for member in model.members:
        outputs = _outputs(graph, member, rows)
        means.append(MEANS[member.mean_name](graph, outputs))
    total = means[0]
    for mean in means[1:]:
        total = graph.add("Add", total, mean)
    _give(graph, model, graph.add("Div", total, graph.constant(float(len(means)))))
    whole = helper.make_graph(graph.nodes, "tautnet", graph.inputs, graph.outputs, graph.constants)
    made = helper.make_model(
        whole, opset_imports=OPERATORS, ir_version=IR_VERSION, producer_name="tautnet"
    )
    made.producer_version = model.versions["tautnet"]
    return made


def _input(graph: Graph, recipe: Recipe, kind: int, doc: str) -> str:
    """Add the input of a predictor, and return its name."""
    name = recipe["predictor"] or graph.name("column")
    info = helper.make_tensor_value_info(name, kind, ["rows", 1], f"{recipe['predictor']!r}: {doc}")
    graph.inputs.append(info)
    return name


def _columns(graph: Graph, recipe: Recipe) -> list[str]:
    """Return the columns that encode a predictor, each of shape (rows, n) in double.

    They are NaN where a number is missing.
    """
    if "levels" in recipe:
        return [_level_columns(graph, recipe)]
    what = "days since 1970-01-01" if recipe["kind"] == "date" else "a number"
    cells = _input(graph, recipe, TensorProto.DOUBLE, f"{what}, NaN where it is missing")
    columns = [cells] * recipe["value"]
    if recipe["indicator"]:
        is_missing = graph.add("IsNaN", cells)
        columns.append(graph.add("Cast", is_missing, attributes={"to": TensorProto.DOUBLE}))
    return columns


def _level_columns(graph: Graph, recipe: Recipe) -> str:
    """Return the 0/1 columns of a category or truth value: 1 where its code is the column's."""
    missing = missing_text(recipe)
    known = level_codes(recipe)
    doc = f"{recipe['kind']} as text, {missing!r} where it is missing"
    cells = _input(graph, recipe, TensorProto.STRING, doc)
    codes = known.codes | {missing: known.missing}
    attributes = {
        "keys_strings": list(codes),
        "values_int64s": list(codes.values()),
        "default_int64": known.unseen,
    }
    code = graph.add("LabelEncoder", cells, attributes=attributes, domain="ai.onnx.ml")
    hits = graph.add("Equal", code, graph.constant(np.array([known.columns])))
    return graph.add("Cast", hits, attributes={"to": TensorProto.DOUBLE})


def _outputs(graph: Graph, member: Predictor, rows: str) -> str:
    """Return the outputs of a network in the target's units, step by step as `Predictor` does."""
    rows = graph.add("Sub", rows, graph.constant(member.scaling.centre))
    rows = graph.add("Div", rows, graph.constant(member.scaling.scale))
    rows = graph.add("Where", graph.add("IsNaN", rows), graph.constant(0.0), rows)
    if member.scaling.basis is not None:
        rows = _made(graph, member.scaling.basis, rows)
    signal = _layer(graph, rows, member.layers[0], member.biases[0])
    for weights, bias in zip(member.layers[1:], member.biases[1:], strict=True):
        signal = _layer(graph, ACTIVATIONS[member.activation](graph, signal), weights, bias)
    if member.skip is not None:
        signal = graph.add("Add", signal, graph.add("MatMul", rows, graph.constant(member.skip)))
    signal = graph.add("Mul", signal, graph.constant(member.target_scaling.scale))
    signal = graph.add("Add", signal, graph.constant(member.target_scaling.centre))
    if member.limits is None:
        return signal
    return _between(graph, signal, *member.limits)


def _made(graph: Graph, basis: Basis, rows: str) -> str:
    """Return the columns of a basis, step by step as `Basis.apply` makes them."""
    z = graph.add("Gather", rows, graph.constant(basis.source), attributes={"axis": 1})
    lengths = graph.add("Sub", z, graph.constant(basis.origin))
    lengths = graph.add("Max", lengths, graph.constant(0.0))
    logarithms = graph.add("Log", graph.add("Add", lengths, graph.constant(basis.offset)))
    u = graph.add("Where", graph.constant(basis.is_log), logarithms, z)
    v = graph.add("Sub", u, graph.constant(basis.centre))
    v = graph.add("Div", v, graph.constant(basis.scale))
    near = _between(graph, v, -FAR, FAR)
    share = graph.add("Div", near, graph.constant(REACH))
    squares = graph.add("Add", graph.add("Mul", share, share), graph.constant(1.0))
    smooth = graph.add("Div", near, graph.add("Sqrt", squares))
    w = graph.add("Where", graph.constant(basis.curve == SMOOTH), smooth, v)
    w = graph.add("Where", graph.constant(basis.curve == RAMP), _between(graph, v, 0.0, 1.0), w)
    centred = graph.add("Sub", w, graph.constant(basis.mean))
    return graph.add("Div", centred, graph.constant(basis.spread))


def _between(graph: Graph, value: str, low: float | Floats, high: float | Floats) -> str:
    """Return a value, or the limit that it lies beyond."""
    not_below = graph.add("Max", value, graph.constant(low))
    return graph.add("Min", not_below, graph.constant(high))


def _layer(graph: Graph, rows: str, weights: Floats, bias: Floats) -> str:
    """Return what a layer makes of its inputs: ``rows @ weights + bias``."""
    product = graph.add("MatMul", rows, graph.constant(weights))
    return graph.add("Add", product, graph.constant(bias))


def _two_classes(graph: Graph, outputs: str) -> str:
    """Return the probabilities of two classes, of which the outputs are the log odds."""
    second = graph.add("Sigmoid", outputs)
    first = graph.add("Sub", graph.constant(1.0), second)
    return graph.add("Concat", first, second, attributes={"axis": 1})


def _exp(graph: Graph, outputs: str) -> str:
    """Return the exponential function, and beyond the largest logarithm of a mean its tangent."""
    below = graph.add("Min", outputs, graph.constant(LARGEST_LOG_MEAN))
    beyond = graph.add("Add", graph.constant(1.0), graph.add("Sub", outputs, below))
    return graph.add("Mul", graph.add("Exp", below), beyond)


def _silu(graph: Graph, signal: str) -> str:
    """Return ``x / (1 + exp(-x))``."""
    # Not a product with Sigmoid: onnxruntime 1.22 makes that one operator, which it does not have
    # in double.
    power = graph.add("Exp", graph.add("Neg", signal))
    return graph.add("Div", signal, graph.add("Add", graph.constant(1.0), power))


# As those of `tautnet.objective.prediction`, of a graph and a value's name.
ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "relu": lambda graph, signal: graph.add("Relu", signal),
    "tanh": lambda graph, signal: graph.add("Tanh", signal),
    "silu": _silu,
    "identity": lambda graph, signal: signal,
}
MEANS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda graph, outputs: outputs,
    "two_classes": _two_classes,
    "softmax": lambda graph, outputs: graph.add("Softmax", outputs, attributes={"axis": 1}),
    "expit": lambda graph, outputs: graph.add("Sigmoid", outputs),
    "exp": _exp,
}


def _give(graph: Graph, model: Model, mean: str) -> None:
    """Name the outputs: means, or probabilities and the label that `choose` takes from them."""
    if model.task not in ("classification", "multilabel"):
        n_outputs = len(model.members[0].biases[-1])
        graph.give(mean, OUTPUTS[model.task], TensorProto.DOUBLE, ["rows", n_outputs])
        return
    classes = np.asarray(model.classes)
    graph.give(mean, "probabilities", TensorProto.DOUBLE, ["rows", len(classes)])
    if model.task == "multilabel":
        label = graph.add("Greater", mean, graph.constant(0.5))
        label = graph.add("Cast", label, attributes={"to": TensorProto.INT64})
        graph.give(label, "label", TensorProto.INT64, ["rows", len(classes)])
        return
    if classes.dtype.kind in "OU":
        classes = np.array([str(one) for one in classes], dtype=object)
    best = graph.add("ArgMax", mean, attributes={"axis": 1, "keepdims": 0})
    label = graph.add("Gather", graph.constant(classes), best)
    graph.give(label, "label", helper.np_dtype_to_tensor_dtype(classes.dtype), ["rows"])
