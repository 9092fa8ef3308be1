"""Names of columns: which are given twice, and which was meant by one that is not there."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

from tautnet.tables.errors import TableError

__all__ = ["check_distinct", "did_you_mean", "lacking", "meant"]

# Names that a message lists.
SHOWN = 10
# Beyond so many names only those that differ in case and spaces are looked for: to compare each
# with each takes long.
MOST_COMPARED = 1000


def check_distinct(names: Sequence[str], table: str = "", hint: str = "rename them") -> None:
    """Raise where two columns have the same name.

    Parameters
    ----------
    names : sequence of str
    table : str
        What to call the table in the message, or nothing.
    hint : str
        What to do.

    Examples
    --------
    >>> from tautnet.tables.names import check_distinct
    >>> check_distinct(["age", "size"])
    """
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for name in names:
        if name in seen:
            repeated[name] = None
        seen.add(name)
    what = f"{table} has columns of the same name" if table else "columns of the same name"
    raise TableError(f"{what}: {_listed(list(repeated))}; {hint}")


def lacking(what: str, absent: Sequence[str], present: Iterable[str]) -> str:
    """Return what to say of names that a table lacks, and what may be meant by them.

    Parameters
    ----------
    what : str
        What lacks what.
    absent : sequence of str
        At least one.
    present : iterable of str
        Names of the columns that there are.

    Examples
    --------
    >>> from tautnet.tables.names import lacking
    >>> lacking("t.csv lacks 2 predictors", ["a", "size"], ["A", "y"])
    "t.csv lacks 2 predictors: 'a' (did you mean 'A'?), 'size'"
    """
    names = list(present)
    shown = [f"{name!r}{did_you_mean(name, names)}" for name in absent[:SHOWN]]
    return f"{what}: {', '.join(shown)}{', ...' if len(absent) > SHOWN else ''}"


def meant(name: str, columns: Collection[str], n: int = 1) -> list[str]:
    """Return the columns that may be meant by a name that is none of them, the likeliest first.

    Parameters
    ----------
    name : str
    columns : collection of str
    n : int
        How many at most.

    Examples
    --------
    >>> from tautnet.tables.names import meant
    >>> meant("Survived", ["sex", " survived", "survival"], n=3)
    [' survived', 'survival']
    """
    by_plain: dict[str, str] = {}
    for column in columns:
        by_plain.setdefault(_plain(column), column)
    wanted = _plain(name)
    same = [by_plain[wanted]] if wanted in by_plain else []
    if len(columns) > MOST_COMPARED:
        return same
    near = difflib.get_close_matches(wanted, by_plain, n=n)
    return list(dict.fromkeys([*same, *(by_plain[one] for one in near)]))[:n]


def _plain(name: str) -> str:
    """Return a name without what is easily mistyped."""
    return " ".join(name.split()).casefold()


def did_you_mean(
    name: str, names: Collection[str], others: Mapping[str, str] | None = None, n: int = 1
) -> str:
    """Return what to say behind a name that is none of some: what may be meant, or nothing.

    Parameters
    ----------
    name : str
    names : collection of str
        Those that there are.
    others : dict, optional
        What else they are called -> their name.
    n : int
        How many are said at most.

    Examples
    --------
    >>> from tautnet.tables.names import did_you_mean
    >>> did_you_mean("L2", ["l1", "l2"]), did_you_mean("Ridge", ["l1", "l2"], {"ridge": "l2"})
    (" (did you mean 'l2'?)", " (did you mean 'l2'?)")
    """
    others = others or {}
    called = [others.get(one, one) for one in meant(name, [*others, *names], n)]
    likely = dict.fromkeys(one for one in called if one in names)
    return f" (did you mean {' or '.join(map(repr, likely))}?)" if likely else ""


def _listed(names: list[str]) -> str:
    more = ", ..." if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more
