"""The path explained: one network at every strength of its penalty, from over-fitted to null.

At the left of both panels the penalty is too weak to matter, at the right it has taken every
predictor out and the prediction is a constant. In between lies what one wants, and cross-validation
says where.

    python examples/path_explained.py [PICTURE]
"""

# %%
import sys

import matplotlib.pyplot as plt

import tautnet as tn

table = tn.datasets.friedman1(n_rows=256, n_noise=7, seed=1)
X = table.frame.drop(columns=table.target)
y = table.frame[table.target]
model = tn.TautNetRegressorCV("group", hidden_layer_sizes=(20,), random_state=0).fit(X, y)

# %%
# The path as numbers, one row a strength. In a notebook, `model.path_` shows itself.
print(model.path_.frame().iloc[::12].to_string())

# %%
# Three strengths by name: the least loss, the most regularised within one standard error of it, and
# that of any number of predictors that one can afford to measure.
three = tn.TautNetRegressorCV("group", selection=3, hidden_layer_sizes=(20,), random_state=0)
three.fit(X, y)
print(f"least loss: alpha {model.alpha_min_:.3g}")
print(f"1se: alpha {model.alpha_1se_:.3g}")
print(f"three predictors: alpha {three.alpha_:.3g}")

# %%
# Loss on rows seen and on new rows, and the size of each predictor's weights.
figure, (above, below) = plt.subplots(2, figsize=(7, 6.4), dpi=80, layout="constrained")
tn.CVDisplay.from_estimator(model).plot(above)
tn.PathDisplay.from_estimator(model).plot(below)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "path_explained.png")
