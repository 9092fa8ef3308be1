"""What may be said of a comparison: claims with their evidence, before any word is chosen.

A claim holds, does not hold, or is open (None: the rows cannot tell). Beside how sure it is stands
whether it matters: a difference of less than 1 % of the constant's loss does not, however sure.
Each claim is a function of the numbers of a result, the object that ``compare --json`` prints.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tautnet.inference.recommended import MATTERS, Row, best_row
from tautnet.objective.choices import LINEAR
from tautnet.objective.registry import BASELINE, described
from tautnet.objective.strengths import nearest

# A loss on rows seen that is at most this share of that on new rows knows its rows by heart.
BY_HEART = 0.5
# Where no model gains this share of the constant's loss even at the upper end of its interval,
# there is nothing to learn that anyone would use.
USELESS = 0.1
# Claims name at most this many predictors.
NAMED = 5
# Rows that carry a difference: so many are no few.
MANY_ROWS = 10
# A share explained that is larger than that of the honest choice by this is luck in part; and
# penalties within this of the best, and not surely worse, are about as good.
LUCKY = 0.02


@dataclass(frozen=True)
class Claim:
    """A claim with its evidence.

    Attributes
    ----------
    holds : bool or None
        None where the rows cannot tell.
    matters : bool
        Whether the difference that it is about is at least 1 % of the constant's loss.
    evidence : dict
        The numbers and names behind it.
    """

    holds: bool | None
    matters: bool
    evidence: Row


@dataclass(frozen=True)
class Claims:
    """All claims of a comparison; those that do not apply are None.

    Attributes
    ----------
    learns : Claim
        Whether a model predicts new rows better than a constant.
    knows_rows_by_heart : Claim or None
        Whether the network without a penalty fits its own rows far better than new ones.
    over_fitted : Claim or None
        Whether it does, and some penalty surely helps.
    penalty_helps : Claim or None
    network_needed : Claim or None
        Whether a network beats the linear map.
    equivalents : Claim
        Which penalties are about as good as the best.
    boosting_better : Claim or None
        Whether boosted trees beat what is delivered.
    predictors : Claim
        Whether predictors can go.
    delivered : Claim
        Whether to use what is delivered, and what to expect of it.
    """

    learns: Claim
    knows_rows_by_heart: Claim | None
    over_fitted: Claim | None
    penalty_helps: Claim | None
    network_needed: Claim | None
    equivalents: Claim
    boosting_better: Claim | None
    predictors: Claim
    delivered: Claim

    def as_dict(self) -> dict[str, Any]:
        """Plain dicts, as JSON takes them."""
        return asdict(self)


def claims_of(result: Row) -> Claims:
    """All claims that a result supports.

    Parameters
    ----------
    result : dict
        The object that ``compare --json`` prints, with ``detail``, before its claims.

    Returns
    -------
    Claims
    """
    found = learns(result)
    helps = penalty_helps(result)
    return Claims(
        found,
        knows_rows_by_heart(result),
        over_fitted(result, helps),
        helps,
        network_needed(result, found),
        equivalents(result),
        boosting_better(result),
        predictors(result),
        delivered(result, found),
    )


def is_sure(versus: Row | None) -> bool:
    """Whether an interval lies above zero, with and without the few rows that carry it."""
    if versus is None or not versus["ci_low"] > 0:
        return False
    without = versus["without"]
    return without is None or without["ci_low"] > 0


def is_sure_with_its_rows(versus: Row | None) -> bool:
    """Whether an interval lies above zero, and the difference without a few rows does, too.

    Where many rows carry it, it is no accident of a few.
    """
    if versus is None or not versus["ci_low"] > 0:
        return False
    without = versus["without"]
    return without is None or without["diff"] > 0 or len(without["rows"]) >= MANY_ROWS


def matters(difference: float, result: Row) -> bool:
    """Whether a difference of losses is at least 1 % of the constant's loss.

    Examples
    --------
    >>> matters(0.02, {"null": {"test_loss": 1.0}}), matters(1e-3, {"null": {"test_loss": 1.0}})
    (True, False)
    """
    return abs(difference) >= MATTERS * result["null"]["test_loss"]


def learns(result: Row) -> Claim:
    """Whether a model predicts new rows better than a constant: one question, one test.

    The penalty chosen inside the outer folds and the linear map are each compared with the
    constant; a half of the 5 % is at stake in each, since only one side of an interval counts.
    """
    models = {"chosen": result["chosen"], LINEAR: result["linear"]}
    gains = {name: row["vs_null"] for name, row in models.items()}
    sure = [
        name
        for name, versus in gains.items()
        if is_sure(versus) and matters(versus["diff"], result)
    ]
    name = min(sure or models, key=lambda one: models[one]["test_loss"])
    holds = True if sure else None
    if not sure and all(_is_useless(versus, result) for versus in gains.values()):
        holds = False
    versus = gains[name]
    shares = {key: models[name][key] for key in ("skill", "skill_low", "skill_high")}
    evidence = {"model": name} | shares | _difference(versus)
    return Claim(holds, matters(versus["diff"], result), evidence)


def _is_useless(versus: Row, result: Row) -> bool:
    """Whether a gain over the constant does not matter and could hardly be of any use."""
    null = result["null"]["test_loss"]
    shown = [versus] if versus["without"] is None else [versus, versus["without"]]
    return all(one["diff"] < MATTERS * null and one["ci_high"] < USELESS * null for one in shown)


def _difference(versus: Row) -> Row:
    return {key: versus[key] for key in ("diff", "ci_low", "ci_high", "without")}


def row_named(result: Row, name: str) -> Row | None:
    """A penalty's row, or that of the linear map or of boosting; None where there is none."""
    rows = {row["penalty"]: row for row in result["rows"]}
    rows |= {LINEAR: result["linear"], "boosting": result["boosting"]}
    return rows.get(name)


