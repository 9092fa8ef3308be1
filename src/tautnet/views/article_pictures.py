"""Pictures of the article's experiment: functions from its result, with detail, to an image."""

import numpy as np

from tautnet.prose.words import number
from tautnet.views.plotting import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    SMALL,
    VERMILION,
    Picture,
    blank_figure,
    finished_picture,
    plain_ticks,
)

LEARNERS = {"online": "the article's learner", "engine": "tautnet's engine"}
STRENGTH = {"online": "λ", "engine": "α"}
NAMES = {
    "none": "no penalty",
    "l1": "L1",
    "l2": "L2",
    "group": "group",
    "l1_published": "L1, published sign",
    "l2_published": "L2, published sign",
}


def draw_article(result, kind="svg"):
    """Every picture of a result.

    Parameters
    ----------
    result : dict
        The object that ``tautnet article --json`` prints, with ``detail``.
    kind : {"svg", "png"}

    Returns
    -------
    dict
        Name -> Picture: ``sign``, ``gains``, ``strengths``, ``weights``, ``pruning``.
    """
    return {
        "sign": draw_sign(result, kind),
        "gains": draw_article_gains(result, kind),
        "strengths": draw_strengths(result, kind),
        "weights": draw_weight_histograms(result, kind),
        "pruning": draw_pruning(result, kind),
    }


def draw_sign(result, kind="svg") -> Picture:
    """Sum of squared weights by epoch: without a penalty, as published, with the sign mended."""
    squares = result["detail"]["squares"]
    name = result["penalty"].upper()
    lines = (
        ("published", f"{name} added, as published", VERMILION),
        ("none", "no penalty", MUTED),
        ("mended", f"{name} subtracted, sign mended", BLUE),
    )
    figure = blank_figure(3.2)
    panel = figure.subplots()
    panel.set_yscale("log")
    for key, words, color in lines:
        values = np.array(squares[key])
        panel.plot(np.arange(1, len(values) + 1), values, color=color, linewidth=1.8)
        panel.annotate(
            f"{words}: {number(values[-1])}",
            xy=(1, values[-1]),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=color,
            fontsize=SMALL,
        )
    panel.set_xlim(0, len(squares["none"]))
    # The first epochs, from weights near 0, would press the rest together.
    panel.set_ylim(bottom=1)
    panel.set(xlabel="epoch", ylabel="sum of squared weights")
    plain_ticks(panel, y=True)
    said = "; ".join(f"{words} {number(squares[key][-1])}" for key, words, _ in lines)
    return finished_picture(figure, kind, f"Sum of squared weights after the last epoch: {said}.")


def draw_article_gains(result, kind="svg") -> Picture:
    """What each penalty gains over none on new items, with 95 % intervals, for both learners."""
    rows = [
        (learner, name, row["gain"])
        for learner in LEARNERS
        for name, row in result["honest"][learner]["rows"].items()
        if row["gain"] is not None
    ]
    figure = blank_figure(1.0 + 0.34 * len(rows))
    panel = figure.subplots()
    for i, (learner, name, gain) in enumerate(rows):
        if name.endswith("published"):
            color = VERMILION
        else:
            color = BLUE if learner == "online" else GREEN
        ends = [100 * gain["ci_low"], 100 * gain["ci_high"]]
        panel.plot(ends, [i, i], color=color, linewidth=2.4)
        panel.plot(100 * gain["diff"], i, "o", color=color, markersize=6.5)
    panel.axvline(0, color=INK, linewidth=0.9)
    names = [f"{NAMES[name]}: {LEARNERS[learner]}" for learner, name, _ in rows]
    panel.set_yticks(range(len(rows)), names)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_xlabel(
        "points of accuracy on new items over no penalty, 95 % interval (right of 0 is better)"
    )
    said = "; ".join(
        f"{NAMES[name]} by {LEARNERS[learner]} {100 * gain['diff']:+.1f}"
        for learner, name, gain in rows
    )
    return finished_picture(figure, kind, f"Gain over no penalty in points: {said}.")


def draw_strengths(result, kind="svg") -> Picture:
    """Accuracy on training and new items against strength, a panel a learner and penalty."""
    figure = blank_figure(5.6)
    panels = figure.subplots(2, 2, sharey=True)
    for line, learner in zip(panels, LEARNERS, strict=True):
        for panel, penalty in zip(line, ("l2", "l1"), strict=True):
            _strength_panel(panel, result, learner, penalty)
    for panel in panels[:, 0]:
        panel.set_ylabel("accuracy, %")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside upper center", ncols=len(names), frameon=False, fontsize=SMALL
    )
    said = "; ".join(
        f"{NAMES[penalty]} by {LEARNERS[learner]}"
        f" {number(result['honest'][learner]['rows'][penalty]['strength'])}"
        for learner in LEARNERS
        for penalty in ("l2", "l1")
    )
    return finished_picture(
        figure,
        kind,
        f"Accuracy against strength. Median strength chosen by cross-validation: {said}.",
    )


