"""The one exception for input that cannot be used: its message says what is wrong and what to do."""


class TableError(ValueError):
    """The data, or what was asked of them, is at fault; the message is one line for the user."""
