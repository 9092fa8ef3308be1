"""This room knows which predictors may stay: orders of them, and refits on the first of each.

It hands on fits, as the room before it does, of few predictors. It never sees a sentence, an
estimator or a file.
"""
