"""What is typed: a file a command, gathered in `tautnet.cli`; nothing heavy is imported before one
runs.
"""
