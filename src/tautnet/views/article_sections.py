"""What a repeated article says, section by section: the same in a terminal and in the report."""

import textwrap
from typing import NamedTuple

from tautnet.objective.registry import BASELINE
from tautnet.prose.words import number
from tautnet.views.article_pictures import LEARNERS, NAMES
from tautnet.views.terminal import aligned

WIDTH = 110
VERDICTS = {True: "holds", False: "does not hold", None: "left open"}


class Table(NamedTuple):
    """A table of cells that are ready to be read.

    Attributes
    ----------
    caption : str
    head : list of str
    rows : list of lists of str
    """

    caption: str
    head: list
    rows: list


class Section(NamedTuple):
    """A part of the report.

    Attributes
    ----------
    heading : str
    paragraphs : list of str
    tables : list of Table
    pictures : list of (name, caption)
    """

    heading: str
    paragraphs: list
    tables: list
    pictures: list


def percent(share):
    """A share as a percentage with one decimal.

    Examples
    --------
    >>> percent(0.675), percent(None)
    ('67.5 %', '-')
    """
    return "-" if share is None else f"{100 * share:.1f} %"


def points(versus):
    """A difference of accuracies in percentage points, with its interval.

    Examples
    --------
    >>> points({"diff": 0.0349, "ci_low": -0.0002, "ci_high": 0.043}), points(None)
    ('+3.5 (0.0 to +4.3)', '-')
    """
    if versus is None:
        return "-"
    return (
        f"{_signed(versus['diff'])} ({_signed(versus['ci_low'])} to {_signed(versus['ci_high'])})"
    )


