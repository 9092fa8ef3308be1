"""This room knows what may be said: claims with their evidence, doubts, what to recommend.

It hands on the object that a comparison prints, as plain numbers and names. It never sees a
sentence, an estimator or a file.
"""
