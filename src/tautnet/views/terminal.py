"""A finished comparison or selection as text, in colour on a terminal and plain in a pipe."""

import textwrap
from typing import NamedTuple

from tautnet.prose.networks import networks_in_words
from tautnet.prose.words import shown_name
from tautnet.views.cells import figure, readable
from tautnet.views.columns import ALL, columns_of, usual_columns
from tautnet.views.older import upgraded
from tautnet.views.standing import BOOSTING, CHOSEN, LINEAR, RECOMMENDED, marks, named_rows

# Characters of the widest table.
WIDEST = 140
# Characters of a line of sentences, which are hard to read where they are longer.
WIDTH = 100
# Predictors of a selection that are shown below those selected.
NEXT = 5
# Characters that are shown of the name of a predictor.
LONGEST = 40
STAR = "* "
PLUS = "+ "
# What starts the name of a row.
SIGNS = {RECOMMENDED: STAR}
SPACE = "  "


class Strip(NamedTuple):
    """One column as text.

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


def print_comparison(result, sentences, console, asked=None):
    """Print the table of a comparison and its verdict.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.
    sentences : list of str
        The verdict, sentence by sentence.
    console : rich.console.Console
        Where it is not a terminal, plain lines without escapes are printed.
    asked : list of str, optional
        Names of columns to show, or "all"; they are shown at any width. By default, the usual ones
        that fit.
    """
    result = upgraded(result)
    page = _Page(console)
    page.title(result)
    names = Strip("  penalty", _names(result))
    wanted = usual_columns(result) if asked is None else _asked(result, asked)
    rows = [row for _, row in named_rows(result)]
    strips = [Strip(column.head, [column.text(row) for row in rows]) for column in wanted]
    n_penalties = len(result["rows"])
    width = min(console.width, WIDEST) if page.rich_output else WIDTH
    space = SPACE if asked else _space(names, strips, width)
    blocks = _blocks(names, strips, width, space)
    if asked is None:
        blocks = blocks[:1]
    shown = sum(map(len, blocks))
    for block in blocks:
        rule = "─" if page.rich_output else "-"
        for line, style in _table([names, *block], n_penalties, space, rule):
            page.say(line, style)
        page.say("")
    for note in _notes(result, wanted[:shown], wanted[shown:], asked):
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
    signs = [STAR] * n_selected + [SPACE] * (len(shown) - n_selected)
    names = [readable(one["name"])[:LONGEST] for one in shown]
    columns = [
        Strip("  predictor", [sign + name for sign, name in zip(signs, names, strict=True)]),
        Strip(key.replace("_", "-"), [figure(one[key]) for one in shown]),
        Strip("leaves at alpha", [figure(one["exit_alpha"]) for one in shown]),
        Strip("norm", [figure(one["norm"]) for one in shown]),
    ]
    widths = [column.width for column in columns]
    yield aligned([column.head for column in columns], widths, "  "), "bold"
    for i, sign in enumerate(signs):
        cells = [column.cells[i] for column in columns]
        yield aligned(cells, widths, "  "), "bold green" if sign == STAR else ""


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


def _names(result):
    """The names of the rows, with a sign before those that are marked."""
    marked = marks(result)
    signs = {name: SIGNS.get(word, PLUS) for name, word in marked.items()}
    return [
        f"{signs.get(name, SPACE)}{readable(shown_name(name))}" for name, _ in named_rows(result)
    ]


def _asked(result, names):
    """The columns that are asked for, in the order of the table or of the names."""
    there = {column.key: column for column in columns_of(result)}
    if ALL in names:
        return list(there.values())
    return [there[name] for name in names if name in there]


def _space(names, strips, width):
    """What parts columns: less where there is little room, if that shows more of them."""

    def n_shown(space):
        return len(_blocks(names, strips, width, space)[0])

    return " " if n_shown(" ") > n_shown(SPACE) else SPACE


def _blocks(names, strips, width, space):
    """Columns in as few tables as fit, one below the other; the first holds the first columns.

    One that is too wide for any window stands alone.
    """
    blocks = [[]]
    for strip in strips:
        own = [names, *blocks[-1], strip]
        total = sum(one.width for one in own) + len(space) * (len(own) - 1)
        if total > width and blocks[-1]:
            blocks.append([])
        blocks[-1].append(strip)
    return blocks


def _table(strips, n_penalties, space, rule):
    """Lines of the table, each with its style."""
    widths = [strip.width for strip in strips]
    total = sum(widths) + len(space) * (len(widths) - 1)

    def line(cells):
        return aligned(cells, widths, space).rstrip()

    heads = [strip.head.split("\n") for strip in strips]
    yield line([head[0] if len(head) > 1 else "" for head in heads]), "bold"
    yield line([head[-1] for head in heads]), "bold"
    yield rule * total, "dim"
    for i, name in enumerate(strips[0].cells):
        if i == n_penalties:
            yield rule * total, "dim"
        style = "bold green" if name.startswith((STAR, PLUS)) else ""
        yield line([strip.cells[i] for strip in strips]), style


def _notes(result, shown, left_out, asked):
    """What marks, columns and rows mean, of those that are there, and what is not there."""
    meanings = [column.meaning for column in shown if column.meaning]
    yield " ".join([*_marks_in_words(result), *meanings])
    chosen = readable(shown_name(result["chosen"]["penalty"]))
    rows = [f"{LINEAR}: no hidden layer, under l2 (ridge regression, or logistic)."]
    if result["boosting"] is None:
        rows.append(f"No row of {BOOSTING}: {readable(result['boosting_reason'])}.")
    else:
        rows.append(f"{BOOSTING}: scikit-learn's gradient-boosted trees.")
    rows.append(
        f"{CHOSEN}: each training part chooses its own penalty, so that no luck is in the choice;"
        f" all rows choose {chosen}."
    )
    yield " ".join(rows)
    networks = networks_in_words(result)
    if networks:
        yield readable(networks)
    if left_out:
        names = ", ".join(column.name for column in left_out)
        yield f"Left out for width: {names}; --columns all shows them."
    there = {column.key for column in shown}
    absent = [name for name in asked or [] if name != ALL and name not in there]
    if absent:
        yield f"Not there for this {result['task']}: {', '.join(absent)}."


def _marks_in_words(result):
    """What the signs before names mean."""
    for word in marks(result).values():
        if word == RECOMMENDED:
            yield f"{STAR}{word}."
        else:
            yield f"{PLUS}what this run delivers."
