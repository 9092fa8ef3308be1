"""The verdict: at most seven sentences, what to use first, each said of a claim that holds."""

from tautnet.objective.choices import LINEAR
from tautnet.objective.registry import BASELINE, described
from tautnet.prose.doubts import GRAVE, sentence_of
from tautnet.prose.expected import expected
from tautnet.prose.words import (
    Result,
    Row,
    certificate_in_words,
    join,
    number,
    percent,
    percent_interval,
    quoted,
)

BOOSTING = "boosting"
MOST_SENTENCES = 7
MOST_DOUBTS = 2
# A sentence names at most so many penalties, and counts them where there are more.
NAMED = 2
# Words of the names of predictors that a sentence holds.
LONGEST_NAMES = 12
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def put_in_words(result: Result) -> Result:
    """The result with its words: the text of each doubt, the sentences and the verdict.

    Parameters
    ----------
    result : dict
        The object that ``compare --json`` prints, with ``detail`` and claims.
    """
    doubts = [one | {"text": sentence_of(one)} for one in result["claims"]["doubts"]]
    told = result | {"claims": result["claims"] | {"doubts": doubts}}
    sentences = write_verdict(told)
    return told | {
        "verdict": " ".join(sentences),
        "detail": result["detail"] | {"sentences": sentences},
    }


def write_verdict(result: Result) -> list[str]:
    """The sentences for a result whose doubts have their texts.

    Parameters
    ----------
    result : dict

    Returns
    -------
    list of str
        What would make the first sentence misleading comes before it. Two places of the seven are
        kept for the gravest of the other doubts.
    """
    doubts = result["claims"]["doubts"]
    grave = [one["text"] for one in doubts if one["kind"] in GRAVE][:MOST_DOUBTS]
    others = _told_once([one for one in doubts if one["kind"] not in GRAVE])
    said = [*grave, *_what_to_use(result, bool(grave))]
    if result["claims"]["learns"]["holds"]:
        said += [_over_fitting(result), _linear(result), _boosting(result), _predictors(result)]
        said += [_certificate(result)]
    told = [sentence for sentence in said if sentence]
    told = told[: MOST_SENTENCES - min(len(others), MOST_DOUBTS)]
    return [*told, *others][:MOST_SENTENCES]


def _told_once(doubts: list[Row]) -> list[str]:
    """The texts of doubts, one for each thing that can be done about them."""
    texts: dict[str, str] = {}
    for one in doubts:
        texts.setdefault(one["option"] or one["kind"], one["text"])
    return list(texts.values())


def headline(result: Result) -> str:
    """The verdict in a few words: what to use.

    A headline is not a sentence of the verdict: it names a penalty without quotes.
    """
    learns = result["claims"]["learns"]["holds"]
    if learns is False:
        return "There is nothing to learn here."
    if learns is None:
        return "These rows cannot show that a model helps."
    grave = [one for one in result["claims"]["doubts"] if one["kind"] in GRAVE]
    if grave:
        return "Look at the table first: a predictor says the same as the target."
    if not result["claims"]["delivered"]["holds"]:
        return "No model here is better than a constant prediction."
    return f"Use {named(result, result['recommended']).replace('`', '')}."


def named(result: Result, name: str) -> str:
    """What a row is called inside a sentence.

    Examples
    --------
    >>> named({"detail": {"hidden_layer_sizes": [100]}}, "l2")
    'the network under `l2`'
    """
    if name == LINEAR:
        return "the linear model"
    if name == BOOSTING:
        return "gradient boosting"
    model = "network" if result["detail"]["hidden_layer_sizes"] else "linear map"
    return f"the unpenalised {model}" if name == BASELINE else f"the {model} under {quoted(name)}"


