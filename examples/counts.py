"""Counts: how many, where the mean is never negative and the spread grows with it.

Visits to a doctor in a year, simulated: more with age, fewest in the middle of a scale of fitness,
and nothing to do with the other columns. Under the Poisson loss the network is the logarithm of the
mean.

    python examples/counts.py [PICTURE]
"""

# %%
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import tautnet as tn

rng = np.random.default_rng(0)
names = ["age", "fitness", "height", "shoes", "month", "letters"]
X = pd.DataFrame(rng.normal(size=(256, 6)), columns=names)
X["town"] = rng.choice(["north", "south"], size=256)
mean = np.exp(0.3 + 0.5 * X["age"] + 0.5 * X["fitness"] ** 2 - 0.3 * (X["town"] == "south"))
y = rng.poisson(mean)

# %%
# A network and a map without a hidden layer, under the same loss and penalty. The column of words
# goes in as it is.
network = tn.TautNetRegressorCV("group", loss="poisson", hidden_layer_sizes=(20,), random_state=0)
network.fit(X, y)
linear = tn.TautNetRegressorCV("group", loss="poisson", hidden_layer_sizes=(), random_state=0)
linear.fit(X, y)
for name, model in (("network", network), ("linear", linear)):
    kept = ", ".join(X.columns[model.selected_features_])
    print(
        f"{name:8} deviance on new rows {model.cv_loss_:.3f} (a constant has"
        f" {model.null_loss_:.3f}); keeps {kept}"
    )

# %%
# The mean is known here, so one can see how near each model comes to it.
figure, axes = plt.subplots(figsize=(5.5, 4.6), layout="constrained")
for name, model, mark in (("linear", linear, "x"), ("network", network, ".")):
    axes.loglog(mean, model.predict(X), mark, alpha=0.7, label=name)
axes.axline((1, 1), (10, 10), color="black", linewidth=0.8)
axes.set(xlabel="true mean number of visits", ylabel="predicted")
axes.legend(frameon=False)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "counts.png")
