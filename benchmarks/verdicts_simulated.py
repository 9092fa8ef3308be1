"""Compare on simulated tables whose truth is known, and count what is said and not true.

    python benchmarks/verdicts_simulated.py [--tables 20] [--only noise,linear] [--minutes 60]
    python benchmarks/verdicts_simulated.py --report [--write]

Each table is kept in ``build/verdicts_simulated`` once it is done, with its claims, its verdict and
its truth; it is not run again, so that a run may be cut off at any time (delete its file to run it
again). What was said is judged at each report; ``--report`` alone runs nothing.
"""

import argparse
import json
import os
import re
import time
from pathlib import Path

import numpy as np
from common import commit, machine, markdown, write_section
from simulated_tables import (
    EMPTY,
    KINDS,
    LEAK,
    boosting_loss,
    fresh_losses,
    simulate,
)

KEPT = Path(__file__).parents[1] / "build" / "verdicts_simulated"
# At most so many of a hundred tables may have a false claim: over all kinds, and within one kind
# that was run longer.
LIMIT = 8
LIMIT_OF_KIND = 9
RUN_LONGER = 100
# Of tables that surely have something to learn, at most so many of a hundred are said to have not.
LIMIT_MISSED = 5
NOTHING = "nothing to learn"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=int, default=20, help="tables of each kind")
    parser.add_argument("--only", default=",".join(KINDS), help="kinds, with commas")
    parser.add_argument("--minutes", type=float, help="start no table after so long")
    parser.add_argument("--report", action="store_true", help="count what is kept, run nothing")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    arguments = parser.parse_args()
    kinds = arguments.only.split(",")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        parser.error(f"no kind is called {', '.join(unknown)}: choose from {', '.join(KINDS)}")
    if not arguments.report:
        run_all(kinds, arguments.tables, arguments.minutes)
    text = report(kinds)
    if arguments.write:
        write_section("verdicts-simulated", text)
    else:
        print(text)


def run_all(kinds, n_tables, minutes):
    """Run what is not kept yet; a table of each kind in turn, so that all kinds get on alike."""
    KEPT.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    for number in range(n_tables):
        for kind in kinds:
            file = KEPT / f"{kind}-{number}.json"
            if file.exists():
                continue
            if minutes is not None and time.monotonic() - start > 60 * minutes:
                print("time is up: run again to go on", flush=True)
                return
            print(f"{file.stem} ...", end=" ", flush=True)
            kept = run(kind, number)
            draft = file.with_suffix(".part")
            draft.write_text(json.dumps(kept, allow_nan=False) + "\n", encoding="utf-8")
            os.replace(draft, file)
            print(f"{kept['seconds']:.1f} s", flush=True)


def run(kind, number):
    """What is kept of one table: what was said of it, its truth, and losses on new rows."""
    from tautnet import compare

    table = simulate(kind, number)
    notes = []
    start = time.perf_counter()
    comparison = compare(
        table.rows.frame,
        table.rows.target,
        ordered=table.ordered,
        n_jobs=2,
        name=f"{kind}-{number}",
        on_note=notes.append,
    )
    seconds = time.perf_counter() - start
    fresh = fresh_losses(table, comparison.model)
    if fresh is not None:
        fresh["boosting"] = boosting_loss(table)
    return {
        "kind": kind,
        "number": number,
        "commit": commit(),
        "seconds": seconds,
        "truth": table.truth,
        "fresh": fresh,
        "notes": notes,
        "sentences": comparison.sentences,
        "result": comparison.result,
    }


def judge(kept):
    """What is false, what is missed, and what is only remarked, of one table."""
    found = {"false": [], "missed": [], "remarked": []}
    for question in QUESTIONS:
        question(kept, found)
    return found


def surely_learnable(kept):
    """Whether there is so much to learn on so many rows that it must not be missed."""
    return (
        kept["kind"] in ("linear", "additive")
        and kept["truth"]["explained"] >= 0.3
        and kept["result"]["n_rows"] >= 300
        and kept["result"]["n_predictors"] <= 10
    )


