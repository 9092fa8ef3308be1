"""This room knows one chain: from rows of an encoded table to a path of strengths.

It hands on paths: what was fitted at each strength, how well it is solved, and how the rows were
scaled. It never sees another chain, a fold or a file.
"""
