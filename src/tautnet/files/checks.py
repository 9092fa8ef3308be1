"""What a model file holds is checked before it is used.

Checked are kinds, shapes and names, and that the parts fit together. A file may come from anyone,
so a value has to be of a type exactly: a subclass would not do.
"""

import re

import numpy as np

from tautnet.files.fitted import FittedModel
from tautnet.files.member_checks import is_one_of, require
from tautnet.files.packing import Json, Value
from tautnet.objective.registry import described
from tautnet.tables.arrays import Cells
from tautnet.tables.dates import WAYS
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import ModelFileError, TableError
from tautnet.tables.notation import PLAIN, Notation

__all__ = ["check_model", "checked_encoder"]

# The classes that a fitted model can come from and go back to.
ESTIMATORS = (
    "TautNetClassifier",
    "TautNetRegressor",
    "TautNetClassifierCV",
    "TautNetRegressorCV",
    "TautNetSurvival",
    "TautNetSurvivalCV",
)
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
# The parts of a recipe, for numbers and dates, and for categories and truth values.
NUMBER_PARTS = {"predictor", "kind", "value", "indicator"}
# Those that dates have beside where they are not written in ISO's way.
WRITTEN_PARTS = {"written", "also"}
LEVEL_PARTS = {"predictor", "kind", "levels", "rare", "missing"}


def checked_encoder(packed: Json) -> TableEncoder:
    """Return the encoder of its kept state.

    Parameters
    ----------
    packed : dict
        ``recipes``, ``left_out`` and ``feature_names``; ``notation`` where it is not plain.
    """
    recipes = packed.get("recipes")
    left_out = packed.get("left_out")
    names = packed.get("feature_names")
    require(_are_distinct_texts(names) and len(names) > 0, "names of predictors that are none")
    require(_is_dict_of_texts(left_out), "reasons that are none")
    are_recipes = type(recipes) is list and all(map(_is_recipe, recipes))
    require(are_recipes, "a predictor encoded in no known way")
    encoded = [recipe["predictor"] for recipe in recipes]
    known = set(names)
    misfit = "predictors that do not fit their names"
    require(len(set(encoded)) == len(encoded) and known.issuperset(encoded), misfit)
    require(known.issuperset(left_out) and not set(encoded) & left_out.keys(), misfit)
    notation = _checked_notation(packed.get("notation", {}))
    return TableEncoder.restored(recipes, left_out, names, notation)


def _checked_notation(packed: Json) -> Notation:
    """Return the notation of the parts that a file kept."""
    unknown = "cells written in no known way"
    require(type(packed) is dict and packed.keys() <= {*Notation._fields}, unknown)
    parts = {}
    for name, part in packed.items():
        default = getattr(PLAIN, name)
        is_list = type(default) is tuple
        fits = _are_distinct_texts(part) if is_list else type(part) is type(default)
        require(fits, unknown)
        parts[name] = tuple(part) if is_list else part
    try:
        return PLAIN.changed(parts)
    except TableError:
        raise ModelFileError(unknown) from None


def _are_distinct_texts(values: Json) -> bool:
    """Tell whether a value is a list of texts, none of them twice."""
    if type(values) is not list or not all(type(one) is str for one in values):
        return False
    return len(set(values)) == len(values)


def _is_dict_of_texts(value: Json) -> bool:
    """Tell whether a value is a dict of texts."""
    return type(value) is dict and all(type(one) is str for one in value.values())


def _has_named_parts(value: Json) -> bool:
    """Tell whether a value is a dict whose keys are texts."""
    return type(value) is dict and all(type(name) is str for name in value)


def _is_recipe(recipe: Json) -> bool:
    """Tell whether a value is a recipe of `TableEncoder`."""
    if type(recipe) is not dict or type(recipe.get("predictor")) is not str:
        return False
    if recipe.get("kind") == "date" and recipe.keys() == NUMBER_PARTS | WRITTEN_PARTS:
        is_known = is_one_of(recipe["written"], WAYS) and is_one_of(recipe["also"], ("", *WAYS))
        return is_known and _makes_a_column(recipe)
    if recipe.get("kind") in ("number", "date"):
        return recipe.keys() == NUMBER_PARTS and _makes_a_column(recipe)
    if recipe.get("kind") in ("category", "boolean"):
        return recipe.keys() == LEVEL_PARTS and _makes_levels(recipe)
    return False


