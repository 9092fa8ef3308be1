"""This room knows how sure numbers are: intervals, tests, orders of exit, draws of predictors.

It hands on the rows of a comparison, p-values and all that a report draws, as plain numbers. It
never sees a sentence, an estimator or a file.
"""
