"""This room knows what fits will cost: timed steps, and what fits into a limit.

It hands on the arguments of a comparison. It never sees a result, a sentence or a file.
"""