def _makes_a_column(recipe: Json) -> bool:
    """Tell whether a number or a date has its value or its indicator as a column."""
    flags = (recipe["value"], recipe["indicator"])
    return all(type(flag) is bool for flag in flags) and any(flags)


def _makes_levels(recipe: Json) -> bool:
    """Tell whether a category or a truth value has two levels or more."""
    flags = (recipe["rare"], recipe["missing"])
    if not _are_distinct_texts(recipe["levels"]) or not all(type(flag) is bool for flag in flags):
        return False
    return len(recipe["levels"]) + sum(flags) >= 2


def check_model(model: FittedModel) -> None:
    """Raise `ModelFileError` where the parts of a fitted model do not go together."""
    require(is_one_of(model.estimator, ESTIMATORS), f"an unknown class {model.estimator!r:.80}")
    require(is_one_of(model.task, TASKS), "an unknown task")
    require(model.members[0].mean_name in TASKS[model.task], "a task that does not fit its network")
    require(type(model.target) is str, "a target without a name")
    require(type(model.metric) is str, "a metric without a name")
    for what in (model.parameters, model.left_out, model.attributes, model.unit, model.versions):
        require(_has_named_parts(what), "names that are none")
    for said in (model.left_out, model.versions):
        require(_is_dict_of_texts(said), "texts that are none")
    require("tautnet" in model.versions, "no version of tautnet")
    if model.selector is not None:
        _check_selector(model.selector)
    _check_penalty(model)
    _check_attributes(model)
    _check_prediction(model)


def _check_selector(selector: Value) -> None:
    """Raise where the state of a `TautNetSelector` is none."""
    fits = type(selector) is dict and selector.keys() == {"is_default", "attributes"}
    fits = fits and type(selector["is_default"]) is bool
    require(fits and _has_named_parts(selector["attributes"]), "a selector that is none")
    for name in selector["attributes"]:
        require(_is_attribute(name), "a selector with an attribute of an odd name")


def _check_penalty(model: FittedModel) -> None:
    """Raise where a model has no penalty, no strength of one, or no rule by which it was chosen."""
    penalty = model.attributes.get("penalty_", model.parameters.get("penalty"))
    rule = model.parameters.get("selection", "min")
    strength = model.attributes.get("alpha_", model.parameters.get("alpha"))
    require(type(penalty) is str, "no penalty")
    require(not described(str(penalty)).has_strength or _is_finite(strength), "no strength")
    require(type(rule) is str or _is_finite(rule), "no rule of choice")


def _is_attribute(name: str) -> bool:
    """Tell whether an estimator has attributes of such a name."""
    return ATTRIBUTE.fullmatch(name) is not None or name in PRIVATE


def _is_number(value: Value) -> bool:
    """Tell whether a value is a number, and no truth value."""
    return isinstance(value, int | float | np.number) and type(value) is not bool


def _is_finite(value: Value) -> bool:
    """Tell whether a value is a finite number."""
    return _is_number(value) and bool(np.isfinite(float(value)))


def _is_numeric(value: Value, n_axes: int, *shape: int) -> bool:
    """Tell whether a value is an array of numbers of so many axes, and of a shape if given."""
    if type(value) is not np.ndarray or value.dtype.kind not in "biuf":
        return False
    return value.ndim == n_axes and shape in ((), value.shape)


