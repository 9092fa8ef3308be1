"""Pictures of a finished comparison: each a function from its result, with detail, to the bytes of an image.

matplotlib is imported inside the functions, and its figures are used without pyplot: nothing global is
touched, no display is opened, and two threads may draw at once.
"""

import io
import re
from functools import cache
from typing import NamedTuple

import numpy as np

from tautnet.fitting.path import nearest
from tautnet.fitting.verdict import number
from tautnet.views.terminal import gain_key, readable

INK, MUTED, GRID = "#1f2328", "#6b7280", "#e5e7eb"
# Okabe and Ito's colours without yellow, which is pale on white; told apart with any colour vision.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"
LINES = [(color, style) for style in ("-", "--") for color in (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)]
FONT, SMALL, WIDTH, PIXELS = "DejaVu Sans", 8.5, 9.0, 96
LONGEST_NAME, NAMED, FAINT, OVER_FITTED = 26, 10, 150, 20


class Picture(NamedTuple):
    """An image and what to say to those who do not see it.

    Attributes
    ----------
    data : bytes
    kind : {"svg", "png"}
    width, height : int
        In CSS pixels.
    description : str
    """

    data: bytes
    kind: str
    width: int
    height: int
    description: str


@cache
def _characters():
    """Code points that the font can draw."""
    from matplotlib.font_manager import findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont(FONT)).get_charmap())


def label(text, longest=LONGEST_NAME):
    """A stranger's text as a label: shortened, drawn as it stands, a box where the font lacks a character.

    Examples
    --------
    >>> label("price $x^2$ \\U0010ffff")
    'price \\\\$x^2\\\\$ □'
    >>> label("a" * 300, 5)
    'aaaa…'
    """
    text = readable(text)
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    drawn = "".join(character if ord(character) in _characters() else "□" for character in text)
    # Between two bare dollar signs matplotlib would read a formula.
    return drawn.replace("$", r"\$")


def drawn_penalty(result):
    """The penalty whose path is drawn: group, or l1, or the first that is one; None where there is none."""
    names = [row["penalty"] for row in result["rows"] if row["penalty"] != "none"]
    return next((name for name in ("group", "l1") if name in names), names[0] if names else None)


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
    figure = _figure(0.55 + 2.75 * n_rows)
    panels = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    low, high, logarithmic = _loss_limits(details.values(), result["null"]["test_loss"])
    for panel, (name, detail) in zip(panels.flat, details.items(), strict=False):
        _curve_panel(panel, name, detail, result["null"]["test_loss"])
        if logarithmic:
            panel.set_yscale("log")
        panel.set_ylim(low, high)
        _plain_ticks(panel, x=True, y=True)
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
    return _picture(figure, kind, f"Cross-validated and training {result['metric']} against alpha. {chosen}.")


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
    panel.set_title(label(name), loc="left", fontweight="bold", fontsize=10)
    panel.set_xlabel("alpha")
    _predictor_axis(panel, detail["path"])


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
    figure = _figure(4.6)
    panel = figure.subplots()
    panel.set_xscale("log")
    panel.plot(alphas, norms[:, faint], color="#c7ccd3", linewidth=0.8, zorder=1)
    mark = "o" if len(alphas) == 1 else None
    for i, (color, style) in zip(named, LINES, strict=False):
        panel.plot(alphas, norms[:, i], color=color, linestyle=style, linewidth=1.6, marker=mark)
    panel.axvline(row["alpha"], color=INK, linewidth=0.9, alpha=0.75)
    panel.set_ylim(0, (norms.max() or 1.0) * 1.04)
    panel.set_xlim(alphas[0] * (0.9 if len(alphas) == 1 else 1), alphas[-1] * 1.1)
    panel.set(xlabel=f"alpha ({label(name)}); the upright line is the alpha chosen", ylabel="norm of weights")
    _plain_ticks(panel, x=True)
    names = [result["detail"]["predictors"][i] for i in named]
    _name_lines(panel, names, norms[0, named])
    listed = ", ".join(readable(one) for one in names)
    return _picture(figure, kind, f"Norms of the predictors' weights along the path of {name}. Largest: {listed}.")


