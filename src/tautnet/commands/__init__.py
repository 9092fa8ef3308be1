"""The commands, one a file. `tautnet.cli` gathers them.

Nothing heavy is imported before a command runs.
"""
