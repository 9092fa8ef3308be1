"""A finished comparison as text: a table and the verdict, in colour on a terminal and plain in a
pipe.
"""

import textwrap
import unicodedata
from typing import NamedTuple

from tautnet.prose.verdict import to_use
from tautnet.prose.words import number

# Of the table, and of sentences, which are hard to read where they are longer.
WIDEST, WIDTH = 120, 100
# Of a selection: predictors shown below those selected, and the longest name.
NEXT, LONGEST = 5, 40
STAR = "* "
DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# What to leave out first where a window is narrow.
GAIN, DISPENSABLE = 4, ("station-\narity", "zero\nweights", "score", "train\nloss", "alpha")


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
    """What gains are measured against: the network without a penalty, or the constant where it is
    absent.

    Returns
    -------
    key, name : str
        The key in each row, and what to call it.
    """
    has_none = any(row["penalty"] == "none" for row in result["rows"])
    return ("vs_none", "none") if has_none else ("vs_null", "constant")


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
    key = "p_value" if result["method"] == "randomization" else "frequency"
    selected = set(result["selected"])
    # Those that no network uses, or no half counts, have nothing to show.
    telling = [p for p in result["predictors"] if p["name"] in selected or p[key] not in (0, 1)]
    shown = [p for p in telling if p["name"] in selected] + [
        p for p in telling if p["name"] not in selected
    ][:NEXT]
    names = [
        (STAR if p["name"] in selected else "  ") + readable(p["name"])[:LONGEST] for p in shown
    ]
    columns = [
        Column("  predictor", names),
        Column(key.replace("_", "-"), [figure(p[key]) for p in shown]),
        Column("leaves at alpha", [figure(p["exit_alpha"]) for p in shown]),
        Column("norm", [figure(p["norm"]) for p in shown]),
    ]
    for i in range(-1, len(shown)):
        cells = [(column.head if i < 0 else column.cells[i], column.width) for column in columns]
        style = "bold" if i < 0 else "bold green" if shown[i]["name"] in selected else ""
        (first, width), *others = cells
        page.say(
            "  ".join([first.ljust(width), *(cell.rjust(size) for cell, size in others)]), style
        )
    page.say("")
    seconds, path_seconds = result["seconds"], result["path_seconds"]
    page.paragraph(
        f"* selected. {seconds:.1f} seconds, of which the paths took {path_seconds:.1f}.", "dim"
    )
    page.say("")
    page.sentences(sentences)


class _Page:
    """Lines for a console: wrapped and in colour on a terminal, whole and plain in a pipe."""

    def __init__(self, console):
        self.console, self.rich_output = console, console.is_terminal
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
    return [
        " ".join(
            [f"{_star(result)}Loss: {result['metric']}. Gain: fall in loss, 95 % interval.", *shown]
        ),
        (
            "linear: no hidden layer, under l2. chosen: each outer fold chooses its penalty too"
            f" (all rows: {chosen})."
        ),
    ]


def _star(result):
    """What the star means, where there is one."""
    use = to_use(result)
    if use is None:
        return ""
    network = (
        f" (of the networks: {readable(result['recommended'])})"
        if use != result["recommended"]
        else ""
    )
    return f"* recommended{network}. "


def _table(result, columns, space, rule):
    """Lines of the table, each with its style."""
    widths = [column.width for column in columns]
    total = sum(widths) + len(space) * (len(widths) - 1)

    def line(cells):
        first, *others = [
            cell.ljust(size) if i == 0 else cell.rjust(size)
            for i, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ]
        return space.join([first, *others]).rstrip()

    heads = [column.head.split("\n") for column in columns]
    yield line([head[0] if len(head) > 1 else "" for head in heads]), "bold"
    yield line([head[-1] for head in heads]), "bold"
    yield rule * total, "dim"
    for i, name in enumerate(columns[0].cells):
        if i == len(result["rows"]):
            yield rule * total, "dim"
        yield (
            line([column.cells[i] for column in columns]),
            "bold green" if name.startswith(STAR) else "",
        )


def _columns(result, plus_minus):
    rows, use = (
        [*result["rows"], result["linear"], result["null"], result["chosen"]],
        to_use(result),
    )
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
    """Columns and the space between them that fit: zero weights as percentages, less space, then
    fewer columns.
    """

    def fits(columns, space):
        return sum(column.width for column in columns) + len(space) * (len(columns) - 1) <= width

    if not fits(columns, "  "):
        rows = [*result["rows"], result["linear"], result["null"], result["chosen"]]
        percent = Column("zero\nweights", [_percent(row) for row in rows])
        shorter = [percent if column.head == percent.head else column for column in columns]
        # Counts say more, where percentages would win no room.
        columns = shorter if fits(shorter, "  ") or not fits(columns, " ") else columns
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
    zero, total = row["zero_weights"], row["n_weights"]
    # Rounding must not turn a few into none, nor nearly all into all.
    share = 100 * zero / total if zero in (0, total) else min(max(100 * zero / total, 0.1), 99.9)
    return f"{share:.1f} %"