def _name_lines(panel, names, starts):
    """Names at the left, where the lines start, pushed apart, each tied to its line."""
    low, high = panel.get_ylim()
    heights = spread((starts - low) / (high - low), 0.058)
    for name, start, height, (color, _) in zip(names, starts, heights, LINES, strict=False):
        panel.annotate(
            label(name), xy=(0, (start - low) / (high - low)), xytext=(-0.05, height),
            xycoords="axes fraction", textcoords="axes fraction", ha="right", va="center", color=INK,
            fontsize=SMALL, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 1.1, "shrinkA": 2, "shrinkB": 0,
                        "relpos": (1, 0.5)},
        )  # fmt: skip
    panel.yaxis.tick_right()
    panel.yaxis.set_label_position("right")
    panel.spines["right"].set_visible(True)


def spread(places, distance):
    """Places between 0 and 1 moved apart, as little as that takes, in the order they were in.

    Examples
    --------
    >>> spread(np.array([0.5, 0.5, 0.0]), 0.2).round(2).tolist()
    [0.5, 0.7, 0.0]
    """
    order = np.argsort(places, kind="stable")
    moved = np.array(places, float)
    floor = 0.0
    for i in order:
        moved[i] = max(moved[i], floor)
        floor = moved[i] + distance
    ceiling = 1.0
    for i in order[::-1]:
        moved[i] = min(moved[i], ceiling)
        ceiling = moved[i] - distance
    return moved


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
    figure = _figure(3.1)
    limit = min(result["detail"]["penalties"][row["penalty"]]["histogram_limit"] for row in shown)
    panels = figure.subplots(1, len(shown), sharex=True, sharey=True, squeeze=False)[0]
    for panel, row in zip(panels, shown, strict=True):
        _weight_panel(panel, row, result["detail"]["penalties"][row["penalty"]], limit)
        _plain_ticks(panel, x=True, y=True)
    panels[0].set_ylabel("number of weights")
    described = "; ".join(
        f"{row['penalty']}: {row['zero_weights']:,} of {row['n_weights']:,} are zero, the largest is "
        f"{number(row['weight_max_abs'])}"
        for row in shown
    )
    return _picture(figure, kind, f"Histograms of weights. {described}.")


