"""Draw what L1 does to a ReLU network for l1-on-relu.md, and put the numbers there that it prints.

Needs nothing but the package; a minute or two.
"""

from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import tautnet as tn
from tautnet.views.plotting import (
    BLUE,
    INK,
    LINES,
    MUTED,
    SMALL,
    VERMILION,
    blank_figure,
    finished_picture,
    plain_ticks,
)

PAGE = Path(__file__).parent / "l1-on-relu.md"
PICTURE = PAGE.parent / "pictures" / "l1-on-relu.svg"
BEGIN = "<!-- printed by docs/l1_on_relu.py -->\n"
END = "<!-- end of what it prints -->"
N_ROWS = 300
N_NOISE = 5
ALPHA = 0.5
NET = dict(hidden_layer_sizes=(20,), skip=False, random_state=0)
STRENGTHS = (0.01, 0.03, 0.1)


def soft(size, alpha):
    """The weight that the lasso leaves where least squares has one of some size."""
    return np.maximum(size - alpha, 0.0)


def unit_effect(size, alpha):
    """The effect m = w a of one unit, w and a both under L1.

    By the half-thresholding formula for the penalty λ √m (Xu et al., 2012), with λ = 2 alpha.
    """
    threshold = 1.5 * (2 * alpha) ** (2 / 3)
    cosine = 2 * alpha / 4 * (np.maximum(size, threshold) / 3) ** -1.5
    angle = np.arccos(np.clip(cosine, -1, 1))
    effect = 2 / 3 * size * (1 + np.cos(2 / 3 * (np.pi - angle)))
    return np.where(size > threshold, effect, 0.0)


def unit_effect_found(size, alpha):
    """The effect of one unit by numerical minimisation over both weights.

    The better of zero and of where a large start leads.
    """

    def objective(weights):
        return 0.5 * (size - weights[0] * weights[1]) ** 2 + alpha * weights.sum()

    found = minimize(objective, np.full(2, np.sqrt(size)), bounds=[(0, None)] * 2, tol=1e-12)
    return float(np.prod(found.x)) if found.fun < objective(np.zeros(2)) else 0.0


def vee(seed=0):
    """A target that is the magnitude of the first predictor, of which a linear map sees nothing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, 1 + N_NOISE))
    return X, np.abs(X[:, 0]) + 0.1 * rng.normal(size=N_ROWS)


def along_the_ray(model, X, y, alpha, steps):
    """Objective over that of the null model, with weights and hidden biases times each of steps."""
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (y - y.mean()) / y.std()
    first, last = model.coefs_
    bias, _ = model.intercepts_
    size = np.abs(first).sum() + np.abs(last).sum()
    for t in steps:
        outputs = (np.maximum(X @ (t * first) + t * bias, 0) @ (t * last))[:, 0]
        # The output bias is not penalised: it is always where it is best.
        yield (0.5 * np.var(y - outputs) + alpha * t * size) / (0.5 * np.var(y))


def draw_units(ax, said):
    """Draw what L1 leaves of a weight and of a unit's effect, and say it."""
    sizes = np.linspace(0, 4, 400)
    threshold = 1.5 * (2 * ALPHA) ** (2 / 3)
    ax.plot(sizes, sizes, color=MUTED, linestyle=":", linewidth=1, label="no penalty")
    ax.plot(sizes, soft(sizes, ALPHA), color=BLUE, linestyle="--", label="a linear map's weight")
    effects = unit_effect(sizes, ALPHA)
    ax.plot(sizes, np.where(effects > 0, effects, np.nan), color=VERMILION, label="a unit's effect")
    ax.plot(sizes[effects == 0], effects[effects == 0], color=VERMILION)
    ax.set(xlabel="what least squares would have", ylabel=f"what L1 leaves, alpha {ALPHA:g}")
    ax.legend(frameon=False, fontsize=SMALL)
    checked = np.linspace(0.2, 4, 20)
    gaps = [float(unit_effect(size, ALPHA)) - unit_effect_found(size, ALPHA) for size in checked]
    worst = max(map(abs, gaps))
    left = float(unit_effect(threshold + 1e-9, ALPHA))
    said.append(
        f"one unit, alpha {ALPHA:g}: its effect is 0 up to {threshold:.3f}, and {left:.3f} just"
        " above"
    )
    said.append(
        f"  formula against numerical minimisation at {len(checked)} sizes: largest difference"
        f" {worst:.1e}"
    )
    said.append(
        f"  at 4: the unit keeps {float(unit_effect(4.0, ALPHA)):.3f}, a linear map"
        f" {soft(4.0, ALPHA):.3f}"
    )


