"""This room knows how a fitted model is kept: as a model file, an ONNX file, or an equation.

It hands on files, and a `FittedModel` that predicts with NumPy and pandas alone. It never sees the
training rows, the optimiser or JAX.
"""
