"""``tautnet export``: a model file as ONNX."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import note_written, one_line_errors, say


def export(
    file: arguments.ModelFile,
    onnx: Annotated[
        Path,
        Option(
            metavar="OUT",
            callback=options.file,
            help="Where to write the ONNX file; - for stdout.",
        ),
    ],
) -> None:
    """Write a model file as ONNX, with its preprocessing.

    The file is kept only if onnxruntime gives the same predictions.
    """
    if onnx.exists() and file.exists() and onnx.samefile(file):
        raise options.UsageError("--onnx names the model file itself: choose another place")
    with one_line_errors():
        from tautnet.files.model_file import load

        inputs = load(file).to_onnx(onnx)
        note_written(f"ONNX: {onnx}")
        for line in inputs:
            say(f"input {line}", sys.stderr)
        say(f"ONNX: {onnx}", sys.stderr)
