"""Pictures of a finished comparison: each a function from its result, with detail, to the bytes of an image."""

import numpy as np

from tautnet.fitting.path import nearest
from tautnet.fitting.verdict import NEARLY_SOLVED, SETTLED, SOLVED, number
from tautnet.views.canvas import (
    BLUE,
    GREEN,
    INK,
    LINES,
    MUTED,
    PURPLE,
    SMALL,
    VERMILION,
    blank_figure,
    finished_picture,
    gather,
    label,
    plain_ticks,
    spread,
)
from tautnet.views.terminal import gain, gain_key, readable

SELECTING = ("group", "l1", "elasticnet")
NAMED, FAINT, OVER_FITTED = 10, 150, 10


def drawn_penalty(result):
    """The penalty whose path is drawn: the first of those that select, else any; None where there is none."""
    names = [row["penalty"] for row in result["rows"] if row["penalty"] != "none"]
    return next((name for name in SELECTING if name in names), names[0] if names else None)


def path_index(row, penalty_detail):
    """Where on a penalty's path its chosen model stands."""
    return nearest(penalty_detail["path"]["alphas"], row["alpha"])


def draw_curves(result, kind="svg"):
    """Loss on new rows and on rows seen against alpha, one panel a penalty.

    Parameters
    ----------
    result : dict
        With ``detail``.
    kind : {"svg", "png"}

    Returns
    -------
    Picture or None
        None where every penalty is ``none``.
    """
    details = {name: one for name, one in result["detail"]["penalties"].items() if name not in ("none", "linear")}
    if not details:
        return None
    n_columns = min(2, len(details))
    n_rows = -(-len(details) // n_columns)
    figure = blank_figure(0.55 + 2.75 * n_rows)
    panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    low, high, logarithmic = _loss_limits(details.values(), result["null"]["test_loss"])
    for panel, (name, detail) in zip(panels.flat, details.items(), strict=False):
        _curve_panel(panel, name, detail, result["null"]["test_loss"])
        if logarithmic:
            panel.set_yscale("log")
        panel.set_ylim(low, high)
        plain_ticks(panel, x=True, y=True)
    for panel in panels.flat[len(details) :]:
        panel.remove()
    for panel in panels[:, 0]:
        panel.set_ylabel(label(result["metric"]))
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names), frameon=False, fontsize=SMALL)
    chosen = "; ".join(
        f"{name}: least at alpha {number(one['alpha_min'])}, one-standard-error choice {number(one['alpha_1se'])}"
        for name, one in details.items()
    )
    return finished_picture(figure, kind, f"Cross-validated and training {result['metric']} against alpha. {chosen}.")


def _curve_panel(panel, name, detail, null):
    alphas, mean, error = _array(detail["alphas"]), _array(detail["cv_mean"]), _array(detail["cv_se"])
    mark = "o" if len(alphas) == 1 else None
    panel.set_xscale("log")
    panel.fill_between(alphas, mean - error, mean + error, color=BLUE, alpha=0.18, linewidth=0)
    panel.plot(alphas, mean, color=BLUE, marker=mark, label="new rows, ± one standard error")
    panel.plot(alphas, _array(detail["train_mean"]), color=VERMILION, marker=mark, label="rows seen")
    panel.axhline(null, color=MUTED, linestyle=":", linewidth=1, label="constant prediction")
    for alpha, style, text in ((detail["alpha_min"], "-", "least"), (detail["alpha_1se"], "--", "one-SE choice")):
        panel.axvline(alpha, color=INK, linestyle=style, linewidth=0.9, alpha=0.75, label=text)
    _stopped_strip(panel, detail["path"])
    panel.set_title(label(name), loc="left", fontweight="bold", fontsize=10)
    panel.set_xlabel("alpha")
    _predictor_axis(panel, detail["path"])


def stopped(path):
    """Where on a path models were stopped on their way, by the verdict's own limits."""
    residual, gap = _array(path["stationarity"]), _array(path["objective_gap"])
    return (residual > NEARLY_SOLVED) | ((residual > SOLVED) & (gap > SETTLED))


def _stopped_strip(panel, path):
    """A strip along the bottom, as the certificate asks for: the over-fitted end is seldom solved."""
    panel.fill_between(
        _array(path["alphas"]), 0, 0.035, where=stopped(path), step="mid", transform=panel.get_xaxis_transform(),
        color=PURPLE, linewidth=0, label="stopped early",
    )  # fmt: skip


