"""A finished comparison or selection as text, in colour on a terminal and plain in a pipe."""

import textwrap
import unicodedata
from typing import NamedTuple

from tautnet.objective.registry import BASELINE
from tautnet.prose.verdict import to_use
from tautnet.prose.words import number

# Characters of the widest table.
WIDEST = 120
# Characters of a line of sentences, which are hard to read where they are longer.
WIDTH = 100
# Predictors of a selection that are shown below those selected.
NEXT = 5
# Characters that are shown of the name of a predictor.
LONGEST = 40
STAR = "* "
DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# Index of the column of gains.
GAIN = 4
# Columns to leave out where a window is narrow, the first one first.
DISPENSABLE = ("station-\narity", "zero\nweights", "score", "train\nloss", "alpha")


class Column(NamedTuple):
    """One column of the table.

    Attributes
    ----------
    head : str
        One or two lines.
    cells : list of str
    """

    head: str
    cells: list

    @property
    def width(self):
        """Characters that the widest line needs."""
        return max(len(line) for line in [*self.head.split("\n"), *self.cells])


def readable(text):
    """A stranger's text on one line, without characters that move the cursor or turn the direction.

    Examples
    --------
    >>> readable("a\\tb\\x1b[31m"), readable("price $")
    ('a b\ufffd[31m', 'price $')
    """
    return "".join(_readable_character(character) for character in str(text))


def _readable_character(character):
    category = unicodedata.category(character)
    if character.isspace() or category in ("Zl", "Zp"):
        return " "
    return "\ufffd" if category in ("Cc", "Cs") or character in DIRECTION_MARKS else character


def figure(value):
    """A number for a table, and a dash where there is none.

    Examples
    --------
    >>> figure(0.071434), figure(None)
    ('0.0714', '-')
    """
    return "-" if value is None else number(value)


def gain(versus):
    """A difference of losses with its interval, and a dash where there is none.

    Examples
    --------
    >>> gain({"diff": 0.7271, "ci_low": 0.2668, "ci_high": 1.187, "p_holm": 0.01})
    '0.727 (0.267, 1.19)'
    """
    if versus is None or versus["diff"] is None:
        return "-"
    return f"{figure(versus['diff'])} ({figure(versus['ci_low'])}, {figure(versus['ci_high'])})"


def gain_key(result):
    """What gains are measured against: the network without a penalty, else the constant.

    Returns
    -------
    key, name : str
        The key in each row, and what to call it.
    """
    has_none = any(row["penalty"] == BASELINE for row in result["rows"])
    return ("vs_none", BASELINE) if has_none else ("vs_null", "constant")


def print_comparison(result, sentences, console):
    """Print the table of a comparison and its verdict.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.
    sentences : list of str
        The verdict, sentence by sentence.
    console : rich.console.Console
        Where it is not a terminal, plain lines without escapes are printed.
    """
    page = _Page(console)
    page.title(result)
    table_width = min(console.width, WIDEST) if page.rich_output else WIDTH
    plus_minus = "±" if console.encoding.lower().startswith("utf") else "+-"
    columns, space = _fit(_columns(result, plus_minus), result, table_width)
    for line, style in _table(result, columns, space, "─" if page.rich_output else "-"):
        page.say(line, style)
    page.say("")
    for note in _notes(result, {column.head for column in columns}):
        page.paragraph(note, "dim")
    page.say("")
    page.sentences(sentences)


def print_selection(result, sentences, console):
    """Print the predictors selected, those that come next, and the verdict.

    Parameters
    ----------
    result : dict
        The object that ``select --json`` prints.
    sentences, console
        As in `print_comparison`.
    """
    page = _Page(console)
    page.title(result)
    for line, style in _selection_table(result):
        page.say(line, style)
    page.say("")
    seconds = f"{result['seconds']:.1f}"
    path_seconds = f"{result['path_seconds']:.1f}"
    page.paragraph(f"* selected. {seconds} seconds, of which the paths took {path_seconds}.", "dim")
    page.say("")
    page.sentences(sentences)


