"""One chain: from rows to a path."""