def _predictor_axis(panel, path):
    """Numbers of predictors along the top, at a few strengths."""
    places = np.unique(np.linspace(0, len(path["alphas"]) - 1, 6).round().astype(int))
    top = panel.secondary_xaxis("top")
    top.set_xticks(_array(path["alphas"])[places], [f"{path['n_features'][i]:,}" for i in places])
    top.minorticks_off()
    top.tick_params(colors=MUTED, labelsize=7, length=0, pad=1)
    top.spines["top"].set_visible(False)
    panel.set_title("predictors kept", loc="right", fontsize=7, color=MUTED)


def _loss_limits(details, null):
    """Limits of the losses, and whether to use a logarithmic scale.

    The over-fitted end may be a hundred times worse than a constant: what matters lies below.
    """
    details = list(details)
    means = np.concatenate([_array(one["cv_mean"]) for one in details])
    upper = np.concatenate([_array(one["cv_mean"]) + _array(one["cv_se"]) for one in details])
    top = min(np.nanmax([*upper, null]) * 1.06, 2.5 * null)
    least = np.nanmin(means)
    if 0 < least < 0.15 * null:
        train = np.concatenate([_array(one["train_mean"]) for one in details])
        return max(np.nanmin(train), least / 8), top * 1.1, True
    return 0.0, max(top, 1.1 * least), False


def draw_norms(result, kind="svg"):
    """Size of each predictor's weights along the path; the largest are named.

    Parameters and returns as in `draw_curves`.
    """
    name = drawn_penalty(result)
    if name is None:
        return None
    detail, row = result["detail"]["penalties"][name], _row(result, name)
    alphas, norms, chosen = _array(detail["path"]["alphas"]), _array(detail["path"]["norms"]), path_index(row, detail)
    order = np.lexsort((-norms.max(axis=0), -norms[chosen]))
    # Weights of the over-fitted end say little and would press the rest flat.
    drawn = alphas >= alphas[chosen] / OVER_FITTED
    alphas, norms = alphas[drawn], norms[drawn]
    named, faint = order[:NAMED], order[NAMED : NAMED + FAINT]
    figure = blank_figure(4.6)
    panel = figure.subplots()
    panel.set_xscale("log")
    panel.plot(alphas, norms[:, faint], color="#c7ccd3", linewidth=0.8, zorder=1)
    mark = "o" if len(alphas) == 1 else None
    for i, (color, style) in zip(named, LINES, strict=False):
        panel.plot(alphas, norms[:, i], color=color, linestyle=style, linewidth=1.6, marker=mark)
    panel.axvline(row["alpha"], color=INK, linewidth=0.9, alpha=0.75)
    # Roots keep apart what is small, and zero is on the picture.
    panel.set_yscale("function", functions=(np.sqrt, np.square))
    panel.set_ylim(0, (norms.max() or 1.0) * 1.06)
    panel.set_xlim(alphas[0] * (0.9 if len(alphas) == 1 else 1), alphas[-1] * 1.1)
    panel.set(xlabel=f"alpha ({label(name)}); the upright line is the alpha chosen", ylabel="norm of weights")
    plain_ticks(panel, x=True, y=True)
    names = [result["detail"]["predictors"][i] for i in named]
    _name_lines(panel, names, norms[0, named])
    listed = ", ".join(readable(one) for one in names)
    return finished_picture(
        figure, kind, f"Norms of the predictors' weights along the path of {name}. Largest: {listed}."
    )


def _name_lines(panel, names, starts):
    """Names at the left, where the lines start, pushed apart, each tied to its line."""
    low, high = panel.get_ylim()
    starts = np.sqrt(np.maximum(starts - low, 0) / (high - low))
    heights = spread(starts, 0.058)
    for name, start, height, (color, style) in zip(names, starts, heights, LINES, strict=False):
        panel.annotate(
            label(name), xy=(0, start), xytext=(-0.05, height),
            xycoords="axes fraction", textcoords="axes fraction", ha="right", va="center", color=INK,
            fontsize=SMALL, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "linestyle": style, "linewidth": 1.1, "shrinkA": 2,
                        "shrinkB": 0, "relpos": (1, 0.5)},
        )  # fmt: skip
    panel.yaxis.tick_right()
    panel.yaxis.set_label_position("right")
    panel.spines["right"].set_visible(True)