def _selection_table(result):
    """Lines of the table of a selection, each with its style."""
    key = "p_value" if result["method"] == "randomization" else "frequency"
    shown, n_selected = _shown_predictors(result, key)
    marks = [STAR] * n_selected + ["  "] * (len(shown) - n_selected)
    names = [readable(one["name"])[:LONGEST] for one in shown]
    columns = [
        Column("  predictor", [mark + name for mark, name in zip(marks, names, strict=True)]),
        Column(key.replace("_", "-"), [figure(one[key]) for one in shown]),
        Column("leaves at alpha", [figure(one["exit_alpha"]) for one in shown]),
        Column("norm", [figure(one["norm"]) for one in shown]),
    ]
    widths = [column.width for column in columns]
    yield aligned([column.head for column in columns], widths, "  "), "bold"
    for i, mark in enumerate(marks):
        cells = [column.cells[i] for column in columns]
        yield aligned(cells, widths, "  "), "bold green" if mark == STAR else ""


def _shown_predictors(result, key):
    """Predictors of a selection that are shown, and how many of them are selected: those first."""
    names = set(result["selected"])
    selected = [one for one in result["predictors"] if one["name"] in names]
    others = [one for one in result["predictors"] if one["name"] not in names]
    # Those that no network uses, or no half counts, have nothing to show.
    telling = [one for one in others if one[key] not in (0, 1)]
    return selected + telling[:NEXT], len(selected)


def aligned(cells, widths, space):
    """Cells of one line of a table, the first at the left of its column, the others at the right.

    Examples
    --------
    >>> aligned(["a", "b"], [3, 3], "  ")
    'a      b'
    """
    first, *others = zip(cells, widths, strict=True)
    cell, width = first
    return space.join([cell.ljust(width), *(cell.rjust(width) for cell, width in others)])


class _Page:
    """Lines for a console: wrapped and in colour on a terminal, whole and plain in a pipe."""

    def __init__(self, console):
        self.console = console
        self.rich_output = console.is_terminal
        self.width = min(console.width, WIDTH) if console.is_terminal else WIDTH

    def say(self, line, style=""):
        """Print a line as it is: wrapping is done here, since a pipe has no width."""
        from rich.text import Text

        self.console.print(Text(line, style=style if self.rich_output else ""), soft_wrap=True)

    def paragraph(self, text, style=""):
        """Print a text in lines that fit."""
        for line in textwrap.wrap(text, self.width):
            self.say(line, style)

    def title(self, result):
        """Print what the table is."""
        self.paragraph(_title(result), "bold")
        self.say("")

    def sentences(self, sentences):
        """Print sentences, each with a dash before it."""
        for sentence in map(readable, sentences):
            lines = textwrap.wrap(sentence, self.width - 2) if self.rich_output else [sentence]
            for i, line in enumerate(lines):
                self.say(("- " if i == 0 else "  ") + line)


def _title(result):
    return readable(
        f"{result['data']}: {result['target']} ({result['task']}, {result['n_rows']:,} rows, "
        f"{result['n_predictors']:,} predictors)"
    )


def _notes(result, heads):
    """What marks and columns mean, of those that are there."""
    chosen = readable(result["chosen"]["penalty"])
    meanings = {
        "score": f"Score: {result['linear']['score_name']}.",
        "kept": "Kept: predictors.",
        "station-\narity": "Stationarity: 0 is solved, 1 not begun.",
    }
    shown = [meaning for head, meaning in meanings.items() if head in heads]
    marks = f"{_star(result)}Loss: {result['metric']}. Gain: fall in loss, 95 % interval."
    rows = (
        "linear: no hidden layer, under l2. chosen: each outer fold chooses its penalty too"
        f" (all rows: {chosen})."
    )
    return [" ".join([marks, *shown]), rows]