def _learns(kept, found):
    holds = kept["result"]["claims"]["learns"]["holds"]
    truth = kept["truth"]
    if not truth["learnable"]:
        if holds:
            found["false"].append("learns")
        return
    if surely_learnable(kept) and not holds:
        found["false" if holds is False else "missed"].append(NOTHING)
    elif kept["kind"] == "one_outlier" and holds is False:
        found["false"].append(f"{NOTHING}, for one row")
    elif not holds:
        said = "no" if holds is False else "cannot tell"
        found["remarked"].append(f"learns: {said}, with {truth['explained']:.0%} to explain")


def _network(kept, found):
    """Whether a network is needed.

    A target that stands among the predictors asks for neither; in sparse tables a penalty that
    leaves predictors out may well do better than the linear map under l2.
    """
    claim = kept["result"]["claims"]["network_needed"]
    truth = kept["truth"]
    kind = kept["kind"]
    needless = claim["holds"] and claim["matters"] and truth["linear"]
    if needless and kind == "sparse":
        found["remarked"].append("a network is needed, for a linear truth")
    elif needless and kind != "leak":
        found["false"].append("a network is needed")
    if kind == "interaction" and claim["holds"] is False:
        where = "false" if truth["explained"] >= 0.5 else "remarked"
        found[where].append("no network is needed")


def _use(kept, found):
    """Whether what is said to be of use is better than the constant on new rows."""
    fresh = kept["fresh"]
    if not kept["result"]["claims"]["delivered"]["holds"]:
        return
    if fresh is None:
        found["false"].append("use")
    elif fresh["model"] > fresh["constant"]:
        found["false"].append("use of what is worse than the constant")


def _boosting(kept, found):
    fresh = kept["fresh"]
    holds = kept["result"]["claims"]["boosting_better"]["holds"]
    if fresh is None or fresh["boosting"] is None or holds is None:
        return
    is_better = fresh["boosting"] < fresh["model"]
    if holds and not is_better:
        found["remarked"].append("boosting is better, not so on new rows")
    # A difference of so little does not matter.
    margin = 0.05 * fresh["constant"]
    if not holds and fresh["boosting"] + margin < fresh["model"]:
        found["remarked"].append("boosting is no better, but is on new rows")


def _over_fitting(kept, found):
    if kept["result"]["claims"]["over_fitted"]["holds"] is False:
        found["remarked"].append("not over-fitted")


def _leak(kept, found):
    if kept["kind"] == "leak" and not any(LEAK in text for text in said_of_table(kept)):
        found["missed"].append("the target among the predictors")


def _copies(kept, found):
    if kept["kind"] == "copies" and not any(
        re.search(r"\b(copy|copies|equal)\b", text) for text in said_of_table(kept)
    ):
        found["missed"].append("copies of rows")


QUESTIONS = (_learns, _network, _use, _boosting, _over_fitting, _leak, _copies)


def said_of_table(kept):
    """What is said of the table itself: notes before the fits, doubts after them."""
    return [*kept["notes"], *(doubt["text"] for doubt in kept["result"]["claims"]["doubts"])]


def report(kinds):
    """Counts for each kind, totals beside their limits, and each false or missed claim."""
    files = [file for kind in kinds for file in KEPT.glob(f"{kind}-*.json")]
    every = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if not every:
        raise SystemExit(f"nothing is kept in {KEPT}: run without --report")
    every.sort(key=lambda kept: (KINDS.index(kept["kind"]), kept["number"]))
    for kept in every:
        kept["found"] = judge(kept)
    rows = [_row(kind, [kept for kept in every if kept["kind"] == kind]) for kind in KINDS]
    commits = sorted({kept["commit"] for kept in every})
    parts = [
        markdown([row for row in [*rows, _row("all", every)] if row]),
        f"{_totals(every)}\n{_regrets(every)}".strip(),
        *(_listed(every, what) for what in ("false", "missed", "remarked")),
        f"{machine()} Tables were run at {', '.join(commits)}.",
    ]
    return "\n\n".join(part for part in parts if part)