def knows_rows_by_heart(result: Row) -> Claim | None:
    """Whether the network without a penalty fits its own rows far better than new ones."""
    none = row_named(result, BASELINE)
    if none is None:
        return None
    null = result["null"]["test_loss"]
    holds = none["train_loss"] <= BY_HEART * none["test_loss"]
    evidence = {"seen": 1 - none["train_loss"] / null, "new": none["skill"]}
    return Claim(bool(holds), matters(none["gap"], result) and none["gap"] > 0, evidence)


def penalty_helps(result: Row) -> Claim | None:
    """Whether some penalty surely beats the network without one, by something that matters.

    An over-fitted network is sure of some rows that it gets wrong, and these carry the difference.
    They are what is asked about, so without a few of them the gain must be there, but need not be
    sure.
    """
    if row_named(result, BASELINE) is None or len(result["rows"]) == 1:
        return None
    return _some_row_beats(result, "vs_none", is_sure=is_sure_with_its_rows)


def network_needed(result: Row, found: Claim) -> Claim | None:
    """Whether some network surely beats the linear map, by something that matters.

    Where nothing is learned, a network that is the less bad of two is not needed.
    """
    if not result["detail"]["hidden_layer_sizes"]:
        return None
    claim = _some_row_beats(result, "vs_linear", is_sure=is_sure)
    return replace(claim, holds=None) if claim.holds and not found.holds else claim


def _some_row_beats(result: Row, key: str, is_sure: Callable[[Row], bool]) -> Claim:
    """Whether the honest choice, or a row after Holm's correction, is better than a rival.

    It does not hold where the best row's gain does not matter.
    """
    compared = [row for row in result["rows"] if row[key] is not None]
    best = best_row(compared)
    versus = best[key]
    chosen = result["chosen"][key]
    sure = [row for row in compared if is_sure(row[key]) and row[key]["p_holm"] < 0.05]
    is_gain = versus["diff"] > 0 and matters(versus["diff"], result)
    is_honest_gain = chosen["diff"] > 0 and matters(chosen["diff"], result)
    evidence = {"penalty": best["penalty"], "skill": best["skill"]} | _difference(versus)
    # A row that is better by luck takes the honest choice nowhere.
    if is_gain and is_honest_gain and (is_sure(chosen) or best in sure):
        return Claim(True, True, evidence)
    return Claim(None if is_gain else False, is_gain, evidence)


def over_fitted(result: Row, helps: Claim | None) -> Claim | None:
    """Whether the network without a penalty is better on rows it saw, and a penalty helps.

    It is not where no penalty surely helps and it is within one standard error of the best row.
    """
    none = row_named(result, BASELINE)
    if none is None or helps is None:
        return None
    best = best_row(result["rows"])
    is_gap = none["gap"] > 0 and matters(none["gap"], result)
    excess = none["test_loss"] - best["test_loss"]
    evidence = {"best": best["penalty"], "excess": excess}
    if helps.holds and is_gap:
        return Claim(True, True, evidence)
    is_near = not matters(excess, result) or excess <= best["test_loss_se"]
    return Claim(False if is_near and not helps.holds else None, is_gap, evidence)


def equivalents(result: Row) -> Claim:
    """Which penalties are about as good as the best.

    Their differences are small; those that matter are not sure.
    """
    best = best_row(result["rows"])
    small = LUCKY * result["null"]["test_loss"]
    names = [
        name
        for name, versus in result["detail"]["vs_best"].items()
        if not matters(versus["diff"], result)
        or (versus["diff"] < small and not versus["ci_low"] > 0)
    ]
    return Claim(bool(names), bool(names), {"best": best["penalty"], "names": names})


