"""Results of earlier versions, brought to the form of today's, so that their runs still draw."""

import math

SCHEMA = 2
# Claims that are made of a result today, of which an earlier one says nothing in numbers.
CLAIMS = (
    "learns",
    "knows_rows_by_heart",
    "over_fitted",
    "penalty_helps",
    "network_needed",
    "equivalents",
    "boosting_better",
    "predictors",
    "delivered",
)
VERSUS = ("vs_none", "vs_null", "vs_linear", "vs_boosting")
# Figures of each kind of task, all unknown until computed.
FIGURES = {
    "regression": {"rmse": None, "mae": None},
    "classification": {
        "accuracy": None,
        "balanced_accuracy": None,
        "auc": None,
        "average_precision": None,
        "worst_class": None,
        "worst_recall": None,
        "classes": [],
    },
    "multilabel": {"accuracy": None},
    "survival": {"c_index": None},
}


def upgraded(result):
    """A result in today's form: as it is, or with the keys that its version did not write.

    Nothing is claimed anew: claims hold null, the sentences are those that the run has stored, and
    the headline is the beginning of the first of them.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.

    Returns
    -------
    dict

    Examples
    --------
    >>> upgraded({"schema": 2, "delivered": "linear"})
    {'networks': None, 'schema': 2, 'delivered': 'linear'}
    """
    if "networks" not in result:
        # Networks were once given, not chosen.
        result = {"networks": None} | result
    if "schema" in result:
        return result
    sentences = result["detail"]["sentences"]
    return result | {
        "schema": SCHEMA,
        "delivered": result["recommended"],
        "boosting": None,
        "boosting_reason": "this run is older than that row",
        "null": _upgraded_constant(result),
        "rows": [_upgraded_row(row, result) for row in result["rows"]],
        "linear": _upgraded_row(result["linear"], result),
        "chosen": _upgraded_row(result["chosen"], result),
        "claims": _no_claims(result),
        "detail": result["detail"] | {"headline": _first_words(sentences)},
    }


def _upgraded_row(row, result):
    figures = FIGURES[result["task"]] | _typical_error(row["test_loss"], result)
    # The score was the accuracy, or the concordance; r2 says what the skill says.
    if row["score_name"] in figures:
        figures = figures | {row["score_name"]: row["test_score"]}
    constant = result["null"]["test_loss"]
    versus = {key: _without_rows(row.get(key)) for key in VERSUS}
    skill = 1 - row["test_loss"] / constant if constant else None
    return row | versus | {"skill": skill, "figures": figures}


def _upgraded_constant(result):
    constant = result["null"]
    figures = FIGURES[result["task"]] | _typical_error(constant["test_loss"], result)
    return constant | {"skill": 0.0, "figures": figures}


def _typical_error(loss, result):
    """The root of a mean squared error; nothing is known of other losses."""
    return {"rmse": math.sqrt(loss)} if result["metric"] == "mean squared error" else {}


def _without_rows(versus):
    """A comparison with another row, of which no rows were left out."""
    return None if versus is None else versus | {"without": None}


def _no_claims(result):
    unknown = {"holds": None, "matters": False, "evidence": {}}
    claims = dict.fromkeys(CLAIMS, unknown)
    return claims | {
        "over_fitted": unknown | {"holds": result["over_fitted"]},
        "doubts": [],
    }


def _first_words(sentences):
    """What the first of the stored sentences says before its figures."""
    first = sentences[0] if sentences else "An earlier run."
    return first.split(": ")[0].split(". ")[0].rstrip(".") + "."
