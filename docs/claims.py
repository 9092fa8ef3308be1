"""Draw the pictures of docs/reading-verdicts.md: what each claim looks like in numbers.

Each is a handful of cases, an estimate with its 95 % interval beside the limits of the claim.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

PICTURES = Path(__file__).parent / "pictures" / "claims"
BLUE = "#1f5fbf"
GREY = "#8a8f98"
INK = "#1c2733"

# For each claim its axis, and cases: words, estimate, low, high, and whether it is claimed.
GAINS = {
    "learns": (
        "share explained beyond the constant prediction, %",
        [
            ("learns", 50, 40, 60, True),
            ("cannot tell: the interval reaches 0", 28, -4, 60, False),
            ("nothing to learn: not even 10 % is possible", 0.3, -3, 4, False),
        ],
    ),
    "penalty_helps": (
        "points more explained than unpenalised",
        [
            ("a penalty helps", 12, 6, 18, True),
            ("cannot tell", 5, -4, 14, False),
            ("sure, but under 1 point: does not matter", 0.5, 0.2, 0.8, False),
        ],
    ),
    "network_needed": (
        "points more explained than by the linear model",
        [
            ("the network beats a linear model", 20, 14, 26, True),
            ("cannot tell", 4, -3, 11, False),
            ("a linear model does about as well", 0.3, -2, 2.6, False),
        ],
    ),
    "boosting_better": (
        "points more explained by boosting than by what is delivered",
        [
            ("boosting is better", 6, 3, 9, True),
            ("may be better, cannot tell", 3, -2, 8, False),
            ("does about as well", 0.2, -2, 2.4, False),
            ("is not as good", -7, -11, -3, True),
        ],
    ),
    "carried": (
        "share explained beyond the constant prediction, %",
        [
            ("all rows", 80, 20, 140, False),
            ("without the row that carries it", 5, -8, 18, False),
            ("so it is no claim, and the row is named", None, None, None, False),
        ],
    ),
}


def main():
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, (axis, cases) in GAINS.items():
        draw_gains(name, axis, cases)
    draw_by_heart()
    print(f"written: {PICTURES}")


def draw_gains(name, axis, cases):
    """Cases of a claim, each an interval beside zero and one hundredth of the constant's loss."""
    figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(cases) + 0.9))
    ax.axvspan(-1, 1, color="#eceff3", zorder=0)
    ax.axvline(0, color=INK, linewidth=0.9)
    for i, (_, estimate, low, high, is_claimed) in enumerate(cases):
        if estimate is None:
            continue
        color = BLUE if is_claimed else GREY
        ax.plot([low, high], [i, i], color=color, linewidth=2.4, solid_capstyle="round")
        ax.plot(estimate, i, "o", color=color, markersize=6)
    ax.set_yticks(range(len(cases)), [words for words, *_ in cases])
    ax.set_ylim(len(cases) - 0.5, -0.5)
    ax.set_xlabel(f"{axis}  (shaded: does not matter)")
    save(figure, ax, name)


def draw_by_heart():
    """Share explained of rows seen and of new rows, for a network that knows its rows by heart."""
    figure, ax = plt.subplots(figsize=(7.2, 1.9))
    cases = [
        ("knows its rows by heart, over-fitted", 99.9, 60),
        ("knows its rows by heart, harmless", 99.9, 99.2),
        ("neither", 72, 70),
    ]
    for i, (_, seen, new) in enumerate(cases):
        ax.plot([new, seen], [i, i], color=GREY, linewidth=1.4)
        ax.plot(seen, i, "o", color=GREY, markersize=7, label="rows seen" if i == 0 else None)
        ax.plot(new, i, "o", color=BLUE, markersize=7, label="new rows" if i == 0 else None)
    ax.set_yticks(range(len(cases)), [words for words, *_ in cases])
    ax.set_ylim(len(cases) - 0.5, -0.5)
    ax.set_xlim(50, 102)
    ax.set_xlabel("share explained by the unpenalised network, %")
    ax.legend(frameon=False, loc="lower left", fontsize=8)
    save(figure, ax, "by_heart")


def save(figure, ax, name):
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.tick_params(axis="y", length=0)
    figure.savefig(PICTURES / f"{name}.png", dpi=110, bbox_inches="tight")
    plt.close(figure)


if __name__ == "__main__":
    main()