def _what_to_use(result: Result, is_doubtful: bool) -> list[str]:
    """What to use and what to expect of it; of a table that is doubtful, what comes first."""
    claims = result["claims"]
    learns = claims["learns"]
    delivered = claims["delivered"]
    own = named(result, delivered["evidence"]["name"])
    if not learns["holds"]:
        return _nothing(result)
    if not delivered["holds"]:
        return [f"Use no model: {own} is no better on new rows than a constant prediction."]
    row = _row_of(result, delivered["evidence"]["name"])
    if is_doubtful:
        said = expected(result, row, against_constant=False)
        return [f"As the table stands, {own} comes first: {said}."]
    explains = f"It explains {_share(delivered['evidence'])} of {_of_what(result)}."
    if result["recommended"] == BOOSTING and delivered["evidence"]["name"] != BOOSTING:
        boosting = expected(result, result["boosting"])
        second = expected(result, row, against_constant=False)
        return [
            f"Use gradient boosting: {boosting}.",
            f"This run delivers the second best, {own}: {second}.",
        ]
    if result["recommended"] != result["delivered"]:
        better = named(result, result["recommended"])
        return [
            f"As asked, this run delivers {own}: {expected(result, row)}.",
            f"Recommended is {better}.",
            explains,
        ]
    return [f"Use {own}: {expected(result, row)}.", explains]


def _row_of(result: Result, name: str) -> Row:
    rows = {row["penalty"]: row for row in result["rows"]}
    rows |= {LINEAR: result["linear"], BOOSTING: result["boosting"]}
    return rows[name]


def _of_what(result: Result) -> str:
    """What a share explained is a share of."""
    if result["metric"] == "mean squared error":
        return "the variance on new rows"
    return f"the constant's {result['metric']} on new rows"


def _share(evidence: Row) -> str:
    """A share explained, with its interval."""
    interval = percent_interval(evidence["skill_low"], evidence["skill_high"])
    return f"{percent(evidence['skill'])} ({interval})"


def _nothing(result: Result) -> list[str]:
    """That no model is to be used, and what the best one has."""
    evidence = result["claims"]["learns"]["evidence"]
    name = result["chosen"]["penalty"] if evidence["model"] == "chosen" else LINEAR
    if result["claims"]["learns"]["holds"] is False:
        first = (
            "There is nothing to learn here: no model predicts new rows better than a constant"
            " prediction."
        )
    else:
        observations = result["detail"]["observations"]
        first = (
            f"Do not rely on a model yet: {observations['n']:,} {observations['are']} cannot show"
            " that any beats a constant prediction."
        )
    said = explained(evidence["skill"]) if evidence["skill"] > 0 else "explains nothing"
    interval = percent_interval(evidence["skill_low"], evidence["skill_high"])
    best = named(result, name)
    return [first, f"{best[0].upper()}{best[1:]} {said} ({interval})."]


def explained(skill: float) -> str:
    """How much a model explains, as a predicate.

    Examples
    --------
    >>> explained(0.917), explained(-0.2)
    ('explains 92 %', 'is worse than a constant')
    """
    return f"explains {percent(skill)}" if skill > 0 else "is worse than a constant"


def _over_fitting(result: Result) -> str | None:
    """Whether the network without a penalty is over-fitted, and what helps."""
    claims = result["claims"]
    if claims["over_fitted"] is None:
        return None
    heart = claims["knows_rows_by_heart"]["evidence"]
    helps = claims["penalty_helps"]["evidence"]
    best = quoted(helps["penalty"])
    alike = _alike(result)
    if claims["over_fitted"]["holds"]:
        new = (
            f"{percent(heart['new'])} on new rows"
            if heart["new"] > 0
            else "is worse than a constant on new ones"
        )
        return (
            f"Unpenalised, the network is over-fitted: it explains {percent(heart['seen'])} on rows"
            f" it saw and {new}; {best} explains {percent(helps['skill'])}{alike}."
        )
    if claims["penalty_helps"]["holds"]:
        return (
            f"A penalty helps: unpenalised, the network {explained(heart['new'])}; {best} explains"
            f" {percent(helps['skill'])}{alike}."
        )
    if claims["over_fitted"]["holds"] is False:
        by_heart = (
            "knows its rows by heart, yet"
            if claims["knows_rows_by_heart"]["holds"]
            else f"{explained(heart['new'])} on new rows, and"
        )
        return f"Unpenalised, the network {by_heart} no penalty helps by anything that matters."
    return (
        f"These rows cannot show that a penalty helps: unpenalised, the network"
        f" {explained(heart['new'])} on new rows, and with {best} {percent(helps['skill'])}."
    )


