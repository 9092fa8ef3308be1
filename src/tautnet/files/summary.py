"""What a person wants to know of a fitted model: as one plain object, and in words."""

import math
from html import escape

import numpy as np

from tautnet.objective.registry import described
from tautnet.prose.words import certificate_in_words, number

__all__ = ["as_html", "describe", "facts", "summarise"]

LISTED, LEVELS, WIDEST = 10, 8, 40
# Days that a calendar reaches.
CALENDAR = 1e9
RULES = {"min": "lowest loss", "1se": "strongest within one standard error of the lowest loss"}
RELAXED_RULES = RULES | {"1se": "fewest predictors within one standard error of the lowest loss"}
RANKED = {"norm": "the size of their weights", "exit": "where they leave the path"}


def facts(model):
    """What is in a fitted model, as plain values for JSON.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    dict
    """
    held, chosen = model.attributes, "cv_results_" in model.attributes
    first = model.members[0]
    # A pruned model has no weights of the fit, only those of its members.
    layers, skip = (
        (held["coefs_"], held["skip_coef_"]) if "coefs_" in held else (first.layers, first.skip)
    )
    arrays = [*layers, *([] if skip is None else [skip])]
    unpenalised = not described(model.parameters["penalty"]).has_strength
    return {
        "class": model.estimator,
        "task": model.task,
        "target": model.target,
        "classes": None if model.classes is None else model.classes.tolist(),
        "penalty": model.parameters["penalty"],
        "adaptive": model.parameters.get("adaptive") is True,
        "alpha": None if unpenalised else float(held.get("alpha_", model.parameters.get("alpha"))),
        "selection": (
            _rule(model.parameters.get("selection", "min")) if chosen and not unpenalised else None
        ),
        "relax": model.parameters.get("relax") is True,
        "relaxed_order": held.get("relaxed_order_"),
        "relaxed_alpha": (
            None if held.get("relaxed_alpha_") is None else _finite(held["relaxed_alpha_"])
        ),
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
        "metric": model.metric,
        "train_loss": _finite(held["train_loss_"]),
        "cv_loss": _finite(held["cv_loss_"]) if chosen else None,
        "stationarity": _finite(held["stationarity_"]),
        "objective_gap": _finite(held["objective_gap_"]),
        "not_kept": dict(model.left_out),
        "versions": dict(model.versions),
    }


def _rule(selection):
    return selection if isinstance(selection, str) else int(selection)


def _finite(value):
    return float(value) if math.isfinite(value) else None


def _predictors(model):
    """Each encoded predictor: how it is encoded, whether it is kept, and the norm of its
    weights.
    """
    encoder = model.encoder
    position = {name: i for i, name in enumerate(model.feature_names)}
    columns = {name: i for i, name in reversed(list(enumerate(encoder.column_predictor.tolist())))}
    centre, scale = (
        np.mean([getattr(m.scaling, name) for m in model.members], axis=0)
        for name in ("centre", "scale")
    )
    for i, recipe in enumerate(encoder.recipes):
        at = position[recipe["predictor"]]
        described = {
            "name": recipe["predictor"],
            "kind": recipe["kind"],
            "kept": bool(model.attributes["selected_features_"][at]),
            "weight_norm": float(model.attributes["feature_importances_"][at]),
        }
        if "levels" in recipe:
            yield described | {name: recipe[name] for name in ("levels", "rare", "missing")}
        else:
            scaled = (
                {"centre": float(centre[columns[i]]), "scale": float(scale[columns[i]])}
                if recipe["value"]
                else {}
            )
            yield described | scaled | {"missing": recipe["indicator"]}


def summarise(model):
    """The lines that ``summary()`` of an estimator prints.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    str
    """
    known = facts(model)
    n_weights, zeros = known["n_weights"], known["zero_weights"]
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


