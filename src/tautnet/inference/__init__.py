"""This room knows how sure numbers are: a study of several fits, intervals, orders of exit.

It hands on the rows of a comparison and all that a report draws, as plain numbers. It never sees a
sentence, an estimator or a file.
"""
