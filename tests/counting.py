"""Work counted in calls instead of seconds: the same on every machine."""

import sys


def count_calls(function, *arguments):
    """Number of functions, compiled ones too, that a function calls, and what it returns."""
    n_calls = 0

    def count(frame, event, argument):
        nonlocal n_calls
        n_calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = function(*arguments)
    finally:
        sys.setprofile(before)
    return n_calls, result