def as_html(model):
    """The least that a notebook should show of a model: kind, target, penalty, predictors kept
    and
    certificate.

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


def _certificate(model):
    return certificate_in_words(
        {name: model.attributes[f"{name}_"] for name in ("stationarity", "objective_gap")}
    )


def _aligned(lines):
    width = max(map(len, lines))
    return [f"  {name:<{width}}  {text}" for name, text in lines.items()]


def _penalty(known):
    name = f"adaptive {known['penalty']}" if known["adaptive"] else _shown(known["penalty"])
    if known["alpha"] is None:
        return f"{name}, {known['n_steps']:,} steps"
    if known["selection"] is None:
        return f"{name}, alpha {number(known['alpha'])}, as given"
    rules, among = (RELAXED_RULES, ", refits among them") if known["relax"] else (RULES, "")
    rule = rules.get(
        known["selection"], f"lowest loss with at most {_shown(str(known['selection']))} predictors"
    )
    members = (
        f"; a prediction is the mean of {known['n_members']} fold models"
        if known["n_members"] > 1
        else ""
    )
    chosen = f"chosen by cross-validation{among}: {rule}{members}"
    if known["relaxed_order"] is None:
        return f"{name}, alpha {number(known['alpha'])}, {chosen}"
    ranks = f"{name} ranks predictors by {RANKED[known['relaxed_order']]}"
    return f"{ranks}, l2 refits the first of them, alpha {number(known['relaxed_alpha'])}, {chosen}"


def _kept(known, n_features):
    """How many predictors are kept, and, where some have left, which, the largest weights first."""
    kept = [one for one in known["predictors"] if one["kept"]]
    said = f"{len(kept):,} of {n_features:,} kept"
    if not kept or len(kept) == n_features:
        return said
    kept = sorted(kept, key=lambda one: -one["weight_norm"])
    more = ", ..." if len(kept) > LISTED else ""
    return f"{said}: {', '.join(_listed(one['name']) for one in kept[:LISTED])}{more}"


def _shown(text):
    """A text from a table as it is, or, where a terminal could not show it, as Python writes it."""
    return text if text.isprintable() and text.strip() else repr(text)


def _listed(text):
    """A text as one of several between commas: one that holds a comma itself stands in quotes."""
    return repr(text) if "," in text else _shown(text)


def describe(model):
    """What is in a fitted model, in words: `summarise`, what it predicts and of what, and what
    made
    it.

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
    lines = [
        summarise(model),
        f"predicts {_shown(known['target'])} ({known['task']}){told}",
        "from",
    ]
    kept = sorted(
        (one for one in known["predictors"] if one["kept"]), key=lambda one: -one["weight_norm"]
    )
    width = min(max((len(_shown(one["name"])) for one in kept), default=0), WIDEST)
    for one in kept:
        lines.append(
            f"  {_shown(one['name']):<{width}}  weight {number(one['weight_norm'])},"
            f" {_encoding(one)}"
        )
    idle = [_listed(one["name"]) for one in known["predictors"] if not one["kept"]]
    lines += [f"without a weight: {_first(idle)}"] if idle else []
    reasons = {}
    for name, why in known["left_out"].items():
        reasons.setdefault(why, []).append(_listed(name))
    lines += [f"not used: {_first(names)} ({_shown(why)})" for why, names in reasons.items()]
    if known["is_selector"]:
        lines.append("made by TautNetSelector, which passes on the predictors that have a weight")
    lines += [
        f"not kept in the file: {_shown(name)} ({_shown(kind)})"
        for name, kind in known["not_kept"].items()
    ]
    lines.append(
        "made with "
        + ", ".join(f"{_shown(name)} {_shown(one)}" for name, one in known["versions"].items())
    )
    return "\n".join(lines)


def _first(names):
    return ", ".join(names[:LEVELS]) + (
        f", ... ({len(names):,} in all)" if len(names) > LEVELS else ""
    )


def _encoding(one):
    """How a predictor becomes numbers, in words."""
    if "levels" in one:
        also = [
            more
            for more, there in (("rare levels", one["rare"]), ("missing", one["missing"]))
            if there
        ]
        return f"{one['kind']}: {_first([*map(_listed, one['levels']), *also])}"
    if "centre" not in one:
        return f"{one['kind']}: whether it is missing"
    mean, spread = number(one["centre"]), number(one["scale"])
    if one["kind"] == "date" and abs(one["centre"]) < CALENDAR:
        mean, spread = np.datetime64(round(one["centre"]), "D"), f"{spread} days"
    also = ", and whether it is missing" if one["missing"] else ""
    return f"{one['kind']}: mean {mean}, standard deviation {spread}{also}"
