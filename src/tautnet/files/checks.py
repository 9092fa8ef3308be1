"""What a model file says is checked before it is used: kinds, shapes, names, and that the parts
fit
together.
"""

import re

import numpy as np

from tautnet.files.fitted import ESTIMATORS
from tautnet.objective.prediction import ACTIVATIONS, MEANS, Predictor
from tautnet.objective.registry import described
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import ModelFileError
from tautnet.tables.scaling import Scaling

__all__ = ["check_model", "checked_encoder", "checked_members", "require"]

# For each task the ways from outputs to a prediction.
TASKS = {
    "classification": ("two_classes", "softmax"),
    "multilabel": ("expit",),
    "regression": ("identity", "exp"),
    "survival": ("identity",),
}
ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*_")
# Attributes that begin with an underscore: the predictors that take part, the predictor of each
# column, and what scikit-learn's ``set_output`` sets.
PRIVATE = ("_predictors", "_column_feature", "_sklearn_output_config")
COUNTS = ("n_rows_", "n_iter_", "n_outputs_")
REQUIRED = ("train_loss_", "stationarity_", "objective_gap_")
CHOSEN = ("alpha_", "alpha_min_", "alpha_1se_", "cv_loss_")
CURVES = ("alpha", "mean_test_loss", "se_test_loss")


def require(condition, why):
    """Raise `ModelFileError` where a condition does not hold."""
    if not condition:
        raise ModelFileError(why)


def checked_encoder(packed):
    """The encoder of its kept state.

    Parameters
    ----------
    packed : dict
        ``recipes``, ``left_out`` and ``feature_names``.
    """
    recipes, left_out, names = (
        packed.get(name) for name in ("recipes", "left_out", "feature_names")
    )
    require(_are_distinct_texts(names) and names, "names of predictors that are none")
    require(
        type(left_out) is dict and all(type(why) is str for why in left_out.values()),
        "reasons that are none",
    )
    require(
        type(recipes) is list and all(map(_is_recipe, recipes)),
        "a predictor encoded in no known way",
    )
    encoded = [recipe["predictor"] for recipe in recipes]
    known = set(names)
    require(
        len(set(encoded)) == len(encoded) and known.issuperset(encoded),
        "predictors that do not fit their names",
    )
    require(
        known.issuperset(left_out) and not set(encoded) & left_out.keys(),
        "predictors that do not fit their names",
    )
    return TableEncoder.restored(recipes, left_out, names)


def _are_distinct_texts(values):
    return (
        type(values) is list
        and all(type(one) is str for one in values)
        and len(set(values)) == len(values)
    )


def _is_recipe(recipe):
    if type(recipe) is not dict or type(recipe.get("predictor")) is not str:
        return False
    if recipe.get("kind") in ("number", "date") and recipe.keys() == {
        "predictor",
        "kind",
        "value",
        "indicator",
    }:
        value, indicator = recipe["value"], recipe["indicator"]
        return type(value) is bool and type(indicator) is bool and (value or indicator)
    if recipe.get("kind") not in ("category", "boolean"):
        return False
    if recipe.keys() != {
        "predictor",
        "kind",
        "levels",
        "rare",
        "missing",
    } or not _are_distinct_texts(recipe["levels"]):
        return False
    rare, missing = recipe["rare"], recipe["missing"]
    return (
        type(rare) is bool and type(missing) is bool and len(recipe["levels"]) + rare + missing >= 2
    )


def checked_members(packed, unpacker, n_columns):
    """The predictors of their kept state, for so many columns."""
    require(type(packed) is list and packed, "no network")
    members = tuple(_checked_member(one, unpacker, n_columns) for one in packed)
    first = members[0]
    for member in members[1:]:
        same = (
            len(member.biases[-1]) == len(first.biases[-1]) and member.mean_name == first.mean_name
        )
        require(same, "networks that do not go together")
    return members


def _checked_member(packed, unpacker, n_columns):
    require(
        type(packed) is dict and packed.keys() == {*Predictor._fields}, "a network of unknown parts"
    )
    for name in ("scaling", "target_scaling", "layers", "biases"):
        require(type(packed[name]) is list and packed[name], "a network of unknown parts")
    member = Predictor(
        Scaling(*_arrays(packed["scaling"], unpacker, 2)),
        tuple(_arrays(packed["layers"], unpacker)),
        tuple(_arrays(packed["biases"], unpacker)),
        None if packed["skip"] is None else _arrays([packed["skip"]], unpacker)[0],
        packed["activation"],
        Scaling(*_arrays(packed["target_scaling"], unpacker, 2)),
        packed["mean_name"],
    )
    require(
        type(member.activation) is str and member.activation in ACTIVATIONS, "an unknown activation"
    )
    require(
        type(member.mean_name) is str and member.mean_name in MEANS, "an unknown kind of prediction"
    )
    n_outputs = member.biases[-1].size
    widths = [n_columns, *(bias.size for bias in member.biases)]
    shapes = list(zip(widths[:-1], widths[1:], strict=True))
    fits = [weights.shape for weights in member.layers] == shapes
    fits &= all(bias.shape == (bias.size,) for bias in member.biases)
    fits &= member.skip is None or member.skip.shape == (n_columns, n_outputs)
    for scaling, size in ((member.scaling, n_columns), (member.target_scaling, n_outputs)):
        fits &= scaling.centre.shape == scaling.scale.shape == (size,)
    require(fits and n_outputs, "weights whose shapes do not fit together")
    scales = np.concatenate([member.scaling.scale, member.target_scaling.scale])
    require((scales > 0).all(), "a scale that is not above 0")
    return member


