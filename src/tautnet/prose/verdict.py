"""The verdict: three to six plain sentences, computed from the numbers of a result and nothing
else.
"""

from tautnet.inference.recommended import best_row, is_better
from tautnet.objective.registry import BASELINE, described
from tautnet.objective.strengths import nearest
from tautnet.prose.words import certificate_in_words, interval, join, number

LINEAR, SMALL_TABLE = "linear", 100
NAMED = 5


def write_verdict(result):
    """The sentences for a result.

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


def headline(result):
    """The verdict in a few words: over-fitted or not, and what to use.

    Examples
    --------
    >>> better, row = {"ci_low": 0.1, "p_holm": 0.01}, {"penalty": "l1", "test_loss": 0.3}
    >>> row |= {"vs_null": better, "vs_linear": better}
    >>> headline({"rows": [row | {"penalty": "none"}, row], "over_fitted": True,
    ...     "recommended": "l1", "linear": row,
    ...           "detail": {"hidden_layer_sizes": [100]}})
    'Without a penalty this network is over-fitted. Use l1.'
    """
    use = to_use(result)
    if use is None:
        return "There is nothing to learn here."
    words = {BASELINE: "No penalty is needed.", LINEAR: "A linear model suffices."}
    use = words.get(use, f"Use {use}.")
    if BASELINE not in _rows(result):
        return use
    found = {
        True: "Without a penalty this network is over-fitted.",
        False: "This network is not over-fitted.",
        None: "Whether this network is over-fitted, these rows cannot tell.",
    }
    return f"{found[result['over_fitted']]} {use}"


def to_use(result):
    """The row that the verdict says to use.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.

    Returns
    -------
    str or None
        Where networks were compared and the linear map does as well, "linear"; else the penalty
        recommended. None where no model is surely better than a constant.
    """
    if not learns(result):
        return None
    return LINEAR if _linear_suffices(result) else result["recommended"]


def row_to_use(result):
    """The row itself, or None."""
    return (_rows(result) | {LINEAR: result["linear"]}).get(to_use(result))


def learns(result):
    """Whether any model predicts new rows better than a constant by an interval above zero."""
    return any(is_better(row["vs_null"]) for row in [*result["rows"], result["linear"]])


def _linear_suffices(result):
    """Whether the linear map is surely better than a constant, and no network surely better than
    it.
    """
    return (
        bool(result["detail"]["hidden_layer_sizes"])
        and is_better(result["linear"]["vs_null"])
        and not any(is_better(row["vs_linear"]) for row in result["rows"])
    )


def _rows(result):
    return {row["penalty"]: row for row in result["rows"]}


def _over_fitting(result):
    none, metric = _rows(result).get(BASELINE), result["metric"]
    if none is None:
        return None
    figures = (
        f"its {metric} is {number(none['train_loss'])} on rows it saw and"
        f" {number(none['test_loss'])} on rows it did not (a constant prediction has"
        f" {number(result['null']['test_loss'])})"
    )
    detail = result["detail"]["none"]
    separated = (
        "; it separates the classes of its rows completely, so its weights grow as long as one"
        f" trains, and it was stopped after {detail['steps'][-1]:,} steps"
        if detail["separated"]
        else ""
    )
    if result["over_fitted"] is None:
        return (
            "Whether the network without a penalty is over-fitted, these rows cannot tell:"
            f" {figures}{separated}."
        )
    if result["over_fitted"]:
        return f"Without a penalty the network is over-fitted: {figures}{separated}."
    return (
        f"Without a penalty the network is not over-fitted: {figures}, within one standard error of"
        " the best."
    )


def _nothing_to_learn(result):
    best = best_row(result["rows"])
    return (
        "There is nothing to learn here: predictions are no better than the constant one by an"
        f" interval above zero ({result['metric']} {number(result['null']['test_loss'])}); the"
        f" nearest, {best['penalty']}, has {number(best['test_loss'])}, a difference of"
        f" {number(best['vs_null']['diff'])} ({interval(best['vs_null'])}). Do not use these"
        " predictors for this target."
    )


def _which_penalty(result):
    best = best_row(result["rows"])
    name = best["penalty"]
    like = [
        n
        for n, versus in result["detail"]["vs_best"].items()
        if versus["ci_high"] >= 0 >= versus["ci_low"]
    ]
    alike = f"; {join(like)} cannot be told apart from it" if like else ""
    if name == BASELINE:
        return f"No penalty helps: none has the lowest {result['metric']} on new rows{alike}."
    versus, start = best["vs_none"], f"The lowest {result['metric']} on new rows has {name}, "
    if versus is None:
        return f"{start}{number(best['test_loss'])}{alike}."
    gain = (
        f"{number(best['test_loss'])}, {number(versus['diff'])} less than without a penalty"
        f" ({interval(versus)})"
    )
    return f"{start}{gain}{_doubt(versus)}{alike}."


def _doubt(versus):
    """What stands against a gain, in words; nothing where it is sure."""
    if is_better(versus):
        return ""
    if versus["ci_low"] > 0:
        return (
            ", but with as many penalties as were tried, chance alone gives one of them such a"
            f" gain {100 * versus['p_holm']:.2g} % of the time (Holm's p-value), so these rows"
            " cannot tell it from none"
        )
    return ", a gain that these rows cannot tell from none"


def _network_needed(result):
    linear, metric = result["linear"], result["metric"]
    if not result["detail"]["hidden_layer_sizes"]:
        return None
    better = [row for row in result["rows"] if is_better(row["vs_linear"])]
    if not better:
        linear_loss = (
            f"by an interval above zero (the linear model's {metric} is"
            f" {number(linear['test_loss'])})"
        )
        if _linear_suffices(result):
            return f"A linear model suffices: no network is better than it {linear_loss}."
        return (
            "Whether a linear model suffices, these rows cannot tell: no network is better than it"
            f" {linear_loss}, and it is not surely better than a constant."
        )
    row = best_row(better)
    return (
        f"The network is worth its while: {row['penalty']} is {number(row['vs_linear']['diff'])}"
        f" better than the linear model's {metric} of {number(linear['test_loss'])}"
        f" ({interval(row['vs_linear'])})."
    )


def _predictors(result):
    rows, total = _rows(result), result["n_predictors"]
    selecting = [name for name in rows if described(name).selects]
    if not selecting or total == 1:
        return None
    kept = join(f"{name} keeps {rows[name]['predictors_kept']}" for name in selecting)
    one_se = join(f"{name} {rows[name]['one_se']['predictors_kept']}" for name in selecting)
    # The path on which predictors leave one after the other.
    name = [name for name in selecting if described(name).relaxed_of is None][-1]
    which = _which_predictors(
        result["detail"]["predictors"], result["detail"]["penalties"][name], rows[name]
    )
    return (
        f"Of {total:,} predictors {kept} (one-SE choice:"
        f" {one_se}){which and f'; under {name} {which}'}."
    )


def _which_predictors(predictors, detail, row):
    """The predictors kept where they are few, else those that leave first; nothing where all are
    kept.
    """
    if row["predictors_kept"] == row["predictors_total"]:
        return ""
    at = nearest(detail["path"]["alphas"], row["alpha"])
    kept = [
        name for name, norm in zip(predictors, detail["path"]["norms"][at], strict=True) if norm > 0
    ]
    if len(kept) <= NAMED:
        return f"what stays is {join(kept)}" if kept else "nothing stays"
    left = [name for name in detail["exit_order"] if name not in kept]
    first_alpha = min(alpha for alpha in detail["exit_alpha"] if alpha is not None)
    at_once = detail["exit_alpha"].count(first_alpha)
    if at_once > NAMED:
        return f"{at_once:,} leave at once, where the path begins to prune"
    return f"the first to leave {'is' if len(left) == 1 else 'are'} {join(left[:3])}"


def _what_to_do(result):
    """What to use; where that is the linear map, which network would come next."""
    linear, chosen = result["linear"], result["chosen"]
    network = (
        f"{_network_to_use(result)}; with the penalty, too, chosen by cross-validation, "
        f"{_expected(chosen, result['metric'])}"
    )
    if to_use(result) != LINEAR:
        return f"Use {network}."
    return (
        f"Use the linear model, without a hidden layer, under l2, alpha {number(linear['alpha'])} "
        f"({certificate_in_words(linear)}): {_expected(linear, result['metric'])}. "
        f"For a network, use {network}."
    )


def _expected(row, metric):
    """What to expect on new rows, as part of a sentence."""
    score = f"{row['score_name']} {number(row['test_score'])}"
    return f"expect a {metric} of {number(row['test_loss'])} on new rows ({score})"


def _network_to_use(result):
    """The penalty recommended, why, and what it needs."""
    rows = _rows(result)
    row, best = rows[result["recommended"]], best_row(result["rows"])
    why = "it has the lowest loss" if row is best else "within one standard error of the best"
    kept, total = row["predictors_kept"], row["predictors_total"]
    needs = (
        f"it needs {kept} of {total} predictors"
        if kept < total
        else f"it uses all {total} predictors"
    )
    alpha = described(row["penalty"]).label.format(name=row["penalty"], alpha=number(row["alpha"]))
    return f"{alpha}: {why}, and {needs} ({certificate_in_words(row)})"


def _how_sure(result):
    doubts = []
    if result["n_rows"] < SMALL_TABLE:
        doubts.append(f"with {result['n_rows']} rows all of these figures are rough")
    edges = [
        n
        for n, d in result["detail"]["penalties"].items()
        if d["at_edge"] and described(n).is_on_weights
    ]
    if learns(result) and edges:
        doubts.append(
            f"the best strength of {join(edges)} is the smallest one tried: a smaller"
            " alpha_min_ratio may do better"
        )
    if not doubts:
        return None
    sentence = "; ".join(doubts)
    return f"{sentence[0].upper()}{sentence[1:]}."