def draw_weights(result, kind="svg"):
    """Histogram of the weights of ``none`` beside that of the recommended penalty.

    Parameters and returns as in `draw_curves`; where ``none`` is recommended, the best penalty stands beside it.
    """
    rows = {row["penalty"]: row for row in result["rows"]}
    penalised = [row for row in result["rows"] if row["penalty"] != "none"]
    recommended = rows[result["recommended"]]
    if recommended["penalty"] == "none" and penalised:
        recommended = min(penalised, key=lambda row: row["test_loss"])
    shown = [row for row in (rows.get("none"), recommended) if row is not None]
    shown = shown[:1] if shown[0] is shown[-1] else shown
    figure = blank_figure(3.1)
    limit = min(result["detail"]["penalties"][row["penalty"]]["histogram_limit"] for row in shown)
    panels = figure.subplots(1, len(shown), sharex=True, sharey=True, squeeze=False)[0]
    for panel, row in zip(panels, shown, strict=True):
        _weight_panel(panel, row, result["detail"]["penalties"][row["penalty"]], limit)
        plain_ticks(panel, x=True, y=True)
    panels[0].set_ylabel("number of weights")
    described = "; ".join(
        f"{row['penalty']}: {row['zero_weights']:,} of {row['n_weights']:,} are zero, the largest is "
        f"{number(row['weight_max_abs'])}"
        for row in shown
    )
    return finished_picture(figure, kind, f"Histograms of weights. {described}.")


def _weight_panel(panel, row, detail, limit):
    counts = _array(detail["path"]["histograms"][path_index(row, detail)])
    edges = np.linspace(-detail["histogram_limit"], detail["histogram_limit"], len(counts) + 1)
    zero_bin = np.searchsorted(edges, 0.0, side="right") - 1
    counts[zero_bin] = max(counts[zero_bin] - row["zero_weights"], 0)
    counts, edges = gather(counts, edges, limit)
    width = np.diff(edges)
    panel.set_xlim(-1.1 * limit, 1.1 * limit)
    panel.set_yscale("log")
    # Room above the highest bar that there can be, for the words.
    panel.set_ylim(0.7, 12 * max(row["n_weights"], 2))
    panel.bar(edges[:-1], counts, width, align="edge", color=BLUE, edgecolor="white", linewidth=0.3)
    if row["zero_weights"]:
        panel.bar(0.0, row["zero_weights"], width[0] / 2, color=VERMILION, edgecolor="white", linewidth=0.3)
    strength = "no penalty" if row["penalty"] == "none" else f"alpha {number(row['alpha'])}"
    panel.set_title(f"{label(row['penalty'])}, {strength}", loc="left", fontweight="bold", fontsize=10)
    zeros = f"{row['zero_weights']:,} of {row['n_weights']:,} exactly zero"
    panel.text(0.02, 0.95, zeros, transform=panel.transAxes, va="top", fontsize=SMALL,
               color=VERMILION if row["zero_weights"] else MUTED)  # fmt: skip
    panel.text(0.98, 0.95, f"largest {number(row['weight_max_abs'])}", transform=panel.transAxes, va="top",
               ha="right", fontsize=SMALL, color=MUTED)  # fmt: skip
    beyond = row["weight_max_abs"] > max(edges[-1], limit) * 1.001
    panel.set_xlabel("weight (the outermost bars hold all beyond them)" if beyond else "weight")


def draw_training(result, kind="svg"):
    """Loss of ``none`` against steps of training, and what stopping early could have had.

    Parameters and returns as in `draw_curves`; None where ``none`` was not compared.
    """
    training = result["detail"]["none"]
    if training is None:
        return None
    steps, train, test = _array(training["steps"]), _array(training["train"]), _array(training["test"])
    best = int(np.nanargmin(test))
    figure = blank_figure(3.4)
    panel = figure.subplots()
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.plot(steps, test, color=BLUE)
    panel.plot(steps, train, color=VERMILION)
    null = result["null"]["test_loss"]
    panel.axhline(null, color=MUTED, linestyle=":", linewidth=1)
    floor = max(np.nanmin(train), test[best] / 100) / 1.5
    panel.set_ylim(floor, max(np.nanmax([*test, *train]), null) * 1.6)
    panel.axvline(steps[best], color=INK, linewidth=0.9, alpha=0.75, linestyle="--")
    panel.plot(steps[best], test[best], "o", color=BLUE, markeredgecolor="white", markersize=7, zorder=5)
    ends = [(test[-1], "new rows", BLUE), (train[-1], "rows seen", VERMILION), (null, "constant", MUTED)]
    if result["recommended"] != "none":
        loss = _row(result, result["recommended"])["test_loss"]
        panel.axhline(loss, color=GREEN, linewidth=1.2)
        ends.append((loss, label(result["recommended"], 12), GREEN))
    _end_labels(panel, ends)
    words = f"what early stopping could have had: {number(test[best])} at step {int(steps[best]):,}"
    panel.set_title(words, loc="left", fontsize=SMALL)
    panel.set(xlabel="steps of training, no penalty", ylabel=label(result["metric"]))
    plain_ticks(panel, x=True, y=True)
    said = f"after {int(steps[-1]):,} steps {number(test[-1])} on new rows and {number(train[-1])} on rows seen"
    return finished_picture(figure, kind, f"Training without a penalty: {said}; {words}.")


