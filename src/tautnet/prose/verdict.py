"""The verdict: up to six statements, each of one or a few sentences, from numbers alone."""

from collections.abc import Sequence

from tautnet.inference.recommended import best_row, is_better
from tautnet.objective.registry import BASELINE, L2, described
from tautnet.objective.strengths import nearest
from tautnet.prose.words import (
    Result,
    Row,
    certificate_in_words,
    interval,
    join,
    number,
    quoted,
)

LINEAR = "linear"
# Tables with fewer rows than this give rough figures.
SMALL_TABLE = 100
# A sentence names at most this many predictors, and counts them where there are more.
NAMED = 5


def write_verdict(result: Result) -> list[str]:
    """The statements for a result, each of one or a few sentences.

    Parameters
    ----------
    result : dict
        The object that ``compare --json`` prints, with ``detail``, before its verdict.

    Returns
    -------
    list of str
    """
    sentences = [_over_fitting(result)]
    if not learns(result):
        sentences += [_nothing_to_learn(result)]
    else:
        sentences += [
            _which_penalty(result),
            _network_needed(result),
            _predictors(result),
            _what_to_do(result),
        ]
    sentences += [_how_sure(result)]
    return [sentence for sentence in sentences if sentence]


def headline(result: Result) -> str:
    """The verdict in a few words: whether the network is over-fitted, and what to use.

    A headline is not a sentence of the verdict: it names a penalty without quotes.

    Examples
    --------
    >>> better, row = {"ci_low": 0.1, "p_holm": 0.01}, {"penalty": "l1", "test_loss": 0.3}
    >>> row |= {"vs_null": better, "vs_linear": better}
    >>> headline({"rows": [row | {"penalty": "none"}, row], "over_fitted": True,
    ...     "recommended": "l1", "linear": row,
    ...           "detail": {"hidden_layer_sizes": [100]}})
    'Without a penalty this network is over-fitted. Use l1.'
    """
    name = to_use(result)
    if name is None:
        return "There is nothing to learn here."
    words = {BASELINE: "No penalty is needed.", LINEAR: "A linear model suffices."}
    use = words.get(name, f"Use {name}.")
    if BASELINE not in _rows(result):
        return use
    found = {
        True: "Without a penalty this network is over-fitted.",
        False: "This network is not over-fitted.",
        None: "These rows cannot show whether this network is over-fitted.",
    }
    return f"{found[result['over_fitted']]} {use}"


def to_use(result: Result) -> str | None:
    """The name of the row that the verdict says to use.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.

    Returns
    -------
    str or None
        "linear" where networks were compared and the linear map does as well; else the penalty
        recommended. None where no model is surely better than a constant.
    """
    if not learns(result):
        return None
    return LINEAR if _linear_suffices(result) else result["recommended"]


def row_to_use(result: Result) -> Row | None:
    """The row that the verdict says to use, or None."""
    rows = _rows(result) | {LINEAR: result["linear"]}
    name = to_use(result)
    return None if name is None else rows.get(name)


def learns(result: Result) -> bool:
    """Whether any model predicts new rows better than a constant by an interval above zero."""
    return any(is_better(row["vs_null"]) for row in [*result["rows"], result["linear"]])


def _linear_suffices(result: Result) -> bool:
    """Whether the linear map surely beats a constant, and no network surely beats the map."""
    return (
        bool(result["detail"]["hidden_layer_sizes"])
        and is_better(result["linear"]["vs_null"])
        and not any(is_better(row["vs_linear"]) for row in result["rows"])
    )


def _rows(result: Result) -> dict[str, Row]:
    """The rows of the penalties, by name."""
    return {row["penalty"]: row for row in result["rows"]}


def _quoted_list(names: Sequence[str]) -> str:
    """Names of penalties as a list in a sentence."""
    return join(map(quoted, names))


def _over_fitting(result: Result) -> str | None:
    """Whether the network without a penalty is over-fitted; None where it was not compared."""
    none = _rows(result).get(BASELINE)
    if none is None:
        return None
    figures = (
        f"its {result['metric']} is {number(none['train_loss'])} on rows it saw and"
        f" {number(none['test_loss'])} on new rows"
        f" ({number(result['null']['test_loss'])} for a constant prediction)"
    )
    if result["over_fitted"] is None:
        return (
            "These rows cannot show whether the network without a penalty is over-fitted."
            f" {figures[0].upper()}{figures[1:]}.{_separated(result)}"
        )
    if result["over_fitted"]:
        return f"Without a penalty the network is over-fitted: {figures}.{_separated(result)}"
    return (
        f"Without a penalty the network is not over-fitted: {figures}. That is within one standard"
        " error of the lowest."
    )


