"""This room knows many chains: folds, the chains without them, and what rules choose on them.

It hands on fits whose scores come from rows that neither their training nor their choice has seen.
It never sees a sentence, an estimator or a file.
"""