def _alike(result: Result) -> str:
    """Which penalties do about as well as the best, to follow it."""
    evidence = result["claims"]["equivalents"]["evidence"]
    names = [name for name in evidence["names"] if name != BASELINE]
    if not names:
        return ""
    if len(names) <= NAMED:
        return f", {join(map(quoted, names))} about as much"
    return (
        f", {COUNTS[len(names)] if len(names) < len(COUNTS) else len(names)} others about as much"
    )


def _linear(result: Result) -> str | None:
    """Whether a network is needed; None where none was compared."""
    claim = result["claims"]["network_needed"]
    if claim is None:
        return None
    skill = result["linear"]["skill"]
    if claim["holds"]:
        return f"The network is worth its cost: a linear model {explained(skill)}."
    if claim["holds"] is None:
        return (
            f"These rows cannot show that a network beats a linear model, which {explained(skill)}."
        )
    if result["delivered"] == LINEAR:
        return "No network beats it by anything that matters."
    if skill <= 0:
        return None
    return f"A linear model does about as well: it {explained(skill)}."


def _boosting(result: Result) -> str | None:
    """How boosted trees compare; None where they were not fitted, or stand first already."""
    claim = result["claims"]["boosting_better"]
    if claim is None or result["recommended"] == BOOSTING:
        return None
    said = explained(claim["evidence"]["skill"])
    if claim["holds"]:
        return f"Gradient boosting is better: it {said}."
    if claim["holds"] is None:
        return f"Gradient boosting may be better (it {said}), but these rows cannot show it."
    if claim["evidence"]["ours_better"]:
        return f"Gradient boosting is not as good: it {said}."
    return f"Gradient boosting does no better: it {said}."


def _predictors(result: Result) -> str | None:
    """How many predictors the model needs, and which can go."""
    evidence = result["claims"]["predictors"]["evidence"]
    kept = evidence["kept"]
    total = evidence["total"]
    if total == 1:
        return None
    if evidence["fewest"] is not None:
        fewest = evidence["fewest"]
        rule = " (--select 1se)" if fewest["rule"] == "1se" else ""
        return (
            f"The model uses {kept:,} of {total:,} predictors; {quoted(fewest['penalty'])}{rule}"
            f" keeps {fewest['kept']:,} and loses nothing that matters."
        )
    if kept == total:
        return f"It uses all {total:,} predictors."
    if _are_short(evidence["names"]):
        return f"Of {total:,} predictors it needs {kept:,}: {join(evidence['names'])}."
    if _are_short(evidence["out"]):
        return f"Of {total:,} predictors it needs {kept:,}; {join(evidence['out'])} can go."
    return f"Of {total:,} predictors it needs {kept:,}; the others can go."


def _are_short(names: list[str] | None) -> bool:
    """Whether names of predictors are few and short enough for a sentence."""
    return bool(names) and sum(len(name.split()) for name in names or ()) <= LONGEST_NAMES


def _certificate(result: Result) -> str:
    """How well the training of what is delivered was solved."""
    evidence = result["claims"]["delivered"]["evidence"]
    name = evidence["name"]
    if name == LINEAR:
        what = f"the linear model, alpha {number(evidence['alpha'])}"
    else:
        what = described(name).label.format(name=name, alpha=number(evidence["alpha"]))
    return f"Training ({what}): {certificate_in_words(evidence)}."
