"""The texts of one column become numbers, truth values, or text with NaN for missing cells."""

import re

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Cells, Floats, Integers
from tautnet.tables.errors import TableError
from tautnet.tables.missing import PLACEHOLDERS

__all__ = ["marking_numbers", "parse_column", "parse_numbers"]

_CODE = re.compile(r"[A-Za-z]+[-_ ]?[0-9]\w*")
_THOUSANDS = {
    ".": re.compile(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"),
    ",": re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?"),
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_TRUTH = {"true": True, "false": False}


def parse_column(
    name: str, cells: Cells, markers: frozenset[str], decimal: str, delimiter: str
) -> Cells:
    """Turn the text cells of one column into numbers, booleans, or text with NaN for missing.

    Parameters
    ----------
    name : str
        What to call the column in messages.
    cells : array of str
    markers : set of str
        Texts that are read as missing.
    decimal : {".", ","}
        The decimal mark.
    delimiter : str
        What parts the columns of the file.

    Raises
    ------
    TableError
        Where a column is plainly meant to be numbers, and does not read as such.

    Examples
    --------
    >>> cells = np.array(["00123", "94110", "NA"], dtype=object)
    >>> parse_column("zip", cells, frozenset({"NA"}), ".", ",")
    array(['00123', '94110', nan], dtype=object)
    """
    codes, texts = pd.factorize(cells)
    tokens = np.array([text.strip() for text in texts], dtype=object)
    missing = np.array([token in markers for token in tokens])
    numbers = _to_numbers(tokens, missing, decimal)
    if numbers is not None:
        marking = marking_numbers(markers, decimal)
        # Where -200 means missing, -200.0 does.
        is_marking = np.isin(numbers, marking)
        if is_marking.any():
            numbers = np.where(is_marking, np.nan, numbers)
        return _exact(tokens, numbers)[codes]
    present = tokens[~missing]
    counts = np.bincount(codes, minlength=len(tokens))[~missing]
    _check_strays(name, present, counts, decimal)
    _check_commas(name, present, counts, decimal, delimiter)
    is_truth = {token.lower() for token in present} <= _TRUTH.keys()
    if is_truth:
        tokens[~missing] = [_TRUTH[token.lower()] for token in present]
    if is_truth and not missing.any():
        return tokens[codes].astype(bool)
    tokens[missing] = np.nan
    return tokens[codes]


def _to_numbers(tokens: Cells, missing: Booleans, decimal: str) -> Floats | Integers | None:
    """Return the numbers that the tokens spell, or None where one spells no number.

    A number with leading zeros, such as 00123, is a code and no number.
    """
    present = tokens[~missing]
    if any(_is_zero_led(token) for token in present):
        return None
    parsed = parse_numbers(present, decimal)
    if np.isnan(parsed).any():
        return None
    if not missing.any():
        return parsed
    numbers = np.full(len(tokens), np.nan)
    numbers[~missing] = parsed
    return numbers


def _exact(tokens: Cells, numbers: Floats | Integers) -> Cells:
    """Return numbers with the integers among them that float64 may not hold as what they are."""
    large = np.abs(numbers) > 2**53
    if numbers.dtype.kind in "iu" or not large.any():
        return numbers
    exact = numbers.astype(object)
    for i in np.flatnonzero(large):
        if _INTEGER.fullmatch(tokens[i]):
            exact[i] = int(tokens[i])
    return exact if any(isinstance(one, int) for one in exact) else numbers


def _is_number(tokens: Cells, decimal: str) -> Booleans:
    """Tell which tokens are numbers."""
    return ~np.isnan(parse_numbers(tokens, decimal).astype(np.float64))


def _is_zero_led(token: str) -> bool:
    """Tell whether a token is a code of digits that begins with 0."""
    return len(token) > 1 and token[0] == "0" and token.isdigit()


def parse_numbers(tokens: Cells, decimal: str) -> Floats | Integers:
    """Parse each token as a number, NaN where it is none.

    Parameters
    ----------
    tokens : array of str
    decimal : {".", ","}
        The decimal mark.

    Returns
    -------
    array of int or float

    Examples
    --------
    >>> parse_numbers(np.array(["1,5", "1.5"], dtype=object), ",")
    array([1.5, nan])
    """
    if decimal == ",":
        tokens = np.array(
            ["" if "." in token else token.replace(",", ".") for token in tokens], dtype=object
        )
    parsed = pd.to_numeric(tokens, errors="coerce")
    # Integers beyond 64 bits come back as objects.
    return parsed.astype(np.float64) if parsed.dtype.kind not in "if" else parsed


def marking_numbers(markers: frozenset[str], decimal: str) -> Floats:
    """Return the numbers among the texts that are read as missing.

    Parameters
    ----------
    markers : set of str
    decimal : {".", ","}
        The decimal mark.

    Returns
    -------
    array of float

    Examples
    --------
    >>> marking_numbers(frozenset({"NA", "-999"}), ".")
    array([-999.])
    """
    texts = np.array([text for text in sorted(markers) if not _is_zero_led(text)], dtype=object)
    numbers = parse_numbers(texts, decimal).astype(np.float64)
    return numbers[~np.isnan(numbers)]


def _check_strays(name: str, tokens: Cells, counts: Integers, decimal: str) -> None:
    """Raise where a column is plainly meant to be numbers, and say what to pass."""
    if any(_is_zero_led(token) for token in tokens):
        return
    numeric = _is_number(tokens, decimal)
    strays = tokens[~numeric]
    total = counts.sum()
    n_strays = counts[~numeric].sum()
    if total < 10 or 2 * n_strays > total:
        return
    if not all(token.lower() in PLACEHOLDERS for token in strays):
        is_rare = 10 * n_strays <= total and len(strays) <= 10
        if not is_rare or _are_codes(strays, len(tokens)):
            return
    cells = "1 cell" if n_strays == 1 else f"{n_strays} cells"
    listed = ", ".join(map(repr, strays))
    markers = " ".join(f'--na "{token}"' for token in strays)
    what = f"column {name!r} holds numbers but for {cells} ({listed})"
    raise TableError(f"{what}: pass {markers} to read as missing")


def _are_codes(strays: Cells, n_distinct: int) -> bool:
    """Tell whether texts among numbers are codes, not mistakes.

    '3+' or 'A12' beside a few distinct numbers is a code, and so is 'A12' beside many.
    """
    have_digits = all(any(map(str.isdigit, token)) for token in strays)
    return (n_distinct <= 20 and have_digits) or all(_CODE.fullmatch(token) for token in strays)


def _check_commas(name: str, tokens: Cells, counts: Integers, decimal: str, delimiter: str) -> None:
    """Raise where numbers are written in the other notation.

    That is a decimal comma where the decimal mark is a point, the reverse, or a mark that sets
    thousands apart.
    """
    numeric = _is_number(tokens, decimal)
    total = counts.sum()
    if total < 10 or numeric.all() or any(_is_zero_led(token) for token in tokens):
        return
    odd = tokens[~numeric]
    other = "," if decimal == "." else "."
    thousands = all(_THOUSANDS[decimal].fullmatch(token) for token in odd)
    hint = "pass --decimal ," if decimal == "." else "leave out --decimal ,"
    # In a file whose delimiter is the comma, '1,2' in quotes is a list more often than a number.
    if delimiter != "," and 10 * counts[_is_number(tokens, other)].sum() >= 9 * total:
        also = f" (or remove the '{other}' if it sets thousands apart)" if thousands else ""
        raise TableError(
            f"column {name!r} has '{other}' as decimal mark, as in {odd[0]!r}: {hint}{also}"
        )
    if thousands:
        raise TableError(
            f"column {name!r} sets thousands apart, as in {odd[0]!r}: remove the '{other}'"
        )
