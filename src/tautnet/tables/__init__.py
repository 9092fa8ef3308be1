"""This room knows tables: files of rows, column kinds, category levels, missing cells and targets.

It hands on plain NumPy arrays: an encoded matrix, an encoded target and row weights. It never sees
a network, a penalty or a fitted model, and imports neither JAX nor scikit-learn on its own.
"""
