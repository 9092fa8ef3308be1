"""Sentences, from numbers alone."""
