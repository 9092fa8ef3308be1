"""Static pictures of a finished comparison: every display that a result has, as SVG and PNG."""

from tautnet.files.whole import write_bytes
from tautnet.views.counts import PredictorsDisplay
from tautnet.views.cv_curve import CVDisplay
from tautnet.views.gains import ComparisonDisplay, walked
from tautnet.views.norm_path import PathDisplay
from tautnet.views.plotting import blank_figure, finished_picture
from tautnet.views.training_curve import TrainingCurveDisplay
from tautnet.views.weights import WeightHistogramDisplay

HEIGHT = 4.2


def displays(result):
    """The displays that a result has, by the name of their file.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds.
    """
    found = {
        "comparison": ComparisonDisplay.from_result(result),
        "training": TrainingCurveDisplay.from_result(result),
        "predictors": PredictorsDisplay.from_result(result),
    }
    for row in result["rows"]:
        name = row["penalty"]
        found[f"weights-{name}"] = WeightHistogramDisplay.from_result(result, name)
    for row in walked(result):
        name = row["penalty"]
        found[f"cv-{name}"] = CVDisplay.from_result(result, name)
        found[f"path-{name}"] = PathDisplay.from_result(result, name)
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
            write_bytes(directory / f"{name}.{kind}", picture_of(display, kind, name).data)


def picture_of(display, kind, description):
    """A display by itself as a picture, SVG or PNG."""
    figure = blank_figure(HEIGHT)
    display.plot(figure.subplots())
    return finished_picture(figure, kind, description)