def _row(kind, tables):
    """One line of the table, None where no table of the kind was run."""
    if not tables:
        return None
    claims = [kept["result"]["claims"] for kept in tables]
    learns = [claim["learns"]["holds"] for claim in claims]
    used = sum(bool(claim["delivered"]["holds"]) for claim in claims)
    needed = [claim["network_needed"]["holds"] for claim in claims]
    return {
        "kind": kind,
        "tables": len(tables),
        "with a false claim": _count(tables, "false"),
        "with something missed": _count(tables, "missed"),
        "learns: yes / no / cannot tell": _answers(learns),
        "use": used,
        "network needed: yes / no / cannot tell": _answers(needed),
        "seconds, median": f"{np.median([kept['seconds'] for kept in tables]):.1f}",
        "in all": f"{sum(kept['seconds'] for kept in tables):.0f}",
    }


def _count(tables, what):
    return sum(bool(kept["found"][what]) for kept in tables)


def _answers(holds):
    return f"{holds.count(True)} / {holds.count(False)} / {holds.count(None)}"


def _totals(every):
    """Counts beside their limits, a line each."""
    lines = [_limited("tables with a false claim", _count(every, "false"), len(every), LIMIT)]
    for kind in KINDS:
        tables = [kept for kept in every if kept["kind"] == kind]
        if len(tables) >= RUN_LONGER:
            what = f"{kind}: tables with a false claim"
            lines.append(_limited(what, _count(tables, "false"), len(tables), LIMIT_OF_KIND))
    learnable = [kept for kept in every if surely_learnable(kept)]
    wrong = sum(NOTHING in kept["found"]["false"] + kept["found"]["missed"] for kept in learnable)
    if learnable:
        what = "linear and additive tables, surely learnable, of which that is not said"
        lines.append(_limited(what, wrong, len(learnable), LIMIT_MISSED))
    return "\n".join(lines)


def _limited(what, count, n_tables, limit):
    share = 100 * count / n_tables
    judged = "kept" if share <= limit else "EXCEEDED"
    return f"- {what}: {count} of {n_tables}, {share:.1f} % (limit {limit} %: {judged})"


def _regrets(every):
    """How much more than the best row's the loss of what is recommended is, and on new rows."""
    ratios = []
    shares = []
    for kept in every:
        result = kept["result"]
        rows = {row["penalty"]: row["test_loss"] for row in result["rows"]}
        rows["linear"] = result["linear"]["test_loss"]
        if result["boosting"]:
            rows["boosting"] = result["boosting"]["test_loss"]
        ratios.append(rows[result["recommended"]] / max(min(rows.values()), 1e-300))
        if kept["fresh"] and kept["kind"] not in EMPTY:
            shares.append(1 - kept["fresh"]["model"] / kept["fresh"]["constant"])
    # A loss of nearly 0, as with the target among the predictors, makes any ratio.
    ordinary = [ratio for kept, ratio in zip(every, ratios, strict=True) if kept["kind"] != "leak"]
    lines = []
    if ordinary:
        lines.append(
            "- loss of what is recommended, relative to the best row's, both on outer folds: "
            f"geometric mean {np.exp(np.mean(np.log(ordinary))):.3f}, 95th percentile"
            f" {np.quantile(ordinary, 0.95):.3f} (without leak)"
        )
    if shares:
        lines.append(
            "- of what can be learned, the delivered model has learned: median"
            f" {np.median(shares):.0%}, 5th percentile {np.quantile(shares, 0.05):.0%}"
        )
    return "\n".join(lines)


def _listed(every, what):
    """Each table of which something false was said, with the first sentence of its verdict."""
    lines = []
    for kept in every:
        if kept["found"][what]:
            said = "; ".join(kept["found"][what])
            truth = f"{kept['truth']['explained']:.0%} to explain"
            size = f"{kept['result']['n_rows']} x {kept['result']['n_predictors']}"
            lines.append(f"- {kept['kind']}-{kept['number']} ({size}, {truth}): {said}")
            if what != "remarked":
                lines[-1] += f'. "{kept["sentences"][0]}"'
    return f"{what.capitalize()}:\n\n" + "\n".join(lines) if lines else ""


if __name__ == "__main__":
    main()
