"""Which texts in a cell mean that it is missing."""

from collections.abc import Iterable

MISSING_MARKERS = frozenset(
    {
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
    }
)
"""Cells read as missing, besides those of ``na``: pandas' own list."""

# Words that people write for "missing". They are taken for strays among numbers whatever their
# share, other words only where nine cells in ten are numbers.
PLACEHOLDERS = {
    "?",
    "-",
    "--",
    ".",
    "*",
    "missing",
    "unknown",
    "none",
    "na",
    "n.a.",
    "nil",
    "not available",
    "0000-00-00",
    "0000-00-00 00:00:00",
    "00/00/0000",
}


def missing_markers(na: str | Iterable[str]) -> frozenset[str]:
    """Return all texts that are read as missing: `MISSING_MARKERS` and those of ``na``."""
    more = [na] if isinstance(na, str) else na
    return MISSING_MARKERS.union(marker.strip() for marker in more)
