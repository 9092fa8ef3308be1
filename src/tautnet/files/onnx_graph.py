"""A fitted model as an ONNX graph: from one input a column of the table to the predictions, in
double.
"""

from itertools import chain, count

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tautnet.objective.prediction import LARGEST_LOG_MEAN
from tautnet.tables.recipes import level_codes

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

    def __init__(self, taken=()):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []
        # ONNX reads an empty name as none.
        self.taken = {"", *taken}

    def name(self, wanted):
        """A name that nothing else has: the one wanted, or with a number behind it."""
        names = chain([wanted], (f"{wanted}_{i}" for i in count(2)))
        name = next(name for name in names if name not in self.taken)
        self.taken.add(name)
        return name

    def add(self, operator, *values, attributes=None, domain=None):
        """Apply an operator to values by their names; the name of what it gives."""
        result = self.name(operator.lower())
        self.nodes.append(
            helper.make_node(operator, values, [result], domain=domain, **(attributes or {}))
        )
        return result

    def constant(self, array):
        """The name of an array that does not change."""
        name = self.name("constant")
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def give(self, value, wanted, kind, shape):
        """Make a value an output."""
        name = self.name(wanted)
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))


def missing_text(recipe):
    """What stands for a missing cell among the texts of a category: the empty text, or one that is
    no level.
    """
    texts = chain([""], ("(" * i + "missing" + ")" * i for i in count()))
    return next(text for text in texts if text not in recipe["levels"])


def make_model(model):
    """The ONNX model of a fitted model whose idle predictors and units have been taken out.

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
    means = [
        MEANS[member.mean_name](graph, _outputs(graph, member, rows)) for member in model.members
    ]
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


def _input(graph, recipe, kind, doc):
    name = recipe["predictor"] or graph.name("column")
    info = helper.make_tensor_value_info(name, kind, ["rows", 1], f"{recipe['predictor']!r}: {doc}")
    graph.inputs.append(info)
    return name


def _columns(graph, recipe):
    """The columns that encode a predictor, each of shape (rows, n), in double, NaN for a missing
    number.
    """
    if "levels" in recipe:
        missing, known = missing_text(recipe), level_codes(recipe)
        cells = _input(
            graph,
            recipe,
            TensorProto.STRING,
            f"{recipe['kind']} as text, {missing!r} where it is missing",
        )
        codes = known.codes | {missing: known.missing}
        attributes = {
            "keys_strings": list(codes),
            "values_int64s": list(codes.values()),
            "default_int64": known.unseen,
        }
        code = graph.add("LabelEncoder", cells, attributes=attributes, domain="ai.onnx.ml")
        hits = graph.add("Equal", code, graph.constant(np.array([known.columns])))
        return [graph.add("Cast", hits, attributes={"to": TensorProto.DOUBLE})]
    what = "days since 1970-01-01" if recipe["kind"] == "date" else "a number"
    cells = _input(graph, recipe, TensorProto.DOUBLE, f"{what}, NaN where it is missing")
    columns = [cells] * recipe["value"]
    if recipe["indicator"]:
        columns.append(
            graph.add("Cast", graph.add("IsNaN", cells), attributes={"to": TensorProto.DOUBLE})
        )
    return columns


def _outputs(graph, member, rows):
    """Outputs of one network in the target's units, step by step as `Predictor.outputs`."""
    rows = graph.add("Sub", rows, graph.constant(member.scaling.centre))
    rows = graph.add("Div", rows, graph.constant(member.scaling.scale))
    rows = graph.add("Where", graph.add("IsNaN", rows), graph.constant(0.0), rows)
    signal = _layer(graph, rows, member.layers[0], member.biases[0])
    for weights, bias in zip(member.layers[1:], member.biases[1:], strict=True):
        signal = _layer(graph, ACTIVATIONS[member.activation](graph, signal), weights, bias)
    if member.skip is not None:
        signal = graph.add("Add", signal, graph.add("MatMul", rows, graph.constant(member.skip)))
    signal = graph.add("Mul", signal, graph.constant(member.target_scaling.scale))
    return graph.add("Add", signal, graph.constant(member.target_scaling.centre))


def _layer(graph, rows, weights, bias):
    return graph.add(
        "Add", graph.add("MatMul", rows, graph.constant(weights)), graph.constant(bias)
    )


def _two_classes(graph, outputs):
    second = graph.add("Sigmoid", outputs)
    first = graph.add("Sub", graph.constant(1.0), second)
    return graph.add("Concat", first, second, attributes={"axis": 1})


def _exp(graph, outputs):
    below = graph.add("Min", outputs, graph.constant(LARGEST_LOG_MEAN))
    beyond = graph.add("Add", graph.constant(1.0), graph.add("Sub", outputs, below))
    return graph.add("Mul", graph.add("Exp", below), beyond)


def _silu(graph, signal):
    # Not a product with Sigmoid: onnxruntime 1.22 makes that one operator, which it does not have
    # in double.
    power = graph.add("Exp", graph.add("Neg", signal))
    return graph.add("Div", signal, graph.add("Add", graph.constant(1.0), power))


# As those of `tautnet.objective.prediction`, of a graph and a value's name.
ACTIVATIONS = {
    "relu": lambda graph, signal: graph.add("Relu", signal),
    "tanh": lambda graph, signal: graph.add("Tanh", signal),
    "silu": _silu,
    "identity": lambda graph, signal: signal,
}
MEANS = {
    "identity": lambda graph, outputs: outputs,
    "two_classes": _two_classes,
    "softmax": lambda graph, outputs: graph.add("Softmax", outputs, attributes={"axis": 1}),
    "expit": lambda graph, outputs: graph.add("Sigmoid", outputs),
    "exp": _exp,
}


def _give(graph, model, mean):
    """Name the outputs: means, or probabilities and the label that `choose` takes from them."""
    if model.task not in ("classification", "multilabel"):
        n_outputs = len(model.members[0].biases[-1])
        graph.give(mean, OUTPUTS[model.task], TensorProto.DOUBLE, ["rows", n_outputs])
        return
    graph.give(mean, "probabilities", TensorProto.DOUBLE, ["rows", len(model.classes)])
    if model.task == "multilabel":
        label = graph.add("Greater", mean, graph.constant(0.5))
        label = graph.add("Cast", label, attributes={"to": TensorProto.INT64})
        graph.give(label, "label", TensorProto.INT64, ["rows", len(model.classes)])
        return
    classes = model.classes
    if classes.dtype.kind in "OU":
        classes = np.array([str(one) for one in classes], dtype=object)
    best = graph.add("ArgMax", mean, attributes={"axis": 1, "keepdims": 0})
    label = graph.add("Gather", graph.constant(classes), best)
    graph.give(label, "label", helper.np_dtype_to_tensor_dtype(classes.dtype), ["rows"])
