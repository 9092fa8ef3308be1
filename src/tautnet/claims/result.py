"""The object that a comparison prints: its rows, what to use, its claims and its doubts."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tautnet.claims.claims import claims_of, is_sure, reversed_difference
from tautnet.claims.doubts import doubts_about
from tautnet.inference.detail import study_detail
from tautnet.inference.recommended import MATTERS, Row, best_row, recommended_row
from tautnet.inference.study import Study
from tautnet.inference.table import BOOSTING, Table
from tautnet.objective.choices import LINEAR
from tautnet.objective.registry import BASELINE
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.soundness import Finding
from tautnet.tables.target import Target

# Which object this is: 1 had no claims and no boosting, and delivered a network always.
SCHEMA = 2


def result_of(
    study: Study,
    table: Table,
    target: Target,
    encoder: TableEncoder,
    predictors: Sequence[str],
    findings: Sequence[Finding],
    plan: Row | None = None,
    deliver: str | None = None,
) -> Row:
    """All numbers of a comparison, with ``detail``; words are added by others.

    Parameters
    ----------
    study : Study
    table : Table
    target, encoder
        As `encode` gives them.
    predictors : list of str
        What is counted and drawn as predictors.
    findings : list of Finding
        What was found about the table before any fit.
    plan : dict, optional
        Of a comparison within a time limit, what fits, see `scope.scope_within`.
    deliver : str or None
        A row to deliver in the place of what is recommended.

    Returns
    -------
    dict
    """
    recommended = recommended_name(study, table)
    delivered = deliver or recommended
    if delivered == BOOSTING:
        # Trees are no model of this package.
        delivered = deliverable_name(study, table)
    detail = study_detail(study, table, encoder, target, predictors, delivered)
    result: Row = {
        "schema": SCHEMA,
        "target": target.name,
        "task": target.task,
        "n_rows": len(target.y),
        "n_predictors": study.sample.n_predictors,
        "metric": study.loss.metric_name,
        "null": table.null,
        "linear": table.linear,
        "rows": table.rows,
        "chosen": table.chosen,
        "boosting": table.boosting,
        "plan": plan,
        "best": best_row(table.rows)["penalty"],
        "recommended": recommended,
        "delivered": delivered,
        "detail": detail | {"findings": [asdict(one) for one in findings]},
    }
    claims = claims_of(result)
    doubts = [one.as_dict() for one in doubts_about(result, claims)]
    result["claims"] = claims.as_dict() | {"doubts": doubts}
    result["over_fitted"] = None if claims.over_fitted is None else claims.over_fitted.holds
    return result


def recommended_name(study: Study, table: Table) -> str:
    """The row to recommend: a penalty, "linear" or "boosting".

    Boosting is recommended only where it surely beats the best of ours by what matters: it is the
    most complex, and no model that could be delivered.
    """
    ours = deliverable_name(study, table)
    rows = {row["penalty"]: row for row in [*table.rows, table.linear]}
    versus = rows[ours]["vs_boosting"]
    if table.boosting is None or versus is None:
        return ours
    lead = reversed_difference(versus)
    is_better = is_sure(lead) and lead["diff"] >= MATTERS * table.null["test_loss"]
    return BOOSTING if is_better else ours


def deliverable_name(study: Study, table: Table) -> str:
    """The best of ours: the simplest row that is about as good as the best.

    None is worse in mean than the network without a penalty, the linear map or the constant by
    anything that matters. The best of several penalties is so by luck in part: networks take part
    only where their honest choice, too, is not worse than the linear map by anything that matters.
    The linear map takes the place of a network that beats it by nothing that is sure and matters.
    Where networks are linear maps themselves, the linear row is one of theirs.
    """
    null = table.null["test_loss"]
    linear = table.linear["test_loss"]
    rows = list(table.rows)
    if not study.network.is_linear:
        if table.chosen["test_loss"] > linear + MATTERS * null:
            return LINEAR
        rows.append(table.linear)
    simple = [null, linear]
    simple += [row["test_loss"] for row in table.rows if row["penalty"] == BASELINE]
    bars = [loss + MATTERS * null for loss in simple]
    weight = study.sample.weight
    found = recommended_row(rows, table.outer, bars, weight, table.observations)
    if study.network.is_linear or found["penalty"] == LINEAR:
        return str(found["penalty"])
    lead = found["vs_linear"]
    is_needed = lead["diff"] >= MATTERS * null or is_sure(lead)
    return str(found["penalty"]) if is_needed else LINEAR


def as_json(value: Any) -> Any:
    """A value in JSON's own types.

    Arrays become lists, numbers of NumPy those of Python, NaN and infinities None.
    """
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
