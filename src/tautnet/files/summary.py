"""A fitted model is summarised for a person, as one plain object and in words."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, TypeAlias

import numpy as np

from tautnet.files.parts import Model
from tautnet.objective.registry import L2, described
from tautnet.prose.words import certificate_in_words, join, number
from tautnet.tables.arrays import Floats

__all__ = ["as_html", "describe", "facts", "summarise"]

# Plain values by name, as JSON takes them.
Facts: TypeAlias = dict[str, Any]

# Numbers of predictors and of levels that are listed by name.
LISTED = 10
LEVELS = 8
# Columns that names of predictors take at most in a table of text.
WIDEST = 40
# Days that a calendar reaches.
CALENDAR = 1e9
RULES = {"min": "lowest loss", "1se": "strongest within one standard error of the lowest loss"}
RELAXED_RULES = RULES | {"1se": "fewest predictors within one standard error of the lowest loss"}
ENDS = {
    "null": "at the null end of the path, a constant prediction",
    "strong": "at the strong end of the path, hardly more than a constant prediction",
    "weak": "at the weak end of the path",
}
RANKED = {
    "norm": "the size of their weights",
    "exit": "where they leave the path",
    "elimination": "refits of more predictors",
}


def facts(model: Model) -> Facts:
    """Return what is in a fitted model, as plain values for JSON.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    dict
    """
    held = model.attributes
    first = model.members[0]
    layers = _layers(model)
    skip = _skip(model)
    arrays = layers if skip is None else [*layers, skip]
    return {
        "class": model.estimator,
        "task": model.task,
        "target": model.target,
        "classes": None if model.classes is None else model.classes.tolist(),
        "limits": _limits(model),
        **_choice(model),
        "n_steps": held["n_iter_"],
        "n_rows": held["n_rows_"],
        "n_members": len(model.members),
        "is_selector": model.selector is not None,
        "layers": [len(layers[0]), *(weights.shape[1] for weights in layers)],
        "activation": first.activation if len(first.layers) > 1 else None,
        "skip": skip is not None,
        "n_weights": sum(w.size for w in arrays),
        "zero_weights": sum(int((w == 0).sum()) for w in arrays),
        "predictors": list(_predictors(model)),
        "left_out": dict(model.encoder.left_out),
        "notation": model.encoder.notation.typed(),
        "metric": model.metric,
        "train_loss": _finite(held["train_loss_"]),
        "cv_loss": _finite(held["cv_loss_"]) if "cv_results_" in held else None,
        "stationarity": _finite(held["stationarity_"]),
        "objective_gap": _finite(held["objective_gap_"]),
        "not_kept": dict(model.left_out),
        "versions": dict(model.versions),
    }


def _limits(model: Model) -> list[tuple[float, float]] | None:
    """Return between which numbers each output is, None where they are not clamped."""
    limits = [member.limits for member in model.members if member.limits is not None]
    if len(limits) < len(model.members):
        return None
    low, high = np.mean(limits, axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _layers(model: Model) -> list[Floats]:
    """Return the weights of the fit; a pruned model has only those of its members."""
    return list(model.attributes.get("coefs_", model.members[0].layers))


def _skip(model: Model) -> Floats | None:
    """Return the weights of the linear map beside the hidden layers, likewise."""
    if "coefs_" in model.attributes:
        return model.attributes["skip_coef_"]
    return model.members[0].skip


def _choice(model: Model) -> Facts:
    """Return the penalty, and how its strength was chosen."""
    held = model.attributes
    given = model.parameters
    # Files of before the penalty was chosen have that which was given.
    penalty = held.get("penalty_", given["penalty"])
    is_penalised = described(penalty).has_strength
    alpha = None
    selection = None
    if is_penalised:
        alpha = float(held["alpha_"] if "alpha_" in held else given["alpha"])
    if is_penalised and "cv_results_" in held:
        selection = _rule(given.get("selection", "min"))
    relaxed_alpha = held.get("relaxed_alpha_")
    return {
        "penalty": penalty,
        "adaptive": held.get("adaptive_", given.get("adaptive")) is True,
        "is_penalty_chosen": "penalties_" in held,
        "alpha": alpha,
        "selection": selection,
        "alpha_end": held.get("alpha_end_"),
        "relax": given.get("relax") is True,
        "relaxed_order": held.get("relaxed_order_"),
        "relaxed_alpha": None if relaxed_alpha is None else _finite(relaxed_alpha),
    }


def _rule(selection: str | int) -> str | int:
    """Return a rule of choice by its name, or the most predictors that it allows."""
    return selection if isinstance(selection, str) else int(selection)


def _finite(value: float) -> float | None:
    """Return a number, None where it is infinite or not a number."""
    return float(value) if math.isfinite(value) else None


def _predictors(model: Model) -> Iterator[Facts]:
    """Yield, for each encoded predictor, how it is encoded, whether it is kept, and its weight."""
    encoder = model.encoder
    position = {name: i for i, name in enumerate(model.feature_names)}
    first_column = np.searchsorted(encoder.column_predictor, np.arange(len(encoder.recipes)))
    centre = np.mean([member.scaling.centre for member in model.members], axis=0)
    scale = np.mean([member.scaling.scale for member in model.members], axis=0)
    for recipe, column in zip(encoder.recipes, first_column, strict=True):
        at = position[recipe["predictor"]]
        described = {
            "name": recipe["predictor"],
            "kind": recipe["kind"],
            "kept": bool(model.attributes["selected_features_"][at]),
            "weight_norm": float(model.attributes["feature_importances_"][at]),
        }
        if "levels" in recipe:
            yield described | {name: recipe[name] for name in ("levels", "rare", "missing")}
            continue
        if recipe.get("written"):
            described["written"] = recipe["written"]
        if recipe["value"]:
            described["centre"] = float(centre[column])
            described["scale"] = float(scale[column])
            first = model.members[0].scaling
            described |= {"is_log": True} if first.is_log(column) else {}
            ends = first.ramp_ends(column)
            if len(ends):
                described["ramps"] = ends.tolist()
        yield described | {"missing": recipe["indicator"]}


def summarise(model: Model) -> str:
    """Return the lines that ``summary()`` of an estimator prints.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    str
    """
    known = facts(model)
    n_weights = known["n_weights"]
    zeros = known["zero_weights"]
    skip = ", plus a linear map" if known["skip"] else ""
    n_features = model.encoder.n_features_in_
    metric = _shown(known["metric"])
    lines = {
        "data": (
            f"{known['n_rows']:,} rows, {n_features:,} predictors in {known['layers'][0]:,} columns"
        ),
        "penalty": _penalty(known),
        "layers": " -> ".join(map(str, known["layers"])) + skip,
        "weights": (
            f"{n_weights:,}, of which {zeros:,} are exactly 0"
            f" ({100 * zeros / max(n_weights, 1):.1f} %)"
        ),
        "predictors": _kept(known, n_features),
        f"{metric}, rows seen": number(model.attributes["train_loss_"]),
    }
    if known["cv_loss"] is not None:
        lines[f"{metric}, new rows"] = (
            f"{number(known['cv_loss'])} by cross-validation, used to choose alpha"
        )
    lines["certificate"] = _certificate(model)
    return "\n".join([known["class"], *_aligned(lines)])


def as_html(model: Model) -> str:
    """Return a short table for notebooks: kind, target, penalty, predictors kept and certificate.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    str
    """
    known = facts(model)
    rows = {
        "model": known["class"],
        "predicts": f"{_shown(known['target'])} ({known['task']})",
        "penalty": _penalty(known),
        "predictors": _kept(known, model.encoder.n_features_in_),
        "certificate": _certificate(model),
    }
    cells = (f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in rows.items())
    return "\n".join(["<table>", *cells, "</table>"])


def _certificate(model: Model) -> str:
    """Return the certificate of the fit, in words."""
    names = ("stationarity", "objective_gap")
    return certificate_in_words({name: model.attributes[f"{name}_"] for name in names})


def _aligned(lines: dict[str, str]) -> list[str]:
    """Return lines of a name and a text, the texts below each other."""
    width = max(map(len, lines))
    return [f"  {name:<{width}}  {text}" for name, text in lines.items()]


def _penalty(known: Facts) -> str:
    """Return the penalty, its strength, and how that was chosen, in words."""
    name = _shown(known["penalty"])
    name = f"adaptive {name}" if known["adaptive"] else name
    if known["alpha"] is None:
        return f"{name}, {known['n_steps']:,} steps"
    if known["selection"] is None:
        return f"{name}, alpha {number(known['alpha'])}, as given"
    chosen = _chosen(known)
    if known["relaxed_order"] is None:
        end = ENDS.get(str(known["alpha_end"]))
        at_end = f"; {end}" if end else ""
        return f"{name}, alpha {number(known['alpha'])}, {chosen}{at_end}"
    ranks = f"{name} ranks predictors by {RANKED[known['relaxed_order']]}"
    alpha = number(known["relaxed_alpha"])
    return f"{ranks}, {L2} refits the first of them, alpha {alpha}, {chosen}"


def _chosen(known: Facts) -> str:
    """Return how cross-validation chose, in words."""
    rules = RELAXED_RULES if known["relax"] else RULES
    among = ", refits among them" if known["relax"] else ""
    at_most = f"lowest loss with at most {_shown(str(known['selection']))} predictors"
    rule = rules.get(known["selection"], at_most)
    both = "both " if known["is_penalty_chosen"] else ""
    chosen = f"{both}chosen by cross-validation{among}: {rule}"
    if known["n_members"] > 1:
        n_members = known["n_members"]
        return f"{chosen}; a prediction is the mean of {n_members} models, those of the folds too"
    return chosen


def _kept_first(known: Facts) -> list[Facts]:
    """Return the predictors that are kept, the largest weights first."""
    kept = [one for one in known["predictors"] if one["kept"]]
    return sorted(kept, key=lambda one: -one["weight_norm"])


def _kept(known: Facts, n_features: int) -> str:
    """Return how many predictors are kept, and which, where some have left."""
    kept = _kept_first(known)
    said = f"{len(kept):,} of {n_features:,} kept"
    if not kept or len(kept) == n_features:
        return said
    more = ", ..." if len(kept) > LISTED else ""
    return f"{said}: {', '.join(_listed(one['name']) for one in kept[:LISTED])}{more}"


def _shown(text: str) -> str:
    """Return a text from a table, as Python writes it where a terminal could not show it."""
    return text if text.isprintable() and text.strip() else repr(text)


def _listed(text: str) -> str:
    """Return a text as one of several between commas, in quotes where it holds a comma itself."""
    return repr(text) if "," in text else _shown(text)


def describe(model: Model) -> str:
    """Return what is in a fitted model, in words.

    To `summarise` it adds what the model predicts, of what, and what made it.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    str
    """
    known = facts(model)
    classes = [] if known["classes"] is None else [_listed(str(one)) for one in known["classes"]]
    told = f", one of {_first(classes)}" if known["task"] == "classification" else ""
    if known["limits"] is not None:
        ranges = [f"{number(low)} to {number(high)}" for low, high in known["limits"]]
        told = f", clamped to {_first(ranges)}"
    lines = [
        summarise(model),
        f"predicts {_shown(known['target'])} ({known['task']}){told}",
        "from",
        *_described_predictors(known),
    ]
    if known["notation"]:
        lines.append(f"cells of a file are read with {_shown(known['notation'])}")
    if known["is_selector"]:
        lines.append("made by TautNetSelector, which passes on the predictors that have a weight")
    for name, kind in known["not_kept"].items():
        lines.append(f"not kept in the file: {_shown(name)} ({_shown(kind)})")
    versions = [f"{_shown(name)} {_shown(one)}" for name, one in known["versions"].items()]
    lines.append("made with " + ", ".join(versions))
    return "\n".join(lines)


def _described_predictors(known: Facts) -> Iterator[str]:
    """Yield a line for each predictor kept, and lines for the others."""
    kept = _kept_first(known)
    width = min(max((len(_shown(one["name"])) for one in kept), default=0), WIDEST)
    for one in kept:
        weight = f"weight {number(one['weight_norm'])}"
        yield f"  {_shown(one['name']):<{width}}  {weight}, {_encoding(one)}"
    idle = [_listed(one["name"]) for one in known["predictors"] if not one["kept"]]
    if idle:
        yield f"without a weight: {_first(idle)}"
    reasons: dict[str, list[str]] = {}
    for name, why in known["left_out"].items():
        reasons.setdefault(why, []).append(_listed(name))
    for why, names in reasons.items():
        yield f"not used: {_first(names)} ({_shown(why)})"


def _first(names: Sequence[str]) -> str:
    """Return the first of some names, and how many there are in all."""
    more = f", ... ({len(names):,} in all)" if len(names) > LEVELS else ""
    return ", ".join(names[:LEVELS]) + more


def _encoding(one: Facts) -> str:
    """Return how a predictor becomes numbers, in words."""
    if "levels" in one:
        levels = [_listed(level) for level in one["levels"]]
        if one["rare"]:
            levels.append("rare levels")
        if one["missing"]:
            levels.append("missing")
        return f"{one['kind']}: {_first(levels)}"
    if "centre" not in one:
        return f"{one['kind']}: whether it is missing"
    mean = number(one["centre"])
    spread = number(one["scale"])
    if one["kind"] == "date" and abs(one["centre"]) < CALENDAR:
        mean = str(np.datetime64(round(one["centre"]), "D"))
        spread = f"{spread} days"
    also = ", and whether it is missing" if one["missing"] else ""
    if one.get("is_log"):
        also = f"{also}; its logarithm"
    if "ramps" in one:
        also = f"{also}; ramps between {join(map(number, one['ramps']))}"
    kind = f"{one['kind']} written {one['written']}" if "written" in one else one["kind"]
    return f"{kind}: mean {mean}, standard deviation {spread}{also}"
