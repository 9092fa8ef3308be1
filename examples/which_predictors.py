"""Which predictors: five of twelve matter, and a penalty of whole predictors finds out which.

Friedman's first problem bends and multiplies its five predictors, so that a linear model cannot see
them all; seven more are noise. The adaptive group penalty takes all weights of a predictor out
together, exactly to zero.

    python examples/which_predictors.py [PICTURE]
"""

# %%
import sys

import matplotlib.pyplot as plt
import numpy as np

import tautnet as tn

table = tn.datasets.friedman1(n_rows=256, n_noise=7, seed=0)
X = table.frame.drop(columns=table.target)
y = table.frame[table.target]

# %%
# The most regularised model within one standard error of the best: what is chosen for prediction
# alone keeps more.
model = tn.TautNetRegressorCV(
    "group", adaptive=True, selection="1se", hidden_layer_sizes=(20,), random_state=0
)
model.fit(X, y)
print("kept:", ", ".join(X.columns[model.selected_features_]))

# %%
# The order in which predictors leave the path, the last first, and by how much folds disagree about
# it.
for i in np.argsort(-model.exit_ranks_, kind="stable"):
    print(
        f"{X.columns[i]:>4} leaves at alpha {model.exit_alphas_[i]:.3g}, spread"
        f" {model.exit_spread_[i]:.2f} decades"
    )

# %%
# What fewer predictors cost: the least loss on new rows for every number of them.
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
tn.PredictorsDisplay.from_estimator(model).plot(axes)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "which_predictors.png")
