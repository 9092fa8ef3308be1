"""``tautnet export``: a model file as ONNX."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import one_line_errors, say


def export(
    file: arguments.ModelFile,
    onnx: Annotated[Path, Option(metavar="OUT", help="Where to write the ONNX file.")],
) -> None:
    """Write a model file as ONNX, with its preprocessing.

    The file is kept only if onnxruntime gives the same predictions.
    """
    if onnx.exists() and file.exists() and onnx.samefile(file):
        raise options.UsageError("--onnx names the model file itself: choose another place")
    with one_line_errors():
        from tautnet.files.model_file import load

        for line in load(file).to_onnx(onnx):
            say(f"input {line}", sys.stderr)
        say(f"ONNX: {onnx}", sys.stderr)
