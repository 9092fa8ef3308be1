"""Static pictures of a finished comparison as files: every display that a result has, as SVG and
PNG.
"""

from tautnet.views.canvas import blank_figure, finished_picture
from tautnet.views.counts import PredictorsDisplay
from tautnet.views.displays import CVDisplay, PathDisplay, TrainingCurveDisplay
from tautnet.views.gains import ComparisonDisplay, walked
from tautnet.views.weights import WeightHistogramDisplay

HEIGHT = 4.2


def displays(result):
    """The displays that a result has, by the name of their file.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.
    """
    names = [row["penalty"] for row in result["rows"]]
    found = {
        "comparison": ComparisonDisplay.from_result(result),
        "training": TrainingCurveDisplay.from_result(result),
    }
    found["predictors"] = PredictorsDisplay.from_result(result)
    found |= {f"weights-{name}": WeightHistogramDisplay.from_result(result, name) for name in names}
    for row in walked(result):
        found |= {f"cv-{row['penalty']}": CVDisplay.from_result(result, row["penalty"])}
        found |= {f"path-{row['penalty']}": PathDisplay.from_result(result, row["penalty"])}
    return {name: display for name, display in found.items() if display is not None}


def write_figures(result, directory):
    """Write every picture of a result, as SVG and PNG.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.
    directory : pathlib.Path
    """
    for name, display in displays(result).items():
        for kind in ("svg", "png"):
            figure = blank_figure(HEIGHT)
            display.plot(figure.subplots())
            (directory / f"{name}.{kind}").write_bytes(finished_picture(figure, kind, name).data)