def _signed(difference):
    rounded = round(100 * difference, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def article_sections(result):
    """Sections of a result, without its detail.

    Parameters
    ----------
    result : dict
        The object that ``tautnet article --json`` prints.

    Returns
    -------
    list of Section
    """
    return [_published(result), _honest(result), _pruning(result), _claims(result)]


def article_text(result):
    """The sections as plain text."""
    lines = [result["title"], ""]
    for section in article_sections(result):
        lines += [section.heading.upper(), ""]
        for paragraph in section.paragraphs:
            lines += [*textwrap.wrap(paragraph, WIDTH), ""]
        for table in section.tables:
            lines += [f"{table.caption}:", *_aligned(table), ""]
    return "\n".join(lines).rstrip()


def _aligned(table):
    widths = [max(map(len, column)) for column in zip(table.head, *table.rows, strict=True)]
    for cells in (table.head, *table.rows):
        yield "  " + aligned(cells, widths, "  ").rstrip()


def _published_table(result):
    published = result["as_published"]
    name = result["penalty"].upper()
    printed = published["article"] or {}
    head = [
        "run",
        "training items",
        "test items",
        "printed",
        "2,000 new items",
        "sum of squared weights",
    ]
    runs = [
        ("none", "no penalty", published["none"]),
        ("published", f"{name} added (published sign)", published["published"]),
        ("mended", f"{name} subtracted (sign mended)", result["sign_mended"]),
    ]
    rows = [_network_cells(words, own, printed.get(key)) for key, words, own in runs]
    return Table("The article's items, network, learner and strength", head, rows)


def _network_cells(words, own, printed):
    """A row of the published table; ``printed`` are the article's own figures, None without."""
    shown = "-"
    if printed:
        shown = f"{percent(printed['train_accuracy'])} / {percent(printed['test_accuracy'])}"
    return [
        words,
        percent(own["train_accuracy"]),
        f"{percent(own['test_accuracy'])} ({own['test_right']} of {own['n_test']})",
        shown,
        percent(own["fresh_accuracy"]),
        number(own["weight_squares"]),
    ]


def _published(result):
    published = result["as_published"]
    mended = result["sign_mended"]
    sign = result["sign"]
    none = published["none"]
    wrong = published["published"]
    matched = {
        True: "The four figures that the article prints are reproduced to the digit.",
        False: "The figures that the article prints are NOT reproduced.",
        None: "The figures that this article prints are not known.",
    }[published["matches_article"]]
    return Section(
        "As published, and with the sign mended",
        [
            matched,
            (
                "The program, as re-posted in public, adds its penalty to a gradient that it then"
                " follows uphill. So the penalty has the wrong sign: it makes weights grow. After"
                " 500 epochs the sum of squared weights is"
                f" {number(sign['weight_squares']['none'])} without a penalty,"
                f" {number(sign['weight_squares']['published'])} with the penalty as published and"
                f" {number(sign['weight_squares']['mended'])} with its sign mended."
            ),
            (
                f"One of {none['n_test']} test items is worth {100 / none['n_test']:.1f} points. On"
                f" 2,000 new items the accuracy is {percent(none['fresh_accuracy'])} without a"
                f" penalty, {percent(wrong['fresh_accuracy'])} with the published sign and"
                f" {percent(mended['fresh_accuracy'])} with the mended sign."
            ),
        ],
        [_published_table(result)],
        [
            (
                "sign",
                "The sum of all squared weights, epoch by epoch. A penalty should make it smaller.",
            )
        ],
    )


def _honest(result):
    honest = result["honest"]
    head = [
        "penalty",
        "strength (range)",
        "training items",
        "new items",
        "gain in points",
        "sum of squared weights",
    ]
    tables = [
        Table(f"By {words}", head, [_learner_row(row) for row in honest[name]["rows"].values()])
        for name, words in LEARNERS.items()
    ]
    tables.append(_hindsight_table(honest))
    return Section(
        "On fresh data",
        [
            (
                f"There are {honest['n_replicates']} fresh training sets of {honest['n_train']}"
                f" items and one test set of {honest['n_test']:,}. Five-fold cross-validation"
                " inside each training set chooses the strength. A gain is the accuracy on new"
                " items minus that of the same learner without a penalty on the same training set,"
                " with its 95 % interval over training sets. Accuracies are means, and sums of"
                " squared weights are medians. The engine's weights are those of standardised"
                " inputs."
            ),
        ],
        tables,
        [
            ("gains", "Where an interval reaches left of 0, it is open whether there is a gain."),
            (
                "strengths",
                "Mean accuracy over the training sets against the strength of the penalty.",
            ),
            (
                "weights",
                (
                    "Weights of all training sets, on a logarithmic scale. The outermost bars hold"
                    " everything beyond them. Exact zeros are shown separately, in red."
                ),
            ),
        ],
    )


def _hindsight_table(honest):
    head = [
        "penalty",
        "best strength",
        "new items",
        "chosen less best, points",
        "allowed",
        "within",
    ]
    rows = []
    for name, words in LEARNERS.items():
        for penalty in ("l2", "l1"):
            fixed = honest[name]["rows"][penalty]["best_fixed"]
            rows.append(
                [
                    f"{NAMES[penalty]}, {words}",
                    number(fixed["strength"]),
                    percent(fixed["test_accuracy"]),
                    points(fixed["chosen_minus_best"]),
                    f"{100 * fixed['allowed']:.1f}",
                    "yes" if fixed["within"] else "no",
                ]
            )
    caption = "The strength chosen by cross-validation against the best fixed strength in hindsight"
    return Table(caption, head, rows)


def _learner_row(row):
    name = row["penalty"]
    low = row["strength_low"]
    high = row["strength_high"]
    chosen = number(row["strength"])
    if low != high:
        chosen += f" ({number(low)} to {number(high)})"
    if name == BASELINE:
        chosen = "-"
    return [
        NAMES[name],
        chosen,
        percent(row["train_accuracy"]),
        percent(row["test_accuracy"]),
        points(row["gain"]),
        number(row["weight_squares"]),
    ]


def _pruning(result):
    pruning = result["pruning"]
    rules = {"min": "least loss", "1se": "one SE"}
    rows = [
        [
            NAMES[row["penalty"]],
            rules[row["selection"]],
            f"{row['n_train']:,}",
            _with_error(row["noise_removed"]),
            _with_error(row["real_lost"]),
            f"{row['in_hindsight']:.1f}",
            f"{row['zero_weights']:.1f} of {row['n_weights']}",
            percent(row["test_accuracy"]),
        ]
        for row in pruning["rows"]
    ]
    head = [
        "penalty",
        "choice",
        "training items",
        "noise removed",
        "real lost",
        "in hindsight",
        "zero weights",
        "new items",
    ]
    return Section(
        "Does L1 prune?",
        [
            (
                f"The engine fits the same data with {pruning['n_noise']} noise predictors after"
                " the ten real ones. A predictor is removed when all its weights are exactly zero."
                " The table shows means over the training sets and their standard errors. The"
                " column in hindsight shows the most noise predictors that any strength of the"
                " path removes at the price of at most one real one."
            ),
        ],
        [Table(f"Of {pruning['n_noise']} noise predictors and ten real ones", head, rows)],
        [
            (
                "pruning",
                (
                    f"How often each predictor is kept, with {result['honest']['n_train']} training"
                    " items."
                ),
            )
        ],
    )


def _with_error(value):
    return f"{value['diff']:.1f} ± {value['se']:.1f}"


def _claims(result):
    return Section(
        "What the article says, and what the runs show",
        [
            f"{one['claim'].rstrip('.')}: {VERDICTS[one['holds']]}. {one['finding']}"
            for one in result["sentences"]
        ],
        [],
        [],
    )
