"""This room knows the ways to fit one chain: a path, a second path after a first, other trainings.

It hands on paths, whatever made them. It never sees another chain, a fold or a file.
"""
