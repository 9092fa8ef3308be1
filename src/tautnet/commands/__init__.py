"""The commands, one a file. `tautnet.commands.app` gathers them.

Nothing heavy is imported before a command runs.
"""