def _separated(result: Result) -> str:
    """A further sentence where the network separates the classes, else nothing."""
    detail = result["detail"]["none"]
    if not detail["separated"]:
        return ""
    return (
        " The network separates the classes of the rows it saw completely: trained further, its"
        " weights would grow without end, so training was stopped after"
        f" {detail['steps'][-1]:,} steps."
    )


def _nothing_to_learn(result: Result) -> str:
    """What the best row still lacks where no model is better than a constant."""
    best = best_row(result["rows"])
    return (
        "There is nothing to learn here: no model predicts new rows clearly better than a constant"
        f" ({result['metric']} {number(result['null']['test_loss'])}). The closest is"
        f" {quoted(best['penalty'])} with {number(best['test_loss'])}; its gain is"
        f" {number(best['vs_null']['diff'])} ({interval(best['vs_null'])}). Do not use these"
        " predictors for this target."
    )


def _which_penalty(result: Result) -> str:
    """Which penalty has the lowest loss, what it gains, and which others do about as well."""
    best = best_row(result["rows"])
    name = best["penalty"]
    alike = _alike(result)
    if name == BASELINE:
        return (
            f"No penalty helps: {quoted(name)} has the lowest {result['metric']} on new rows."
            f"{alike}"
        )
    lowest = (
        f"{quoted(name)} has the lowest {result['metric']} on new rows, {number(best['test_loss'])}"
    )
    versus = best["vs_none"]
    if versus is None:
        return f"{lowest}.{alike}"
    gain = f"{number(versus['diff'])} lower than without a penalty ({interval(versus)})"
    return f"{lowest}: {gain}{_doubt(versus)}.{alike}"


def _alike(result: Result) -> str:
    """A further sentence on rows whose difference from the best has an interval around zero."""
    names = [
        name
        for name, versus in result["detail"]["vs_best"].items()
        if versus["ci_high"] >= 0 >= versus["ci_low"]
    ]
    if not names:
        return ""
    verb = "does" if len(names) == 1 else "do"
    best = best_row(result["rows"])["penalty"]
    return f" {_quoted_list(names)} {verb} about as well as {quoted(best)}."


def _doubt(versus: Row) -> str:
    """What stands against a gain, to follow it in its sentence; nothing where it is sure."""
    if is_better(versus):
        return ""
    if versus["ci_low"] > 0:
        return (
            ". Even so, these rows cannot show that the gain is real: when this many penalties are"
            " compared, chance alone gives at least one of them such a gain"
            f" {100 * versus['p_holm']:.2g} % of the time (p-value, corrected by Holm's method)"
        )
    return ", but the rows cannot show that this gain is real"


def _network_needed(result: Result) -> str | None:
    """Whether a network beats the linear model; None where no network was compared."""
    if not result["detail"]["hidden_layer_sizes"]:
        return None
    metric = result["metric"]
    linear_loss = number(result["linear"]["test_loss"])
    better = [row for row in result["rows"] if is_better(row["vs_linear"])]
    if better:
        row = best_row(better)
        versus = row["vs_linear"]
        return (
            f"The network is worth its cost: the {metric} of {quoted(row['penalty'])} is"
            f" {number(versus['diff'])} lower ({interval(versus)}) than the linear model's"
            f" {linear_loss}."
        )
    no_better = (
        f"no network is clearly better than the linear model, whose {metric} is {linear_loss}"
    )
    if _linear_suffices(result):
        return f"A linear model suffices: {no_better}."
    return (
        f"These rows cannot show whether a linear model suffices: {no_better}, but the linear"
        " model is itself not clearly better than a constant prediction."
    )