def _star(result):
    """What the star means, where there is one."""
    use = to_use(result)
    if use is None:
        return ""
    if use == result["recommended"]:
        return "* recommended. "
    return f"* recommended (of the networks: {readable(result['recommended'])}). "


def _table(result, columns, space, rule):
    """Lines of the table, each with its style."""
    widths = [column.width for column in columns]
    total = sum(widths) + len(space) * (len(widths) - 1)

    def line(cells):
        return aligned(cells, widths, space).rstrip()

    heads = [column.head.split("\n") for column in columns]
    yield line([head[0] if len(head) > 1 else "" for head in heads]), "bold"
    yield line([head[-1] for head in heads]), "bold"
    yield rule * total, "dim"
    for i, name in enumerate(columns[0].cells):
        if i == len(result["rows"]):
            yield rule * total, "dim"
        style = "bold green" if name.startswith(STAR) else ""
        yield line([column.cells[i] for column in columns]), style


def _columns(result, plus_minus):
    """All columns of the table of a comparison."""
    rows = [*result["rows"], result["linear"], result["null"], result["chosen"]]
    use = to_use(result)
    names = [*(row["penalty"] for row in result["rows"]), "linear", "constant", "chosen"]
    names = [f"{STAR if name == use else '  '}{readable(name)}" for name in names]
    key, against = gain_key(result)
    column = {
        "  penalty": names,
        "alpha": [figure(row.get("alpha")) for row in rows],
        "test\nloss": [_with_error(row, plus_minus) for row in rows],
        "train\nloss": [figure(row.get("train_loss")) for row in rows],
        f"gain over {against}\n(interval)": [gain(row.get(key)) for row in rows],
        "score": [_score(row.get("test_score")) for row in rows],
        "kept": [_share(row, "predictors_kept", "predictors_total") for row in rows],
        "zero\nweights": [_share(row, "zero_weights", "n_weights") for row in rows],
        "station-\narity": [figure(row.get("stationarity")) for row in rows],
    }
    return [Column(head, cells) for head, cells in column.items()]


def _fit(columns, result, width):
    """Columns that fit, and the space between them.

    Where there is little room, zero weights become percentages, then there is less space, then
    there are fewer columns.
    """

    def fits(columns, space):
        return sum(column.width for column in columns) + len(space) * (len(columns) - 1) <= width

    if not fits(columns, "  "):
        rows = [*result["rows"], result["linear"], result["null"], result["chosen"]]
        percent = Column("zero\nweights", [_percent(row) for row in rows])
        shorter = [percent if column.head == percent.head else column for column in columns]
        # Counts say more, so they stay where percentages would win no room.
        if fits(shorter, "  ") or not fits(columns, " "):
            columns = shorter
    for head in (*DISPENSABLE, "kept", columns[GAIN].head):
        if not fits(columns, " "):
            columns = [column for column in columns if column.head != head]
    return columns, "  " if fits(columns, "  ") else " "


def _with_error(row, plus_minus):
    if row.get("test_loss_se") is None:
        return figure(row["test_loss"])
    return f"{figure(row['test_loss'])} {plus_minus} {two_digits(row['test_loss_se'])}"


def two_digits(value):
    """A standard error for a table: more digits than two would say nothing.

    Examples
    --------
    >>> two_digits(0.01976), two_digits(None)
    ('0.02', '-')
    """
    return "-" if value is None else number(float(f"{value:.2g}"))


def _score(value):
    return "-" if value is None else f"{value:.3f}"


def _share(row, part, whole):
    return "-" if row.get(part) is None else f"{row[part]:,} / {row[whole]:,}"


def _percent(row):
    if row.get("zero_weights") is None:
        return "-"
    zero = row["zero_weights"]
    total = row["n_weights"]
    share = 100 * zero / total
    # Rounding must not turn a few into none, nor nearly all into all.
    if zero not in (0, total):
        share = min(max(share, 0.1), 99.9)
    return f"{share:.1f} %"
