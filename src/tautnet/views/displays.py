SELECTING = ("group", "l1", "elasticnet")


def drawn_penalty(result):
    """The penalty whose path is drawn: the recommended one if it selects, else one that does, else any.

    Returns
    -------
    str or None
        None where only ``none`` was compared.
    """
    names = [row["penalty"] for row in result["rows"] if row["penalty"] != "none"]
    wanted = [result["recommended"], *SELECTING]
    return next((name for name in wanted if name in SELECTING and name in names), names[0] if names else None)


def gain_limits(rows, key):
    """Limits that show the penalties well: a linear map may be so much worse that nothing else could be told apart."""
    shown = [row[key] for row in rows if row["penalty"] != "linear"] or [rows[0][key]]
    ends = [0.0, *(value for versus in shown for value in interval_ends(versus))]
    span = (max(ends) - min(ends)) or 1.0
    low, high = min(ends) - 0.06 * span, max(ends) + 0.06 * span
    everything = [value for row in rows for value in interval_ends(row[key])]
    # Nothing is cut off to win a little room.
    least, most = min(everything), max(everything)
    return (
        least - 0.06 * span if low - span < least < low else low,
        most + 0.06 * span if high < most < high + span else high,
    )


def interval_ends(versus):
    """Both ends of a difference's interval, or the difference itself where it has none."""
    return [versus["diff"] if versus[end] is None else versus[end] for end in ("ci_low", "ci_high")]
