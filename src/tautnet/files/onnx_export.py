"""A fitted model is written as an ONNX file, and the file is checked before."""

import warnings
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from tautnet.files.parts import Model
from tautnet.files.whole import write_bytes
from tautnet.tables.arrays import Booleans, Cells, Floats
from tautnet.tables.cells import TableLike, as_frame, as_numbers
from tautnet.tables.errors import TableError
from tautnet.tables.recipes import Recipe, level_codes, read_codes

__all__ = ["feeds", "sample", "write_onnx"]

N_ROWS = 500
TOLERANCE = 1e-5
EPOCH = np.datetime64("1970-01-01", "us")
DAY = 86_400e6


def write_onnx(model: Model, path: str | PathLike[str]) -> list[str]:
    """Write a fitted model as an ONNX file, after a sample has given the same predictions.

    The file holds all that a prediction needs, encoding and scaling too, in double. It has one
    input of shape (rows, 1) for each predictor that has a weight, under the predictor's name:

    - numbers in double, NaN where one is missing; dates as days since 1970-01-01, so too;
    - categories and truth values as text without outer spaces: numbers and truth values in any
      usual spelling, such as 1, "1.0", "true" or "yes"; the empty text where a cell is missing (the
      input's description names another text where the empty one is a level). Levels that were not
      seen in training are welcome.

    The outputs are ``probabilities`` (rows, classes) and ``label`` (rows,) of a classifier, with
    several labels 0 or 1 for each; ``prediction`` (rows, outputs) of a regressor; ``risk`` (rows,
    1) of a survival model. An infinite number is an error elsewhere and is not told apart here.

    Parameters
    ----------
    model : FittedModel
    path : path
        Replaced as a whole, and only where everything went well.

    Returns
    -------
    list of str
        What each input takes, one line each.

    Raises
    ------
    TableError
        Without onnx or onnxruntime, where the file's predictions on a sample are not the model's
        (probabilities to 1e-5, others to 1e-5 of the target's standard deviation), or where the
        file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, tautnet as tn
    >>> X = pd.DataFrame({"age": np.arange(50.0), "town": ["Ulm", "Bonn"] * 25})
    >>> model = tn.TautNetRegressor("l2", 0.1, hidden_layer_sizes=()).fit(X, X["age"])
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     model.to_onnx(pathlib.Path(directory, "age.onnx"))
    ["'age': a number, NaN where it is missing", "'town': category as text, '' where it is missing"]
    """
    _check_extra()
    from tautnet.files.onnx_graph import make_model

    small = model.prune()
    made = make_model(small)
    content = made.SerializeToString(deterministic=True)
    _check(model, small, content)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    except OSError as error:
        raise TableError(
            f"cannot write to {path}: {error.strerror or error}; choose another place"
        ) from None
    return [one.doc_string for one in made.graph.input]