def _strength_panel(panel, result, learner, penalty):
    curve = result["detail"]["curves"][learner][penalty]
    row = result["honest"][learner]["rows"][penalty]
    none = result["honest"][learner]["rows"]["none"]
    strengths = curve["strengths"]
    test = 100 * np.array(curve["test"])
    train = 100 * np.array(curve["train"])
    mark = "o" if len(strengths) < 10 else None
    panel.set_xscale("log")
    panel.plot(strengths, test, color=BLUE, marker=mark, label="new items")
    panel.plot(strengths, train, color=VERMILION, marker=mark, label="training items")
    panel.axhline(
        100 * none["test_accuracy"],
        color=MUTED,
        linestyle=":",
        linewidth=1.2,
        label="new items, no penalty",
    )
    panel.axvspan(row["strength_low"], row["strength_high"], color=GREEN, alpha=0.14, linewidth=0)
    panel.axvline(
        row["strength"],
        color=GREEN,
        linewidth=1.2,
        label="chosen by cross-validation: median, range",
    )
    panel.set_title(
        f"{NAMES[penalty]}, {LEARNERS[learner]}", loc="left", fontweight="bold", fontsize=10
    )
    panel.set_xlabel(f"strength {STRENGTH[learner]}")
    plain_ticks(panel, x=True, y=True)


def draw_weight_histograms(result, kind="svg") -> Picture:
    """All weights of all training sets: over-fitted, under L2 and under L1, for both learners."""
    figure = blank_figure(5.0)
    panels = figure.subplots(2, 3, sharey=True, sharex="row")
    said = []
    for line, learner in zip(panels, LEARNERS, strict=True):
        drawn = result["detail"]["histograms"][learner]
        for panel, penalty in zip(line, ("none", "l2", "l1"), strict=True):
            own = drawn["penalties"][penalty]
            _histogram_panel(panel, own, drawn["limit"])
            panel.set_title(
                f"{NAMES[penalty]}, {LEARNERS[learner]}", loc="left", fontweight="bold", fontsize=9
            )
            zero = 100 * own["zeros"] / own["n_weights"]
            said.append(f"{NAMES[penalty]} by {LEARNERS[learner]}: {zero:.1f} % exactly zero")
        line[0].set_ylabel("share of weights, %")
    for panel in panels[1]:
        panel.set_xlabel("weight")
    return finished_picture(figure, kind, f"Histograms of weights. {'; '.join(said)}.")


def _histogram_panel(panel, own, limit):
    counts = 100 * np.array(own["counts"]) / own["n_weights"]
    zeros = 100 * own["zeros"] / own["n_weights"]
    edges = np.linspace(-limit, limit, len(counts) + 1)
    width = edges[1] - edges[0]
    panel.set_yscale("log")
    panel.bar(edges[:-1], counts, width, align="edge", color=BLUE, edgecolor="white", linewidth=0.3)
    if zeros:
        panel.bar(0.0, zeros, width / 2, color=VERMILION, edgecolor="white", linewidth=0.3)
    panel.set_ylim(0.05, 130)
    panel.set_xlim(-1.05 * limit, 1.05 * limit)
    panel.text(
        0.03,
        0.95,
        f"exactly zero: {zeros:.1f} %",
        transform=panel.transAxes,
        va="top",
        fontsize=SMALL,
        color=VERMILION if zeros else MUTED,
    )
    panel.text(
        0.97,
        0.95,
        f"largest {number(own['largest'])}",
        transform=panel.transAxes,
        va="top",
        ha="right",
        fontsize=SMALL,
        color=MUTED,
    )
    plain_ticks(panel, x=True, y=True)


def draw_pruning(result, kind="svg") -> Picture:
    """In how many training sets L1 and group keep each predictor, the real ones and the noise."""
    pruning = result["pruning"]
    n_noise = pruning["n_noise"]
    n_train = result["honest"]["n_train"]
    rows = {(r["penalty"], r["selection"]): r for r in pruning["rows"] if r["n_train"] == n_train}
    figure = blank_figure(3.0)
    panels = figure.subplots(1, 2, sharey=True)
    said = []
    for panel, penalty in zip(panels, ("l1", "group"), strict=True):
        one_se = rows[penalty, "1se"]
        _pruning_panel(panel, rows[penalty, "min"]["kept"], one_se["kept"], n_noise)
        panel.set_title(NAMES[penalty], loc="left", fontweight="bold", fontsize=10)
        removed = one_se["noise_removed"]["diff"]
        said.append(f"{NAMES[penalty]} removes {removed:.1f} of {n_noise} noise predictors")
    panels[0].set_ylabel("training sets that keep it, %")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside upper center", ncols=2, frameon=False, fontsize=SMALL
    )
    return finished_picture(
        figure,
        kind,
        f"Share of training sets that keep each predictor. One-SE choice: {'; '.join(said)}.",
    )


def _pruning_panel(panel, kept_least, kept_one_se, n_noise):
    """Draw bars of the shares of training sets that keep each predictor, by both rules."""
    places = np.arange(len(kept_least))
    panel.bar(places - 0.2, 100 * np.array(kept_least), 0.4, color=ORANGE, label="least loss")
    panel.bar(places + 0.2, 100 * np.array(kept_one_se), 0.4, color=BLUE, label="one-SE choice")
    border = len(places) - n_noise - 0.5
    panel.axvline(border, color=INK, linewidth=0.9)
    panel.set_xticks([])
    _name_below(panel, border / 2, "ten real predictors")
    _name_below(panel, border + n_noise / 2, "ten of noise")
    panel.set_ylim(0, 108)


def _name_below(panel, place, words):
    panel.annotate(
        words,
        xy=(place, -0.04),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="top",
        fontsize=SMALL,
        annotation_clip=False,
    )