def draw_rays(ax, said):
    """Draw the objective between zero and nets at three strengths, and say it."""
    X, y = vee()
    steps = np.linspace(0, 1, 101)
    for alpha, (color, style) in zip(STRENGTHS, LINES, strict=False):
        model = tn.TautNetRegressor("l1", alpha, **NET).fit(X, y)
        heights = np.array(list(along_the_ray(model, X, y, alpha, steps)))
        ax.plot(steps, heights, color=color, linestyle=style, label=f"alpha {alpha:g}")
        said.append(
            f"from zero to the net at alpha {alpha:g}: objective 1 at zero, {heights.max():.3f} at"
            f" its highest (at {steps[heights.argmax()]:.2f} of the way), {heights[-1]:.3f} at"
            " the net"
        )
    ax.axhline(1, color=INK, linewidth=0.9)
    ax.set(xlabel="from zero (0) to the fitted net (1)", ylabel="objective over that at zero")
    ax.legend(frameon=False, fontsize=SMALL)


def draw_path(ax, said):
    """Draw how many hidden units and predictors are left along a path, and say it."""
    X, y = vee()
    model = tn.TautNetRegressorCV("l1", cv=3, **NET).fit(X, y)
    path = model.path_
    n_units = path.unit_norms.shape[1]
    alive = (path.unit_norms > 0).sum(axis=1)
    kept = path.n_features
    ax.set_xscale("log")
    ax.set_xlim(1e-4, 1.3 * path.alphas[-1])
    words = f"hidden units, of {n_units}"
    ax.step(path.alphas, alive, where="post", color=VERMILION, label=words)
    words = f"predictors, of {1 + N_NOISE}"
    ax.step(path.alphas, kept, where="post", color=BLUE, linestyle="--", label=words)
    ax.axvline(model.alpha_, color=INK, linewidth=0.9)
    ax.set(xlabel="alpha (upright: the one chosen)", ylabel="number left")
    ax.legend(frameon=False, fontsize=SMALL)
    plain_ticks(ax, x=True)
    at = int(np.argmin(np.abs(path.alphas - model.alpha_)))
    last = int(np.flatnonzero(kept)[-1])
    said.append(
        f"path: {alive[at]} of {n_units} units and {kept[at]} of {1 + N_NOISE}"
        f" predictors are left at alpha {model.alpha_:.3g}, which cross-validation chooses"
    )
    said.append(
        f"  the last predictor leaves between alpha {path.alphas[last]:.3g} and"
        f" {path.alphas[last + 1]:.3g}; units left: {alive[last]}, loss on rows seen:"
        f" {path.train_loss[last] / y.var():.2f} of the constant's"
    )


def main():
    figure = blank_figure(3.4)
    said = []
    for ax, draw in zip(figure.subplots(1, 3), (draw_units, draw_rays, draw_path), strict=True):
        draw(ax, said)
    description = "What L1 does to one unit, between zero and a net, and along a path"
    picture = finished_picture(figure, "svg", description)
    PICTURE.write_bytes(picture.data)
    print("\n".join(said))
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    page = f"{before}{BEGIN}```text\n" + "\n".join(said) + f"\n```\n{END}{rest.split(END)[1]}"
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
