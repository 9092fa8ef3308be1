"""The verdict: at most seven sentences, what to use first, each said of a claim that holds."""

from tautnet.claims.claims import LUCKY
from tautnet.objective.choices import LINEAR
from tautnet.objective.registry import BASELINE, described
from tautnet.prose.doubts import GRAVE, rows_in_words, sentence_of
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
# Doubts about what the figures are worth on new rows: they follow what to expect.
QUALIFYING = ("limited", "alone", "dated", "neighbours")
# A sentence names at most so many penalties, and counts them where there are more.
NAMED = 2
# And so many predictors that are the target again.
NAMED_AGAIN = 5
# Percentage points that show in one place.
SHOWN = 0.05
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
        What would make the first sentence misleading comes before it, what qualifies it after it.
        Two places of the seven are kept for the gravest of the other doubts.
    """
    doubts = result["claims"]["doubts"]
    grave = _together([one for one in doubts if one["kind"] in GRAVE])[:MOST_DOUBTS]
    qualifying = _told_once([one for one in doubts if one["kind"] in QUALIFYING])
    others = _told_once([one for one in doubts if one["kind"] not in (*GRAVE, *QUALIFYING)])
    said = [*grave, *_what_to_use(result, bool(grave)), *qualifying]
    told = [*said, *_of_what_was_learned(result, bool(grave))]
    told = told[: MOST_SENTENCES - min(len(others), MOST_DOUBTS)]
    return [*told, *others][:MOST_SENTENCES]


def _of_what_was_learned(result: Result, is_doubtful: bool) -> list[str]:
    """Over-fitting, rivals, predictors and training; nothing where nothing was learned."""
    if not result["claims"]["learns"]["holds"]:
        return []
    said = [
        _over_fitting(result),
        _linear(result),
        _boosting(result),
        # Where a predictor is the target again, which others are needed is no question yet.
        None if is_doubtful else _predictors(result),
        _certificate(result),
    ]
    return [sentence for sentence in said if sentence]


def _told_once(doubts: list[Row]) -> list[str]:
    """The texts of doubts, one for each thing that can be done about them."""
    texts: dict[str, str] = {}
    for one in doubts:
        texts.setdefault(one["option"] or one["kind"], one["text"])
    return list(texts.values())


def _together(doubts: list[Row]) -> list[str]:
    """The texts of grave doubts; of several predictors, one sentence that names them."""
    if len(doubts) < 2:
        return [one["text"] for one in doubts]
    names = [name for one in doubts for name in one["predictors"]]
    shown = [repr(name) for name in names[:NAMED_AGAIN]]
    if len(names) > NAMED_AGAIN:
        shown[-1] = f"{len(names) - NAMED_AGAIN + 1} more"
    return [
        f"{join(shown)} each say the same as the target or give it away: leave them out unless"
        " they are known beforehand (--drop)."
    ]


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
        return "Look at the table first: a predictor gives the target away."
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
    row = _row_of(result, delivered["evidence"]["expected_of"])
    if is_doubtful:
        said = expected(result, row, against_constant=False)
        return [f"As the table stands, {own} does as well as any: {said}."]
    explains = _explains(result, delivered["evidence"])
    if result["recommended"] == BOOSTING and delivered["evidence"]["name"] != BOOSTING:
        boosting = expected(result, result["boosting"])
        instead = expected(result, row, against_constant=False)
        kind = "Regressor" if result["task"] == "regression" else "Classifier"
        return [
            f"Use gradient boosting (scikit-learn's HistGradientBoosting{kind}): {boosting}.",
            f"This run delivers {own} instead: {instead}.",
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
    rows |= {LINEAR: result["linear"], BOOSTING: result["boosting"], "chosen": result["chosen"]}
    return rows[name]


def _explains(result: Result, evidence: Row) -> str:
    """A share explained, with its interval, and what it is a share of."""
    interval = percent_interval(evidence["skill_low"], evidence["skill_high"])
    share = f"{percent(evidence['skill'])} ({interval})"
    if result["metric"] == "mean squared error":
        return f"It explains {share} of the variance on new rows."
    if result["task"] == "classification":
        of_what = f"the {result['metric']} that bare class shares have"
        return f"It explains {share} of {of_what} on new rows."
    return f"It explains {share} of the constant's {result['metric']} on new rows."


def _nothing(result: Result) -> list[str]:
    """That no model is to be used, and what the best one has."""
    evidence = result["claims"]["learns"]["evidence"]
    if result["claims"]["learns"]["holds"] is False:
        first = (
            "There is nothing to learn here: no model beats a constant prediction on new rows by a"
            " percentage point."
        )
    else:
        observations = result["detail"]["observations"]
        first = (
            f"Do not rely on a model yet: {observations['n']:,} {observations['are']} cannot show"
            " that any beats a constant prediction."
        )
    said = explained(evidence["skill"]) if evidence["skill"] > 0 else "explains nothing"
    interval = percent_interval(evidence["skill_low"], evidence["skill_high"])
    best = "The linear model"
    if evidence["model"] != LINEAR:
        model = named(result, result["chosen"]["penalty"]).split(" under ")[0]
        best = f"{model[0].upper()}{model[1:]}, its penalty chosen without those rows,"
    return [first, f"{best} {said} ({interval})."]


def explained(skill: float) -> str:
    """How much a model explains, as a predicate.

    Examples
    --------
    >>> explained(0.917), explained(-0.2)
    ('explains 92 %', 'is no better than a constant')
    """
    return f"explains {percent(skill)}" if skill > 0 else "is no better than a constant"


def _over_fitting(result: Result) -> str | None:
    """Whether the network without a penalty is over-fitted, and what helps."""
    claims = result["claims"]
    if claims["over_fitted"] is None:
        return None
    heart = claims["knows_rows_by_heart"]["evidence"]
    helps = claims["penalty_helps"]["evidence"]
    best = quoted(helps["penalty"])
    honest = result["chosen"]["skill"]
    is_luck = helps["skill"] - honest >= LUCKY
    seen = f"{percent(heart['seen'])} explained on rows seen, {_on_new_rows(result, heart['new'])}"
    helped = f"{best} explains {percent(helps['skill'])}{_alike(result)}"
    if is_luck and honest > 0:
        helped = f"a penalty chosen without these rows explains {percent(honest)}"
    if claims["over_fitted"]["holds"]:
        return f"Unpenalised, the network is over-fitted: {seen}; {helped}."
    if claims["penalty_helps"]["holds"]:
        return f"A penalty helps: unpenalised, the network {explained(heart['new'])}; {helped}."
    added = 100 * (helps["skill"] - heart["new"])
    if claims["over_fitted"]["holds"] is False and added < 1:
        most = f" (the best adds {added:.1f})" if added >= SHOWN else ""
        return f"Unpenalised, the network has {seen}; no penalty adds a percentage point{most}."
    if is_luck:
        return (
            f"The network explains {percent(heart['new'])} unpenalised and"
            f" {percent(helps['skill'])} under {best}, but these rows cannot tell which penalty to"
            f" take: picked without them, one {explained(honest)}."
        )
    return (
        f"These rows cannot show that a penalty helps: unpenalised, the network"
        f" {explained(heart['new'])} on new rows, and with {best} it {explained(helps['skill'])}."
    )


def _on_new_rows(result: Result, skill: float) -> str:
    """What a network explains on new rows; of a class its probabilities may be wrong, not it."""
    if skill > 0:
        return f"{percent(skill)} on new ones"
    if result["task"] == "classification":
        return "worse probabilities than a constant on new ones"
    return "nothing on new ones"


def _alike(result: Result) -> str:
    """Which penalties do about as well as the best and what they explain, to follow it."""
    evidence = result["claims"]["equivalents"]["evidence"]
    names = [name for name in evidence["names"] if name != BASELINE]
    if not names:
        return ""
    skills = [_row_of(result, name)["skill"] for name in names]
    low = percent(min(skills)).removesuffix(" %")
    high = percent(max(skills)).removesuffix(" %")
    share = f"{low} %" if low == high else f"{low} to {high} %"
    if len(names) <= NAMED:
        return f", {join(map(quoted, names))} {share}"
    return f", {COUNTS[len(names)] if len(names) < len(COUNTS) else len(names)} others {share}"


def _linear(result: Result) -> str | None:
    """Whether a network is needed; None where none was compared."""
    claim = result["claims"]["network_needed"]
    if claim is None:
        return None
    skill = result["linear"]["skill"]
    if claim["holds"]:
        return f"The network beats a linear model, which {explained(skill)}."
    if claim["holds"] is None and result["delivered"] == LINEAR:
        return "These rows cannot show that any network beats the linear model."
    if claim["holds"] is None:
        return (
            f"These rows cannot show that a network beats a linear model, which {explained(skill)}."
        )
    if result["delivered"] == LINEAR:
        return "No network beats the linear model by more than a percentage point."
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
    if not claim["matters"]:
        return f"Gradient boosting does about as well: it {said}."
    without = claim["evidence"]["without"]
    if without is not None and without["diff"] < 0.5 * claim["evidence"]["diff"]:
        rows = rows_in_words(without["rows"])
        return f"Gradient boosting does no better: it {said}, and much of the rest is {rows}."
    return f"Gradient boosting does no better: it {said}."


def _predictors(result: Result) -> str | None:
    """How many predictors the model uses, and which can go."""
    evidence = result["claims"]["predictors"]["evidence"]
    kept = evidence["kept"]
    total = evidence["total"]
    if total == 1:
        return None
    name = named(result, result["delivered"])
    uses = f"{name[0].upper()}{name[1:]} uses"
    if evidence["fewest"] is not None:
        fewest = evidence["fewest"]
        rule = " with --select 1se" if fewest["rule"] == "1se" else ""
        all_of = f"all {total:,}" if kept == total else f"{kept:,} of {total:,}"
        return (
            f"{uses} {all_of} predictors; {quoted(fewest['penalty'])}{rule} uses"
            f" {fewest['kept']:,} and explains {percent(fewest['skill'])}."
        )
    if kept == total:
        return f"{uses} all {total:,} predictors."
    if _are_short(evidence["names"]):
        return f"{uses} {kept:,} of {total:,} predictors: {join(evidence['names'])}."
    if _are_short(evidence["out"]):
        out = join(evidence["out"])
        return f"{uses} {kept:,} of {total:,} predictors; {out} can go."
    return f"{uses} {kept:,} of {total:,} predictors."


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
