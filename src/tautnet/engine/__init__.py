"""The engine knows how work is done: programs compiled once, the loop, jobs, and the solvers.

It hands on points of problems, each with how well it is solved. It never sees a table, a fold or
the name of a penalty.
"""
