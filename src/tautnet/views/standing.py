"""What a result says to use and what its file holds: asked here by table, report and pictures."""

from tautnet.objective.registry import BASELINE
from tautnet.prose.words import UNPENALISED, shown_name

LINEAR = "linear"
BOOSTING = "boosting"
CONSTANT = "constant"
CHOSEN = "chosen"
RECOMMENDED = "recommended"
DELIVERED = "delivered"


def is_recommended(result):
    """Whether the verdict says to use what the file holds."""
    return result["claims"]["delivered"]["holds"] is True


def marks(result):
    """The rows that are marked, by name, and the word for it.

    None is where the verdict does not say "use". Where boosting is better than every model of
    ours, or another model was asked for, what is recommended and what is delivered are two rows.

    Examples
    --------
    >>> result = {"claims": {"delivered": {"holds": True}}, "recommended": "boosting"}
    >>> marks(result | {"delivered": "l2"})
    {'boosting': 'recommended', 'l2': 'delivered'}
    """
    if not is_recommended(result):
        return {}
    if result["recommended"] == result["delivered"]:
        return {result["delivered"]: RECOMMENDED}
    return {result["recommended"]: RECOMMENDED, result["delivered"]: DELIVERED}


def named_rows(result):
    """All rows of a comparison's table in their order, each a pair of name and row.

    Those of the penalties come first, the honest choice last.
    """
    rows = [(row["penalty"], row) for row in result["rows"]]
    rows.append((LINEAR, result["linear"]))
    if result["boosting"] is not None:
        rows.append((BOOSTING, result["boosting"]))
    return [*rows, (CONSTANT, result["null"]), (CHOSEN, result["chosen"])]


def delivered_row(result):
    """The row of the model that the file holds, which says what to expect of it on new rows."""
    return dict(named_rows(result))[result["delivered"]]


def expected_name(result):
    """The row whose figures say what to expect of that model: its own, or the honest choice's.

    Earlier runs expect what the row itself has.
    """
    return result["claims"]["delivered"]["evidence"].get("expected_of", result["delivered"])


def leading_penalty(result):
    """The penalty whose pictures come first: what is delivered, else the best of the networks."""
    return result["best"] if result["delivered"] == LINEAR else result["delivered"]


def model_in_words(name):
    """A row's model in a sentence.

    Examples
    --------
    >>> model_in_words("linear"), model_in_words("none"), model_in_words("l2")
    ('the linear model', 'the unpenalised network', '`l2`')
    """
    words = {LINEAR: "the linear model", BASELINE: f"the {UNPENALISED} network"}
    return words.get(name, f"`{shown_name(name)}`")


def gain_key(result):
    """What gains are measured against: the network without a penalty, else the constant.

    A network that is worse than the constant is no measure: every gain would be the same huge one.

    Returns
    -------
    key, name : str
        The key in each row, and what to call it.
    """
    constant = result["null"]["test_loss"]
    is_measure = any(
        row["penalty"] == BASELINE and row["test_loss"] < constant for row in result["rows"]
    )
    return ("vs_none", UNPENALISED) if is_measure else ("vs_null", CONSTANT)


def gain_in_points(row, result):
    """A row's gain with its ends, in points; over the constant it is the share explained.

    That share's interval knows that the constant's loss is an estimate, too.
    """
    key, _ = gain_key(result)
    if key == "vs_null" and row.get("skill_low") is not None:
        ends = {"diff": "skill", "ci_low": "skill_low", "ci_high": "skill_high"}
        return {end: 100 * row[name] for end, name in ends.items()}
    return in_points(row.get(key), result)


def in_points(versus, result):
    """A difference of losses, with its ends, in hundredths of the constant's loss.

    So many points more of that loss are explained.

    Examples
    --------
    >>> in_points({"diff": 0.3, "ci_low": 0.1, "ci_high": None}, {"null": {"test_loss": 2.0}})
    {'diff': 15.0, 'ci_low': 5.0, 'ci_high': None}
    """
    constant = result["null"]["test_loss"]
    return {
        key: 100 * value / constant if constant and isinstance(value, float | int) else None
        for key, value in (versus or {}).items()
        if key != "p_holm"
    }
