"""A finished comparison: its numbers, its words, its report and its model."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Penalties side by side.

    Attributes
    ----------
    result : dict
        The object that ``tautnet compare --json`` prints.
    detail : dict
        Everything that the report draws: curves, paths, exits, outer-fold predictions.
    model : TautNetClassifierCV, TautNetRegressorCV or TautNetSurvivalCV
        What is delivered, fitted on all rows: the recommended network or linear map, where
        boosting is recommended the best of those; None where only the numbers are at hand.
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

    def __repr__(self) -> str:
        return (
            f"Comparison({self.result['data']}, recommended={self.recommended!r})\n{self.verdict}"
        )
