"""This room knows other libraries' models, which stand beside ours in a comparison.

It hands on what they say of the outer folds, in the form that our own fits have, so that one kind
of interval serves all. It never sees a network, a penalty or a sentence of the verdict.
"""
