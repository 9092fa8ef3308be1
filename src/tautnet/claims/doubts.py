"""What may be wrong with a table or with its figures: doubts, the gravest first."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from tautnet.claims.claims import Claims, row_named
from tautnet.inference.figures import RARE
from tautnet.inference.recommended import Row
from tautnet.objective.choices import LINEAR
from tautnet.objective.registry import described

# Tables with fewer observations than this give rough figures.
SMALL_TABLE = 100
# Neighbouring rows whose errors correlate by more than this are alike in more than chance.
ALIKE = 0.2
# A class that is found in fewer of its rows than this is hardly found.
FOUND = 0.3
# A share explained that a few rows change by less than this is what it was.
CHANGED = 0.05
# Copies that are a smaller share of the rows change nothing.
MANY = 0.01
# A linear map that explains so much of a number's variance may be how it was computed.
COMPUTED = 0.99
GRAVEST_FIRST = (
    "target_again",
    "limited",
    "alone",
    "below_constant",
    "carried",
    "code",
    "class_missed",
    "dated",
    "neighbours",
    "choice",
    "computed",
    "copies",
    "rare_class",
    "small",
    "edge",
    "twins",
)


@dataclass(frozen=True)
class Doubt:
    """A reason not to trust a figure.

    Attributes
    ----------
    kind : str
        One of `GRAVEST_FIRST`, or another that tables know.
    figures : dict
        The numbers and names that show it.
    option : str or None
        What to type, or to do in Python, about it.
    text : str or None
        Its sentence, where the table's reader has written it already.
    predictors : tuple of str
        Those it is about, where it was known before any fit.
    """

    kind: str
    figures: Row
    option: str | None = None
    text: str | None = None
    predictors: tuple[str, ...] = ()

    def as_dict(self) -> Row:
        """Plain values, as JSON takes them."""
        return asdict(self)


def doubts_about(result: Row, claims: Claims) -> list[Doubt]:
    """All doubts, the gravest first: those known before any fit, and those that fits have shown.

    Parameters
    ----------
    result : dict
        The object that ``compare --json`` prints, with ``detail``, before its claims.
    claims : Claims
    """
    known = [
        Doubt(one["kind"], one["figures"], one["option"], one["text"], tuple(one["predictors"]))
        for one in result["detail"]["findings"]
        if one["kind"] != "copies" or one["figures"]["copies"] >= MANY * result["n_rows"]
    ]
    shown = [
        *_limited(result),
        *_below_constant(result, claims),
        *_carried(claims),
        *_neighbours(result),
        *_choice(result, claims),
        *_computed(result, claims),
        *_classes(result, claims),
        *_small(result),
        *_edges(result, claims),
    ]
    order = {kind: i for i, kind in enumerate(GRAVEST_FIRST)}
    return sorted([*known, *shown], key=lambda one: order.get(one.kind, len(order)))


def _limited(result: Row) -> Iterator[Doubt]:
    """Less was compared than was asked for, because of a time limit."""
    plan = result["plan"]
    if plan is not None and not plan["is_whole"]:
        yield Doubt("limited", plan)


def _below_constant(result: Row, claims: Claims) -> Iterator[Doubt]:
    """What is delivered is worse than the constant prediction."""
    skill = claims.delivered.evidence["skill"]
    if claims.learns.holds and not claims.delivered.holds:
        yield Doubt("below_constant", {"name": result["delivered"], "skill": skill})


def _carried(claims: Claims) -> Iterator[Doubt]:
    """A few rows carry the difference between what is delivered and the constant."""
    evidence = claims.delivered.evidence
    without = evidence["without"]
    if without is None:
        return
    null = evidence["loss"] + evidence["diff"]
    skill = evidence["diff"] / null
    skill_without = without["diff"] / without["other"]
    agrees = (without["ci_low"] > 0) == (evidence["ci_low"] > 0)
    # A share that hardly changes is no news.
    if agrees and abs(skill - skill_without) < CHANGED:
        return
    figures = {"skill": skill, "skill_without": skill_without, "agrees": agrees}
    yield Doubt("carried", figures | {"rows": [int(row) for row in without["rows"]]})


def _neighbours(result: Row) -> Iterator[Doubt]:
    """Errors of neighbouring rows are alike, while folds were shuffled."""
    alike = result["detail"]["neighbours"]
    if alike is None:
        return
    if alike > max(ALIKE, 4 / np.sqrt(result["n_rows"])):
        yield Doubt("neighbours", {"correlation": alike}, "--ordered")


def _choice(result: Row, claims: Claims) -> Iterator[Doubt]:
    """The penalty was chosen by the rows that score it, and chosen without them does less well."""
    evidence = claims.delivered.evidence
    if claims.learns.holds and evidence["expected_of"] != evidence["name"]:
        own = row_named(result, evidence["name"])
        assert own is not None, "what is delivered has a row"
        figures = {"penalty": evidence["name"], "skill": own["skill"], "chosen": evidence["skill"]}
        yield Doubt("choice", figures)


def _computed(result: Row, claims: Claims) -> Iterator[Doubt]:
    """Numbers that predictors nearly add up to; one predictor alone is said before any fit."""
    known = {one["kind"] for one in result["detail"]["findings"]}
    skill = result["linear"]["skill"]
    if result["metric"] != "mean squared error" or known & {"target_again", "alone"}:
        return
    if claims.learns.holds and skill >= COMPUTED:
        yield Doubt("computed", {"skill": skill})


def _classes(result: Row, claims: Claims) -> Iterator[Doubt]:
    """A class is hardly ever found, or so rare that accuracy says little."""
    figures = claims.delivered.evidence["figures"]
    if not claims.learns.holds or "classes" not in figures:
        return
    classes = figures["classes"]
    total = sum(one["rows"] for one in classes)
    rarest = min(classes, key=lambda one: one["rows"])
    missed = [one for one in classes if one["recall"] is not None and one["recall"] < FOUND]
    if missed:
        shown = [{"class": one["class"], "recall": one["recall"]} for one in missed]
        yield Doubt("class_missed", {"classes": shown, "accuracy": figures["accuracy"]})
    elif rarest["rows"] < RARE * total and len(classes) == 2:
        yield Doubt(
            "rare_class",
            {
                "class": rarest["class"],
                "share": rarest["rows"] / total,
                "average_precision": figures["average_precision"],
                "recall": rarest["recall"],
            },
        )


def _small(result: Row) -> Iterator[Doubt]:
    """There are few observations."""
    observations = result["detail"]["observations"]
    if observations["n"] < SMALL_TABLE:
        yield Doubt("small", dict(observations))


def _edges(result: Row, claims: Claims) -> Iterator[Doubt]:
    """The best strength of what is delivered is the smallest one tried."""
    name = result["delivered"]
    row = row_named(result, name)
    detail = result["detail"]["penalties"].get(name)
    is_on_weights = name != LINEAR and described(name).is_on_weights
    if claims.learns.holds and row and detail and detail["at_edge"] and is_on_weights:
        yield Doubt("edge", {"penalty": name}, "--alpha-min-ratio")
