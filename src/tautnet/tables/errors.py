"""Exceptions for input that cannot be used; each message says what is wrong and what to do."""


class TableError(ValueError):
    """The data, or what was asked of them, is at fault; the message is one line for the user."""


class ModelFileError(TableError):
    """A model file cannot be trusted, or a model cannot be kept in one; the message is one line."""
