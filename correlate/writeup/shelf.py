"""A report on disk, read back: its tables as frames, its figures to look at (the notebooks)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from correlate.errors import InputError

if TYPE_CHECKING:
    from IPython.display import SVG


def table(study: Path | str, name: str) -> pd.DataFrame:
    """One of the report's tables, as ``tables/NAME.csv`` holds it.

    Raises
    ------
    InputError
        If the study has no such table.
    """
    return pd.read_csv(_found(Path(study), f"tables/{name}.csv"))


def numbers(study: Path | str, figure: str) -> pd.DataFrame:
    """What a figure was drawn from, as ``figures/FIGURE.csv`` holds it.

    Raises
    ------
    InputError
        If the study has no such figure.
    """
    return pd.read_csv(_found(Path(study), f"figures/{figure}.csv"))


def pictures(study: Path | str, pattern: str) -> list[SVG]:
    """The figures whose names match ``pattern`` (``curve-*``), ready for ``display``.

    Raises
    ------
    InputError
        If none does.
    """
    from IPython.display import SVG

    folder = Path(study) / "figures"
    found = sorted(folder.glob(f"{pattern}.svg"))
    return [SVG(filename=str(f)) for f in found or [_found(Path(study), f"figures/{pattern}")]]


def _found(study: Path, name: str) -> Path:
    file = study / name
    if not file.is_file():
        raise InputError(f"{file}: not there; write it with python -m correlate report {study}")
    return file
