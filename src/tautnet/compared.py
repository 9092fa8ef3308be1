"""A finished comparison: its numbers, its words, its report and its model."""

import html
import io
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from tautnet.views.gains import ComparisonDisplay

# Characters of a line of what is printed, and CSS pixels of a report in a notebook.
WIDTH = 100
HEIGHT = 800


@dataclass(frozen=True)
class EmbeddedReport:
    """The report as a notebook shows it, in a frame of its own.

    Attributes
    ----------
    page : str
        HTML that loads nothing.
    height : int
        In CSS pixels.
    """

    page: str
    height: int = HEIGHT

    def _repr_html_(self) -> str:
        """The page within another."""
        page = html.escape(self.page)
        style = f"width: 100%; height: {self.height}px; border: 1px solid #d0d7de"
        return f'<iframe srcdoc="{page}" style="{style}" title="report"></iframe>'


@dataclass(frozen=True)
class Comparison:
    """Penalties side by side.

    Attributes
    ----------
    result : dict
        The object that ``tautnet compare --json`` prints.
    detail : dict
        Everything that the report draws: curves, paths, exits, outer-fold predictions.
    model : TautNetClassifierCV, TautNetRegressorCV, TautNetSurvivalCV or FittedModel
        What is delivered, fitted on all rows: the recommended network or linear map, where
        boosting is recommended the best of those. That of `load_run` is a `FittedModel`; None
        where only the numbers are at hand.
    """

    result: dict[str, Any]
    detail: dict[str, Any]
    model: Any = None

    @property
    def verdict(self) -> str:
        """The verdict as one string."""
        return self.result["verdict"]

    @property
    def sentences(self) -> list[str]:
        """The verdict, sentence by sentence."""
        return self.detail["sentences"]

    @property
    def recommended(self) -> str:
        """What to use: the name of a penalty, "linear" or "boosting"."""
        return self.result["recommended"]

    @property
    def delivered(self) -> str:
        """What `model` is: the name of a penalty, or "linear"."""
        return self.result["delivered"]

    def predict(self, X: Any) -> Any:
        """Predict new rows with what is delivered, as its own ``predict`` does.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)

        Raises
        ------
        ValueError
            Where there is no model.
        """
        if self.model is None:
            raise ValueError("these are the numbers of a run alone: its model is not at hand")
        return self.model.predict(X)

    def plot(self, ax: "Axes | None" = None) -> "ComparisonDisplay | None":
        """Draw by how much each row is better than the network without a penalty, or a constant.

        Returns
        -------
        ComparisonDisplay or None
            None where there is nothing to compare with.
        """
        from tautnet.views.gains import ComparisonDisplay

        display = ComparisonDisplay.from_comparison(self)
        return None if display is None else display.plot(ax)

    def report(self, height: int = HEIGHT) -> EmbeddedReport:
        """The whole report, for a notebook to show; `to_html` writes it into a file."""
        from tautnet.views.report import render_report

        return EmbeddedReport(render_report(self.whole()), height)

    def frame(self) -> "pd.DataFrame":
        """The rows as a data frame, one penalty a row.

        The linear map, boosting and the honest choice stand below.
        """
        import pandas as pd

        rows = [
            *self.result["rows"],
            self.result["linear"],
            *([] if self.result["boosting"] is None else [self.result["boosting"]]),
            self.result["chosen"] | {"penalty": "chosen"},
        ]
        flat = [{k: v for k, v in row.items() if not isinstance(v, dict | list)} for row in rows]
        return pd.DataFrame(flat).set_index("penalty")

    def whole(self, command: str | None = None) -> dict[str, Any]:
        """The object that ``result.json`` holds, with ``detail``.

        The report is drawn from it.

        Parameters
        ----------
        command : str, optional
            What to type to get the same again.
        """
        return self.result | {"detail": self.detail | {"command": command}}

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write the report: one HTML file that loads nothing.

        Parameters
        ----------
        path : path
            Written over where it exists.

        Returns
        -------
        pathlib.Path
        """
        from tautnet.views.report import write_report

        return write_report(self.whole(), path)

    def _repr_html_(self) -> str:
        """The verdict and the table, for notebooks."""
        from tautnet.views.report import render_summary

        return render_summary(self.whole())

    def __str__(self) -> str:
        """The table and the verdict, as the command prints them."""
        from rich.console import Console

        from tautnet.views.terminal import print_comparison

        stream = io.StringIO()
        print_comparison(self.whole(), self.sentences, Console(file=stream, width=WIDTH))
        return stream.getvalue().rstrip("\n")

    def __repr__(self) -> str:
        return (
            f"Comparison({self.result['data']}, recommended={self.recommended!r})\n{self.verdict}"
        )


def load_run(directory: str | PathLike[str]) -> Comparison:
    """Read a finished run: what ``tautnet compare --out DIR`` has written.

    Parameters
    ----------
    directory : path

    Returns
    -------
    Comparison
        Its model is a `FittedModel`; None where the directory holds none.

    Raises
    ------
    TableError
        Where there is no run.
    ModelFileError
        Where its model is none that can be trusted.

    Examples
    --------
    >>> load_run("none")
    Traceback (most recent call last):
    tautnet.tables.errors.TableError: cannot read none/result.json: No such file or directory; ...
    """
    from tautnet.files.journal import settled
    from tautnet.files.model_file import load
    from tautnet.files.run_directory import MODEL
    from tautnet.views.report import read_result

    settled(directory)
    result = read_result(directory)
    path = Path(directory) / MODEL
    return Comparison(result, result.pop("detail"), load(path) if path.exists() else None)