def _check_extra() -> None:
    """Raise where the packages for ONNX are not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise TableError(
            f"an ONNX file needs {error.name or 'onnx'}: pip install 'tautnet[onnx]'"
        ) from None


def feeds(model: Model, frame: TableLike) -> list[Cells]:
    """Return what the inputs of the ONNX file take for the rows of a table.

    Parameters
    ----------
    model : FittedModel
        Pruned: all its predictors are fed.
    frame : data frame
        Columns are found by name.

    Returns
    -------
    list of arrays of shape (n_rows, 1)
        One for each of ``model.encoder.recipes``: float64 of numbers and dates, objects of
        categories.
    """
    from tautnet.files.onnx_graph import missing_text

    frame = as_frame(frame)
    fed = []
    for recipe in model.encoder.recipes:
        name = recipe["predictor"]
        if "levels" in recipe:
            cells, codes, texts = read_codes(recipe, level_codes(recipe), frame[name])
            levels = dict(enumerate(recipe["levels"]))
            read = [
                text if code is None else levels.get(code, missing_text(recipe))
                for text, code in zip(texts, codes, strict=True)
            ]
            values = np.array([*read, missing_text(recipe)], dtype=object)[cells]
        else:
            way = recipe.get("written", "")
            values = as_numbers(name, frame[name], recipe["kind"], way)
        fed.append(values[:, np.newaxis])
    return fed


def sample(model: Model) -> pd.DataFrame:
    """Return rows to check a file with.

    They hold numbers around their centres, every level, levels that are unknown, and missing cells.

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    pandas.DataFrame
        The same for the same model.
    """
    rng = np.random.default_rng(0)
    encoder = model.encoder
    centre, scale, _ = model.members[0].scaling
    table = {}
    for position, recipe in enumerate(encoder.recipes):
        if "levels" in recipe:
            cells = _sampled_levels(rng, recipe)
        else:
            first = np.argmax(encoder.column_predictor == position)
            cells = _sampled_numbers(rng, centre[first], scale[first], recipe["kind"])
        table[recipe["predictor"]] = cells
    return pd.DataFrame(table)


def _sampled_levels(rng: np.random.Generator, recipe: Recipe) -> Cells:
    """Draw the cells of a category: its levels, one that is unknown, and missing cells."""
    unseen = "?" * (1 + max(map(len, recipe["levels"]), default=0))
    texts = np.array([unseen, None, *recipe["levels"]], dtype=object)
    return texts[rng.permutation(np.arange(N_ROWS) % len(texts))]


def _sampled_numbers(rng: np.random.Generator, centre: float, scale: float, kind: str) -> Cells:
    """Draw numbers or dates around a centre, and missing cells."""
    numbers = centre + 2 * scale * rng.normal(size=N_ROWS)
    numbers[rng.random(N_ROWS) < 0.2] = np.nan
    if kind != "date":
        return numbers
    missing = np.isnan(numbers)
    spans = np.where(missing, 0.0, numbers * DAY).round().astype("timedelta64[us]")
    dates = EPOCH + spans
    dates[missing] = "NaT"
    return dates


def run(content: bytes, fed: list[Cells]) -> list[Cells]:
    """Return the outputs of an ONNX file, in the order of the graph.

    Parameters
    ----------
    content : bytes
    fed : list of arrays
        As `feeds` makes them.

    Returns
    -------
    list of arrays
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, fed, strict=True)))


def _check(model: Model, small: Model, content: bytes) -> None:
    """Raise where the file's predictions for a sample are not those of the model before pruning."""
    frame = sample(model)
    try:
        found, *labels = run(content, feeds(small, frame))
    except Exception as error:  # Its errors share no class of their own.
        why = " ".join(str(error).split())[:200]
        raise TableError(f"onnxruntime cannot run the file, nothing was written: {why}") from None
    with warnings.catch_warnings():
        # The sample holds levels that are unknown, for a reason.
        warnings.simplefilter("ignore", UserWarning)
        predicted = model.predict(frame)
        expected = predicted.reshape(len(frame), -1)
        if model.classes is not None:
            expected = model.predict_proba(frame)
    # Not a number anywhere is a mismatch, too.
    if not (np.abs(found - expected) <= TOLERANCE * _unit(model, expected)).all():
        raise TableError(
            f"onnxruntime does not give the model's predictions to {TOLERANCE:g}: nothing was"
            " written"
        )
    if labels and not _same_labels(model, expected, predicted, labels[0]):
        raise TableError("onnxruntime does not give the model's labels: nothing was written")


def _unit(model: Model, expected: Floats) -> Floats | float:
    """Return what differences of predictions are measured in.

    That is the standard deviation of the target, and 1 for probabilities and risks. Counts may be
    huge: they are compared to as many digits.
    """
    if model.members[0].mean_name == "exp":
        return np.maximum(1.0, np.abs(expected))
    return 1.0 if model.classes is not None else model.members[0].target_scaling.scale


def _same_labels(model: Model, probabilities: Floats, expected: Cells, found: Cells) -> bool:
    """Tell whether labels are equal wherever the probabilities tell clearly which it is."""
    clear = _clear(model, probabilities)
    return bool((found[clear].astype(str) == expected[clear].astype(str)).all())


def _clear(model: Model, probabilities: Floats) -> Booleans:
    """Tell where the label does not depend on the last digits of a probability."""
    if model.task == "multilabel":
        return np.abs(probabilities - 0.5) > TOLERANCE
    best = np.sort(probabilities, axis=1)
    return best[:, -1] - best[:, -2] > 2 * TOLERANCE
