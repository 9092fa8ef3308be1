"""A result with names that strangers chose, which could leave their place in page or terminal."""

import json

# A name, and what of it may be shown.
NAMES = {
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "\"' onload='alert(1)' x=\"": "\"' onload='alert(1)' x=\"",
    "$x^2$ $\\frac{$": "$x^2$ $\\frac{$",
    "two\nlines": "two lines",
    "right\u202eleft \u200f": "right\ufffdleft \ufffd",
    "\U0001f600 smile": "\U0001f600 smile",
    "half \ud83d": "half \ufffd",
    "</script><img src=x onerror=alert(1)>": "</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }} {% raw %} ${7*7}": "{{ 7*7 }} {% raw %} ${7*7}",
    "line\u2028and\u2029page": "line and page",
    "<!-- <script> &lt; &amp;": "<!-- <script> &lt; &amp;",
    "\x1b[31mred --> ]]>": "\ufffd[31mred --> ]]>",
}
JOINED = " & ".join(NAMES)
SHOWN = " & ".join(NAMES.values())
FORBIDDEN = "[\x00-\x09\x0b-\x1f\u200e\u200f\u202a-\u202e\ud800-\udfff]"


def hostile(result):
    """The result as JSON carries it: the first predictor has all names, classes one each."""

    def change(value):
        if isinstance(value, dict):
            return {change(key): change(one) for key, one in value.items()}
        if isinstance(value, list):
            return [change(one) for one in value]
        return JOINED if value == result["detail"]["predictors"][0] else value

    detail = change(result["detail"])
    named = {name: name for name in NAMES}
    detail |= {"classes": list(NAMES), "left_out": named, "doubtful": named, "decision": JOINED}
    return json.loads(json.dumps(result | {"data": JOINED, "target": JOINED, "detail": detail}))