def gather(counts, edges, limit):
    """Counts of the bins between -limit and limit, all others in the outermost of these, and their edges.

    Examples
    --------
    >>> counts, edges = gather(np.array([1, 2, 3, 4, 5]), np.array([-5.0, -3.0, -1.0, 1.0, 3.0, 5.0]), 2.5)
    >>> counts.tolist(), edges.tolist()
    ([3, 3, 9], [-3.0, -1.0, 1.0, 3.0])
    """
    inside = np.flatnonzero(np.abs(edges[:-1] + edges[1:]) / 2 <= limit)
    first, last = (inside[0], inside[-1]) if len(inside) else (len(counts) // 2, len(counts) // 2)
    gathered = counts[first : last + 1].copy()
    gathered[0] += counts[:first].sum()
    gathered[-1] += counts[last + 1 :].sum()
    return gathered, edges[first : last + 2]


def _weight_panel(panel, row, detail, limit):
    counts = _array(detail["path"]["histograms"][path_index(row, detail)])
    edges = np.linspace(-detail["histogram_limit"], detail["histogram_limit"], len(counts) + 1)
    zero_bin = np.searchsorted(edges, 0.0, side="right") - 1
    counts[zero_bin] = max(counts[zero_bin] - row["zero_weights"], 0)
    counts, edges = gather(counts, edges, limit)
    width = np.diff(edges)
    panel.set_xlim(-1.1 * limit, 1.1 * limit)
    panel.set_yscale("log")
    panel.set_ylim(0.7, 2.5 * max(row["n_weights"], 2))
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
    figure = _figure(3.4)
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
    _plain_ticks(panel, x=True, y=True)
    said = f"after {int(steps[-1]):,} steps {number(test[-1])} on new rows and {number(train[-1])} on rows seen"
    return _picture(figure, kind, f"Training without a penalty: {said}; {words}.")


def _end_labels(panel, ends):
    """Names and last values at the right of the lines, pushed apart."""
    low, high = np.log(panel.get_ylim())
    values = np.array([max(value, np.exp(low)) for value, _, _ in ends])
    heights = spread((np.log(values) - low) / (high - low), 0.09)
    for (value, name, color), height in zip(ends, heights, strict=True):
        panel.text(1.015, height, f"{name} {number(value)}", transform=panel.transAxes, color=color,
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
    figure = _figure(0.9 + 0.34 * len(rows))
    panel = figure.subplots()
    for i, row in enumerate(rows):
        versus, recommended = row[key], row["penalty"] == result["recommended"]
        color = BLUE if recommended else MUTED
        low, high = (versus[end] if versus[end] is not None else versus["diff"] for end in ("ci_low", "ci_high"))
        panel.plot([low, high], [i, i], color=color, linewidth=2.6 if recommended else 1.8, solid_capstyle="round")
        panel.plot(versus["diff"], i, "o", color=color, markersize=7 if recommended else 5.5)
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
    return _picture(figure, kind, f"Gain over {against} with intervals: {described}.")


def _row(result, name):
    return next(row for row in result["rows"] if row["penalty"] == name)


def _array(values):
    """Numbers of a JSON list; null is NaN, which is not drawn."""
    return np.array(values, float)


def _figure(height):
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), facecolor="white", layout="constrained")


def _plain_ticks(panel, *, x=False, y=False):
    """Tick labels as plain numbers, 1-2-5 where a logarithmic axis spans little."""
    from matplotlib.ticker import LogLocator, NullFormatter

    for axis, wanted in ((panel.xaxis, x), (panel.yaxis, y)):
        if not wanted:
            continue
        low, high = sorted(axis.get_view_interval())
        if axis.get_scale() == "log":
            narrow = high / max(low, 1e-300) < 300
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=8))
            axis.set_minor_formatter(NullFormatter())
        axis.set_major_formatter(lambda value, _: number(value))


def renumber(svg):
    """An SVG image with its drawn-by-lot names numbered instead: the same picture, the same bytes.

    Examples
    --------
    >>> renumber(b'<path id="m0123456789"/><use href="#m0123456789"/>')
    b'<path id="n0"/><use href="#n0"/>'
    """
    found = dict.fromkeys(re.findall(rb'\bid="([a-zA-Z][0-9a-f]{10})"', svg))
    new = {name: b"n%d" % i for i, name in enumerate(found)}
    return re.sub(rb'((?:\bid="|#))([a-zA-Z][0-9a-f]{10})\b', lambda m: m[1] + new.get(m[2], m[2]), svg)


def _picture(figure, kind, description):
    """Style a figure alike and turn it into bytes."""
    from matplotlib.text import Text

    for panel in figure.axes:
        panel.spines[["top", "right"]].set_visible(panel.yaxis.get_label_position() == "right")
        panel.spines["top"].set_visible(False)
        panel.spines[:].set_color(MUTED)
        panel.tick_params(colors=INK, labelsize=SMALL)
        panel.grid(color=GRID, linewidth=0.7, axis="both" if panel.spines["left"].get_visible() else "x")
        panel.set_axisbelow(True)
    for text in figure.findobj(Text):
        text.set_fontfamily(FONT)
    target = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(target, format=kind, dpi=2 * PIXELS, metadata=metadata)
    data = renumber(target.getvalue()) if kind == "svg" else target.getvalue()
    width, height = (round(PIXELS * inches) for inches in figure.get_size_inches())
    return Picture(data, kind, width, height, readable(description))
