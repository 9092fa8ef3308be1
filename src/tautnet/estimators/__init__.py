"""This room knows the conventions of scikit-learn: parameters, fit, predict, score, tags.

It hands on fitted estimators, whose attributes are NumPy arrays, and checks what its callers are
given. It never sees a gradient, a page or a command.
"""