def _predictors(result: Result) -> str | None:
    """How many predictors each selecting penalty keeps, and which of them."""
    rows = _rows(result)
    total = result["n_predictors"]
    selecting = [name for name in rows if described(name).selects]
    if not selecting or total == 1:
        return None
    kept = join(f"{quoted(name)} keeps {rows[name]['predictors_kept']}" for name in selecting)
    one_se = join(
        f"{rows[name]['one_se']['predictors_kept']} with {quoted(name)}" for name in selecting
    )
    # A relaxed row has no path of its own. Of several the last one listed keeps the fewest.
    name = [name for name in selecting if described(name).relaxed_of is None][-1]
    which = _which_predictors(result, rows[name])
    return f"Of {total:,} predictors, {kept}. The one-SE choice keeps {one_se}.{which}"


def _which_predictors(result: Result, row: Row) -> str:
    """A further sentence: the predictors kept where they are few, else those that leave first.

    Nothing where all are kept.
    """
    if row["predictors_kept"] == row["predictors_total"]:
        return ""
    penalty = quoted(row["penalty"])
    detail = result["detail"]["penalties"][row["penalty"]]
    at = nearest(detail["path"]["alphas"], row["alpha"])
    pairs = zip(result["detail"]["predictors"], detail["path"]["norms"][at], strict=True)
    kept = [name for name, norm in pairs if norm > 0]
    if not kept:
        return f" Under {penalty} no predictor stays."
    if len(kept) <= NAMED:
        return f" {penalty} keeps {join(kept)}."
    return f" As {penalty} gets stronger, {_first_to_leave(detail, kept)}."


def _first_to_leave(detail: Row, kept: Sequence[str]) -> str:
    """Which predictors leave the path first, or how many of them leave together."""
    first_alpha = min(alpha for alpha in detail["exit_alpha"] if alpha is not None)
    n_together = detail["exit_alpha"].count(first_alpha)
    if n_together > NAMED:
        return f"{n_together:,} predictors leave together at the first strength that removes any"
    left = [name for name in detail["exit_order"] if name not in kept][:3]
    return f"{join(left)} {'leaves' if len(left) == 1 else 'leave'} first"


def _what_to_do(result: Result) -> str:
    """What to use; where that is the linear map, which network comes next."""
    linear = result["linear"]
    expected = _expected(result["chosen"], result["metric"])
    network = (
        f"{_network_to_use(result)}. If cross-validation chooses the penalty as well as alpha,"
        f" {expected}."
    )
    if to_use(result) != LINEAR:
        return f"Use {network}"
    return (
        f"Use the linear model (no hidden layer) with the {quoted(L2)} penalty at alpha"
        f" {number(linear['alpha'])} ({certificate_in_words(linear)}):"
        f" {_expected(linear, result['metric'])}. For a network, use {network}"
    )


def _expected(row: Row, metric: str) -> str:
    """What to expect on new rows, as part of a sentence."""
    score = f"{row['score_name']} {number(row['test_score'])}"
    return f"expect a {metric} of {number(row['test_loss'])} on new rows ({score})"


def _network_to_use(result: Result) -> str:
    """The penalty recommended, why, and what it needs."""
    row = _rows(result)[result["recommended"]]
    best = best_row(result["rows"])
    metric = result["metric"]
    why = (
        f"it has the lowest {metric}"
        if row is best
        else f"its {metric} is within one standard error of the lowest"
    )
    kept = row["predictors_kept"]
    total = row["predictors_total"]
    needs = (
        f"it needs {kept:,} of {total:,} predictors"
        if kept < total
        else f"it uses all {total:,} predictors"
    )
    return f"{_with_strength(row)}: {why}, and {needs} ({certificate_in_words(row)})"


def _with_strength(row: Row) -> str:
    """The penalty of a row with its strength, where it has one."""
    penalty = row["penalty"]
    return described(penalty).label.format(name=penalty, alpha=number(row["alpha"]))


def _how_sure(result: Result) -> str | None:
    """What makes the figures doubtful; None where nothing does."""
    doubts = []
    if result["n_rows"] < SMALL_TABLE:
        doubts.append(f"With {result['n_rows']} rows, all of these figures are rough.")
    edges = [
        name
        for name, detail in result["detail"]["penalties"].items()
        if detail["at_edge"] and described(name).is_on_weights
    ]
    if learns(result) and edges:
        doubts.append(
            f"The best alpha of {_quoted_list(edges)} is the smallest one tried: smaller ones may"
            f" do better (they start at {quoted('alpha_min_ratio')})."
        )
    return " ".join(doubts) or None
