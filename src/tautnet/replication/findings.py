"""The article's statements, each with what the runs show, computed from the figures alone."""

from tautnet.replication.protocol import N_PREDICTORS
from tautnet.views.article_sections import LEARNERS, points

# What group is asked for at its one-standard-error choice: the noise predictors that it is to
# remove, and the real ones that it may lose.
NOISE_WANTED = 8
REAL_SPARED = 1


def sign(versus):
    """1 or -1 where an interval lies above or below zero, else 0."""
    return int(versus["ci_low"] > 0) - int(versus["ci_high"] < 0)


def write_findings(result):
    """Claims of the article beside findings.

    Parameters
    ----------
    result : dict
        All other sections.

    Returns
    -------
    list of dict
        ``claim``, ``holds`` (true, false, or null where the runs leave it open) and ``finding``.
    """
    findings = []
    for part in (_gain, _large_weights, _l2_or_l1, _prunes, _art):
        claim, holds, finding = part(result)
        findings.append({"claim": claim, "holds": holds, "finding": finding})
    return findings


def _all_or_open(verdicts):
    """What signs say together: true where all are 1, false where all are -1, else None."""
    verdicts = set(verdicts)
    if verdicts == {1}:
        return True
    return False if verdicts == {-1} else None


def _by_learner(say):
    return "; ".join(f"by {words}, {say(name)}" for name, words in LEARNERS.items())


def _gain(result):
    honest = result["honest"]
    rows = {name: honest[name]["rows"] for name in LEARNERS}

    def say(name):
        l2 = points(rows[name]["l2"]["gain"])
        l1 = points(rows[name]["l1"]["gain"])
        return f"L2 gains {l2} and L1 {l1} points"

    wrong = {name: rows["online"][f"{name}_published"]["gain"] for name in ("l2", "l1")}
    useless = all(sign(one) < 1 for one in wrong.values())
    finding = (
        f"With the sign mended and the strength chosen by cross-validation, {_by_learner(say)}."
        f" With the published sign and strength the gain is {points(wrong['l2'])} for L2 and"
        f" {points(wrong['l1'])} for L1{': neither is above zero' if useless else ''}."
    )
    holds = _all_or_open(sign(rows[name]["l2"]["gain"]) for name in rows)
    return "L2 regularization raises the accuracy on new items.", holds, finding


def _large_weights(result):
    rows = {name: result["honest"][name]["rows"] for name in LEARNERS}

    def say(name):
        none = rows[name]["none"]
        l2 = rows[name]["l2"]
        return (
            f"the sum of squared weights is {none['weight_squares']:,.0f} without a penalty and"
            f" {l2['weight_squares']:,.0f} under L2, and accuracy falls by {100 * none['gap']:.1f}"
            f" and {100 * l2['gap']:.1f} points from training items to new ones"
        )

    def verdict(name):
        smaller = rows[name]["l2"]["weight_squares"] < rows[name]["none"]["weight_squares"]
        return sign(rows[name]["l2"]["gap_fall"]) if smaller else -1

    finding = f"{_capital(_by_learner(say))}."
    return "An over-fitted network has large weights.", _all_or_open(map(verdict, rows)), finding


def _capital(text):
    return text[0].upper() + text[1:]


def _l2_or_l1(result):
    honest = result["honest"]
    finding = _by_learner(
        lambda n: f"L2 is better than L1 by {points(honest[n]['l2_minus_l1'])} points"
    )
    holds = _all_or_open(sign(honest[n]["l2_minus_l1"]) for n in LEARNERS)
    return "L2 usually works a bit better than L1.", holds, f"{_capital(finding)}."


def _pruning_row(result, penalty, selection, n_train):
    wanted = penalty, selection, n_train
    return next(
        r
        for r in result["pruning"]["rows"]
        if (r["penalty"], r["selection"], r["n_train"]) == wanted
    )


def _removed(row, n_noise):
    noise = row["noise_removed"]["diff"]
    real = row["real_lost"]["diff"]
    return f"{noise:.1f} of {n_noise} noise predictors and {real:.1f} of {N_PREDICTORS} real ones"


def _prunes(result):
    n_train = result["honest"]["n_train"]
    n_noise = result["pruning"]["n_noise"]
    online = result["honest"]["online"]["rows"]["l1"]
    engine = result["honest"]["engine"]["rows"]["l1"]
    l1 = _pruning_row(result, "l1", "1se", n_train)
    group = _pruning_row(result, "group", "1se", n_train)
    finding = (
        f"The article's L1 sets {online['zero_weights']:.1f} of {online['n_weights']} weights to"
        f" exactly zero, tautnet's {engine['zero_weights']:.1f} of {engine['n_weights']}. With"
        f" {n_noise} noise predictors added, the strongest L1 within one standard error takes out"
        f" {_removed(l1, n_noise)}; group, which takes predictors out as a whole,"
        f" {_removed(group, n_noise)}.{_short_of_wanted(group)}"
    )
    return "L1 sometimes prunes predictors.", sign(l1["noise_removed"]) == 1 or None, finding


def _short_of_wanted(group):
    """What group's choice lacks, in words; nothing where it removes what is wanted."""
    removed = group["noise_removed"]["diff"]
    lost = group["real_lost"]["diff"]
    if removed >= NOISE_WANTED and lost <= REAL_SPARED:
        return ""
    return (
        f" That is short of the {NOISE_WANTED} at {REAL_SPARED} real one that one would want:"
        " the strength that predicts best is not the strength that selects best. Some strength"
        f" on group's path removes {group['in_hindsight']:.1f} at the price of at most one real"
        " predictor, but cross-validation does not look for it."
    )


def _art(result):
    rows = {name: result["honest"][name]["rows"] for name in LEARNERS}

    def say(name):
        l2 = points(rows[name]["l2"]["best_fixed"]["chosen_minus_best"])
        l1 = points(rows[name]["l1"]["best_fixed"]["chosen_minus_best"])
        return f"{l2} for L2 and {l1} for L1"

    near = all(own[one]["best_fixed"]["within"] for own in rows.values() for one in ("l2", "l1"))
    if near:
        summary = "Cross-validation does what is left to art."
    else:
        summary = "Cross-validation is not always as good."
    finding = (
        "Accuracy with the strength chosen by cross-validation inside the training set, less that"
        f" of the one fixed strength that did best in hindsight: {_by_learner(say)} points."
        f" {summary}"
    )
    return "Choosing the strength is part art.", not near, finding