def boosting_better(result: Row) -> Claim | None:
    """Whether boosted trees surely beat what is delivered, by something that matters."""
    boosting = result["boosting"]
    own = row_named(result, result["delivered"])
    if boosting is None or own is None or own["vs_boosting"] is None:
        return None
    versus = own["vs_boosting"]
    lead = _difference(versus)
    other_way = reversed_difference(versus)
    does_matter = matters(versus["diff"], result)
    evidence = {
        "skill": boosting["skill"],
        "delivered": own["skill"],
        "ours_better": is_sure(versus) and does_matter,
    } | lead
    if does_matter and versus["diff"] < 0:
        return Claim(True if is_sure(other_way) else None, True, evidence)
    return Claim(False, does_matter, evidence)


def reversed_difference(versus: Row) -> Row:
    """A difference seen from the other side."""
    without = versus["without"]
    turned = {
        "diff": -versus["diff"],
        "ci_low": -versus["ci_high"],
        "ci_high": -versus["ci_low"],
    }
    if without is None:
        return turned | {"without": None}
    return turned | {"without": reversed_difference(without | {"without": None})}


def predictors(result: Row) -> Claim:
    """How many predictors the delivered model keeps, and whether more of them can go.

    Some can go where a penalty that removes predictors, under its own choice of alpha or the
    one-SE choice, keeps fewer and loses nothing that matters.
    """
    own = row_named(result, result["delivered"])
    assert own is not None, "what is delivered has a row"
    evidence: Row = {"kept": own["predictors_kept"], "total": own["predictors_total"]}
    evidence |= _named(result, own)
    bar = own["test_loss"] + MATTERS * result["null"]["test_loss"]
    sparser = [
        {
            "penalty": row["penalty"],
            "rule": rule,
            "kept": one["predictors_kept"],
            "skill": 1 - one["test_loss"] / result["null"]["test_loss"],
        }
        for row in result["rows"]
        if described(row["penalty"]).selects
        for rule, one in ((result["detail"]["selection"], row), ("1se", row["one_se"]))
        if one["test_loss"] <= bar and 0 < one["predictors_kept"] < own["predictors_kept"]
    ]
    fewest = min(sparser, key=lambda one: one["kept"], default=None)
    evidence["fewest"] = fewest
    is_fewer = fewest is not None or own["predictors_kept"] < own["predictors_total"]
    return Claim(is_fewer, is_fewer, evidence)


def _named(result: Row, row: Row) -> Row:
    """The predictors that a row keeps, and those it does not, where they are few."""
    detail = result["detail"]["penalties"].get(row["penalty"])
    # A relaxed row has no path of its own.
    if detail is None or described_is_relaxed(row["penalty"]):
        return {"names": None, "out": None}
    at = nearest(detail["path"]["alphas"], row["alpha"])
    pairs = list(zip(result["detail"]["predictors"], detail["path"]["norms"][at], strict=True))
    return {
        "names": _few([name for name, norm in pairs if norm > 0]),
        "out": _few([name for name, norm in pairs if norm == 0]),
    }


def described_is_relaxed(name: str) -> bool:
    """Whether a row is of refits; the linear map is not."""
    return name != LINEAR and described(name).relaxed_of is not None


def _few(names: Sequence[str]) -> list[str] | None:
    return list(names) if len(names) <= NAMED else None


def delivered(result: Row, found: Claim) -> Claim:
    """Whether to use what is delivered, and what to expect of it on new rows.

    The best of several penalties is so by luck in part. Where the honest choice, each outer fold's
    own, explains clearly less than the delivered network, its figures are what to expect.
    """
    name = result["delivered"]
    own = row_named(result, name)
    assert own is not None, "what is delivered has a row"
    is_penalised = any(row["penalty"] == name for row in result["rows"])
    is_lucky = is_penalised and own["skill"] - result["chosen"]["skill"] >= LUCKY
    of = result["chosen"] if is_lucky else own
    evidence = {
        "name": name,
        "expected_of": "chosen" if is_lucky else name,
        "skill": of["skill"],
        "skill_low": of["skill_low"],
        "skill_high": of["skill_high"],
        "loss": of["test_loss"],
        "loss_se": of["test_loss_se"],
        "figures": of["figures"],
        "alpha": own["alpha"],
        "stationarity": own["stationarity"],
        "objective_gap": own["objective_gap"],
    } | _difference(of["vs_null"])
    holds = bool(found.holds and of["skill"] > 0)
    return Claim(holds, matters(evidence["diff"], result), evidence)
