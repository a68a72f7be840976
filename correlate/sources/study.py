"""A study folder that eval wrote: scores.csv in the schema's columns, items beside it."""

from __future__ import annotations

from pathlib import Path

from correlate.panel import Panel
from correlate.sources.finish import finish
from correlate.sources.long import read_long
from correlate.sources.tables import read_table


def load(path: Path) -> Panel:
    """The panel of the study in folder ``path``.

    Raises
    ------
    InputError
        If scores.csv is malformed or has a column the schema does not know.
    """
    table = path / "scores.csv"
    scores, findings = read_long(read_table(table), table)
    cells = path / "cells"
    has_items = cells.is_dir() and next(cells.glob("*/*/items.parquet"), None) is not None
    return finish(
        scores, path.name, findings, study=path.name, items=str(cells) if has_items else None
    )
