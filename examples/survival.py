"""Survival: times until an event, of which some are known only to be longer than what was seen.

Simulated patients: the hazard is lowest in the middle of one scale and grows along another; a
quarter of the times is censored. Cox's model with a network in the place of its linear predictor
sees both.

    python examples/survival.py [PICTURE]
"""

# %%
# The target is a structured array of events and times, as in scikit-survival.
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import tautnet as tn

rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(256, 6)), columns=["pressure", "stage", "a", "b", "c", "d"])
times = rng.exponential(np.exp(-(X["pressure"] ** 2 + X["stage"])))
limits = rng.exponential(2.0, size=256)
y = np.empty(256, dtype=[("event", "?"), ("time", "f8")])
y["event"] = times <= limits
y["time"] = np.minimum(times, limits)
print(f"{np.mean(~y['event']):.0%} of the times are censored")

# %%
# Three quarters of the patients to learn from. Harrell's C is the share of pairs that are put in
# the right order; with hidden_layer_sizes=() this would be Cox's own model, to which both ends of
# the first scale look alike.
model = tn.TautNetSurvivalCV("group", selection="1se", hidden_layer_sizes=(20,), random_state=0)
model.fit(X[:192], y[:192])
concordance = model.score(X[192:], y[192:])
kept = X.columns[model.selected_features_]
print(f"C on the other patients {concordance:.3f}; keeps", *kept)

# %%
# Survival of three new patients who differ in one number: a low and a high pressure are both worse
# than a middle one.
patients = pd.DataFrame(0.0, index=[-1, 0, 1], columns=X.columns)
patients["pressure"] = [-1.0, 0.0, 1.0]
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
curves = model.predict_survival_function(patients, times=model.event_times_)
for pressure, curve in zip(patients.index, curves, strict=True):
    axes.step(model.event_times_, curve, where="post", label=f"pressure {pressure}")
axes.set(xlabel="time", ylabel="probability to live longer", ylim=(0, 1), xlim=(0, 3))
axes.legend(frameon=False)
figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "survival.png")
