"""This room knows which predictors count: draws of predictors, tests, p-values, halves of rows.

It hands on p-values and frequencies, as plain numbers. It never sees a sentence, an estimator or a
file.
"""
