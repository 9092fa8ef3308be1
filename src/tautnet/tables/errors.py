"""Exceptions for input that cannot be used; each message says what is wrong and what to do."""

import re

__all__ = ["ModelFileError", "TableError", "visible"]

# Characters that a terminal obeys, that turn the direction of writing, or that are no text. A line
# may end and a tabulator may stand in what is shown.
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return a text in which escapes are shown, and which a terminal does not obey.

    Whatever a table, a model file or a name holds goes through it before a person sees it.

    Examples
    --------
    >>> print(visible("a\\x1b]0;b\\x07"), visible("price in €"))
    a\\x1b]0;b\\x07 price in €
    """
    return OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class TableError(ValueError):
    """The data, or what was asked of them, is at fault; the message is one line for the user."""

    def __init__(self, message: object = "") -> None:
        super().__init__(visible(str(message)))


class ModelFileError(TableError):
    """A model file cannot be trusted, or a model cannot be kept in one; the message is one line."""
