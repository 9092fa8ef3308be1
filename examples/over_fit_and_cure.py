"""Over-fit and cure: a network that is trained too well has large weights and fails on new rows.

Two of eight predictors matter, and only together: the class is the sign of their product. One row
in seven has the wrong label. A network without a penalty learns its 256 rows by heart, wrong labels
and all. Under L2, with the strength chosen by cross-validation, its weights stay small and it does
better on new rows.

    python examples/over_fit_and_cure.py [PICTURE]
"""

# %%
# Rows to learn from, and many new ones of the same kind to see how good it is.
import sys

import matplotlib.pyplot as plt
import numpy as np

import tautnet as tn

table = tn.datasets.xor(n_rows=256, n_noise=6, seed=0)
fresh = tn.datasets.xor(n_rows=5000, n_noise=6, seed=1)
X = table.frame.drop(columns=table.target)
y = table.frame[table.target]
y = y.where(np.random.default_rng(0).random(256) > 1 / 7, 1 - y)
X_new = fresh.frame.drop(columns=fresh.target)
y_new = fresh.frame[fresh.target]

# %%
# The same network twice; only the penalty differs.
none = tn.TautNetClassifier("none", hidden_layer_sizes=(20,), random_state=0).fit(X, y)
l2 = tn.TautNetClassifierCV("l2", hidden_layer_sizes=(20,), random_state=0).fit(X, y)
for name, model in (("none", none), ("l2", l2)):
    print(
        f"{name:5} accuracy on rows seen {model.score(X, y):.3f}, on new rows"
        f" {model.score(X_new, y_new):.3f}"
    )

# %%
# What the penalised model is: its strength, its weights, and how well it solves its own problem.
l2.summary()

# %%
# The article's picture: the weights of the over-fitted network beside those of the penalised one,
# in the same bins.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), sharex=True, layout="constrained")
display = tn.WeightHistogramDisplay.from_estimator(none).plot(left)
tn.WeightHistogramDisplay.from_estimator(l2, limit=display.largest).plot(right)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "over_fit_and_cure.png")