def _check_attributes(model: FittedModel) -> None:
    """Raise where a fitted attribute is missing, or is not what it should be."""
    attributes = model.attributes
    for name in attributes:
        require(_is_attribute(name), f"an attribute of an odd name, {name!r:.80}")
    for name in COUNTS:
        require(type(attributes.get(name)) is int and attributes[name] >= 0, f"no {name}")
    chosen = CHOSEN if "cv_results_" in attributes else ()
    for name in (*REQUIRED, *chosen):
        require(_is_number(attributes.get(name)), f"no {name}")
    for name in ("selected_features_", "feature_importances_"):
        fits = _is_numeric(attributes.get(name), 1, model.encoder.n_features_in_)
        require(fits, f"{name} that do not fit the predictors")
    norms = attributes["feature_importances_"]
    require(np.isfinite(norms).all() and (norms >= 0).all(), "feature_importances_ that are none")
    is_truth = attributes["selected_features_"].dtype == bool
    require(is_truth, "selected_features_ that do not fit the predictors")
    _check_names(model)
    _check_weights(attributes)
    _check_order(attributes)
    if chosen:
        _check_curves(attributes["cv_results_"])


def _check_names(model: FittedModel) -> None:
    """Raise where an estimator would know other predictors than the encoder."""
    names: Value = model.attributes.get("feature_names_in_", model.encoder.feature_names_in_)
    count: Value = model.attributes.get("n_features_in_", model.encoder.n_features_in_)
    agree = type(names) is np.ndarray and names.tolist() == model.feature_names
    agree = agree and type(count) is int and count == model.encoder.n_features_in_
    require(agree, "names of predictors that differ from those of the encoder")


def _check_weights(attributes: dict[str, Value]) -> None:
    """Raise where the weights of the fit are not arrays of two axes; a model may have none."""
    require(("coefs_" in attributes) == ("skip_coef_" in attributes), "no coefs_")
    if "coefs_" not in attributes:
        return
    layers = attributes["coefs_"]
    skip = attributes["skip_coef_"]
    require(type(layers) is list and len(layers) > 0, "no coefs_")
    for array in layers if skip is None else [*layers, skip]:
        require(_is_numeric(array, 2) and array.size > 0, "coefs_ that are none")


def _check_order(attributes: dict[str, Value]) -> None:
    """Raise where a relaxed fit ranked predictors in an order that is unknown."""
    order = attributes.get("relaxed_order_")
    if order is not None:
        is_known = is_one_of(order, ("norm", "exit", "elimination"))
        is_known = is_known and _is_finite(attributes.get("relaxed_alpha_"))
        require(is_known, "an unknown order of predictors")


def _check_curves(curves: Value) -> None:
    """Raise where the table of cross-validation is none, or has columns of different lengths."""
    has_curves = type(curves) is dict and all(name in curves for name in CURVES)
    require(has_curves, "no table of cross-validation")
    require(_is_numeric(curves["alpha"], 1), "columns that do not fit")
    length = len(curves["alpha"])
    fit = all(_is_numeric(column, 1, length) for column in curves.values())
    require(fit, "columns that do not fit")


def _check_prediction(model: FittedModel) -> None:
    """Raise where a model lacks what turns outputs into predictions, or that does not fit them."""
    n_outputs = len(model.members[0].biases[-1])
    if model.task == "survival":
        times: Value = model.attributes.get("event_times_")
        hazard: Value = model.attributes.get("baseline_cumulative_hazard_")
        require(_is_numeric(times, 1) and n_outputs == 1, "no times of events")
        require(_is_numeric(hazard, 1, len(times)), "no times of events")
        seen: Value = model.attributes.get("unique_times_", times)
        require(_is_numeric(seen, 1) and len(seen) > 0, "no times of rows")
        for ascending in (times, seen):
            require((np.diff(ascending) > 0).all(), "no times of events")
    if model.task in ("classification", "multilabel"):
        n_classes = 2 if model.members[0].mean_name == "two_classes" else n_outputs
        _check_classes(model.classes, n_classes)
        fits = n_outputs == 1 or n_classes == n_outputs
        require(fits, "classes that do not fit the network")


def _check_classes(classes: Cells | None, n_classes: int) -> None:
    """Raise where there are not so many classes, or they are neither numbers nor texts."""
    misfit = "classes that do not fit the network"
    if type(classes) is not np.ndarray or classes.shape != (n_classes,):
        raise ModelFileError(misfit)
    require(classes.dtype.kind in "biufU", misfit)
    require(len(np.unique(classes)) == n_classes, "classes that are the same")