def _end_labels(panel, ends):
    """Names and last values at the right of the lines, pushed apart."""
    low, high = np.log(panel.get_ylim())
    values = np.array([max(value, np.exp(low)) for value, _, _ in ends])
    heights = spread((np.log(values) - low) / (high - low), 0.09)
    for (value, name, color), height in zip(ends, heights, strict=True):
        below = " ↓" if value < np.exp(low) else ""
        panel.text(1.015, height, f"{name} {number(value)}{below}", transform=panel.transAxes, color=color,
                   va="center", fontsize=SMALL)  # fmt: skip


def draw_gains(result, kind="svg"):
    """By how much each row's loss is lower than that of ``none``, with 95 % intervals.

    Parameters and returns as in `draw_curves`; against the constant prediction where ``none`` is absent.
    """
    key, against = gain_key(result)
    rows = [*result["rows"], result["linear"], result["chosen"] | {"penalty": "chosen"}]
    rows = [row for row in rows if row[key] is not None and row[key]["diff"] is not None]
    if not rows:
        return None
    figure = blank_figure(0.9 + 0.34 * len(rows))
    panel = figure.subplots()
    panel.set_xlim(*gain_limits(rows, key))
    for i, row in enumerate(rows):
        _gain_line(panel, i, row[key], row["penalty"] == result["recommended"])
    panel.axvline(0, color=INK, linewidth=0.9)
    names = [label(row["penalty"]) for row in rows]
    names = [f"{name} (recommended)" if name == label(result["recommended"]) else name for name in names]
    panel.set_yticks(range(len(rows)), names)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_xlabel(f"{label(result['metric'])} lower than that of {against}, 95 % interval (right of 0 is better)")
    panel.xaxis.set_major_formatter(lambda value, _: number(value))
    described = "; ".join(f"{row['penalty']} {number(row[key]['diff'])}" for row in rows)
    return finished_picture(figure, kind, f"Gain over {against} with intervals: {described}.")


def gain_limits(rows, key):
    """Limits that show the penalties well: a linear map may be so much worse that nothing else could be told apart."""
    shown = [row[key] for row in rows if row["penalty"] != "linear"] or [rows[0][key]]
    ends = [0.0, *(value for versus in shown for value in _ends(versus))]
    span = (max(ends) - min(ends)) or 1.0
    low, high = min(ends) - 0.06 * span, max(ends) + 0.06 * span
    everything = [value for row in rows for value in _ends(row[key])]
    # Nothing is cut off to win a little room.
    least, most = min(everything), max(everything)
    return (
        least - 0.06 * span if low - span < least < low else low,
        most + 0.06 * span if high < most < high + span else high,
    )


def _ends(versus):
    return [versus["diff"] if versus[end] is None else versus[end] for end in ("ci_low", "ci_high")]


def _gain_line(panel, i, versus, recommended):
    """One gain with its interval, in words at the right; an arrow where it lies beyond the picture."""
    color, (low, high) = BLUE if recommended else MUTED, _ends(versus)
    left, right = panel.get_xlim()
    panel.plot([low, high], [i, i], color=color, linewidth=2.6 if recommended else 1.8, solid_capstyle="round")
    panel.plot(versus["diff"], i, "o", color=color, markersize=7 if recommended else 5.5)
    for beyond, edge, mark in ((low < left, left, "<"), (high > right, right, ">")):
        if beyond:
            panel.plot(edge + (left - right) * (0.012 if mark == ">" else -0.012), i, mark, color=color, markersize=8)
    panel.text(1.015, i, gain(versus), transform=panel.get_yaxis_transform(), va="center", fontsize=SMALL,
               color=INK, fontweight="bold" if recommended else "normal")  # fmt: skip


def _row(result, name):
    return next(row for row in result["rows"] if row["penalty"] == name)


def _array(values):
    """Numbers of a JSON list; null is NaN, which is not drawn."""
    return np.array(values, float)