def _arrays(names, unpacker, n=None):
    arrays = [unpacker.array(name) for name in names]
    require(n in (None, len(arrays)), "a network of unknown parts")
    for array in arrays:
        require(array.dtype == np.float64, "weights that are not in double precision")
        require(np.isfinite(array).all(), "weights that are not finite")
    return arrays


def check_model(model):
    """Raise `ModelFileError` where the parts of a fitted model do not go together."""
    require(
        type(model.estimator) is str and model.estimator in ESTIMATORS,
        f"an unknown class {model.estimator!r:.80}",
    )
    require(type(model.task) is str and model.task in TASKS, "an unknown task")
    require(model.members[0].mean_name in TASKS[model.task], "a task that does not fit its network")
    for name in ("target", "metric"):
        require(type(getattr(model, name)) is str, f"a {name} without a name")
    for what in (model.parameters, model.left_out, model.attributes, model.unit, model.versions):
        require(
            type(what) is dict and all(type(name) is str for name in what), "names that are none"
        )
    for what in (model.left_out, model.versions):
        require(all(type(said) is str for said in what.values()), "texts that are none")
    selector = model.selector
    if selector is not None:
        fits = type(selector) is dict and selector.keys() == {"is_default", "attributes"}
        fits = (
            fits and type(selector["is_default"]) is bool and type(selector["attributes"]) is dict
        )
        require(
            fits and all(type(name) is str for name in selector["attributes"]),
            "a selector that is none",
        )
        odd = [
            name
            for name in selector["attributes"]
            if not ATTRIBUTE.fullmatch(name) and name not in PRIVATE
        ]
        require(not odd, "a selector with an attribute of an odd name")
    penalty, rule = model.parameters.get("penalty"), model.parameters.get("selection", "min")
    require(type(penalty) is str, "no penalty")
    require(not described(penalty).has_strength or _is_finite(_strength(model)), "no strength")
    require(type(rule) is str or _is_finite(rule), "no rule of choice")
    _check_attributes(model)
    _check_prediction(model)


def _strength(model):
    return model.attributes.get("alpha_", model.parameters.get("alpha"))


def _is_number(value):
    return isinstance(value, int | float | np.number) and type(value) is not bool


def _is_finite(value):
    return _is_number(value) and bool(np.isfinite(float(value)))


def _is_numeric(value, n_axes, *shape):
    """Whether a value is an array of numbers, of a number of axes, and of a shape if one is
    given.
    """
    numeric = type(value) is np.ndarray and value.dtype.kind in "biuf" and value.ndim == n_axes
    return numeric and shape in ((), value.shape)


def _check_attributes(model):
    attributes, n_features = model.attributes, model.encoder.n_features_in_
    for name in attributes:
        require(
            ATTRIBUTE.fullmatch(name) or name in PRIVATE,
            f"an attribute of an odd name, {name!r:.80}",
        )
    for name in COUNTS:
        require(type(attributes.get(name)) is int and attributes[name] >= 0, f"no {name}")
    chosen = CHOSEN if "cv_results_" in attributes else ()
    for name in (*REQUIRED, *chosen):
        require(_is_number(attributes.get(name)), f"no {name}")
    for name in ("selected_features_", "feature_importances_"):
        require(
            _is_numeric(attributes.get(name), 1, n_features),
            f"{name} that do not fit the predictors",
        )
    require(
        attributes["selected_features_"].dtype == bool,
        "selected_features_ that do not fit the predictors",
    )
    arrays, skip = attributes.get("coefs_", [np.eye(1)]), attributes.get("skip_coef_")
    require(
        type(arrays) is list
        and arrays
        and ("coefs_" in attributes) == ("skip_coef_" in attributes),
        "no coefs_",
    )
    for array in arrays if skip is None else [*arrays, skip]:
        require(_is_numeric(array, 2) and array.size, "coefs_ that are none")
    order, alpha = attributes.get("relaxed_order_"), attributes.get("relaxed_alpha_")
    known = order is None or (
        type(order) is str and order in ("norm", "exit") and _is_finite(alpha)
    )
    require(known, "an unknown order of predictors")
    if chosen:
        _check_curves(attributes["cv_results_"])


def _check_curves(curves):
    require(
        type(curves) is dict and all(name in curves for name in CURVES),
        "no table of cross-validation",
    )
    require(_is_numeric(curves["alpha"], 1), "columns that do not fit")
    length = len(curves["alpha"])
    require(
        all(_is_numeric(column, 1, length) for column in curves.values()), "columns that do not fit"
    )


def _check_prediction(model):
    n_outputs = len(model.members[0].biases[-1])
    if model.task == "survival":
        times, hazard = (
            model.attributes.get(name) for name in ("event_times_", "baseline_cumulative_hazard_")
        )
        require(_is_numeric(times, 1) and n_outputs == 1, "no times of events")
        require(
            _is_numeric(hazard, 1, len(times)) and (np.diff(times) > 0).all(), "no times of events"
        )
    if model.task in ("classification", "multilabel"):
        n_classes = 2 if model.members[0].mean_name == "two_classes" else n_outputs
        fits = type(model.classes) is np.ndarray and model.classes.shape == (n_classes,)
        require(fits and model.classes.dtype.kind in "biufU", "classes that do not fit the network")
        require(n_outputs == 1 or n_classes == n_outputs, "classes that do not fit the network")
