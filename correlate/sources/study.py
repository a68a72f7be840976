"""A study folder that eval wrote: scores.csv in the schema's columns, items beside it.

What eval did not know of a rung, such as one that was imported, is looked up in the registry.
"""

from __future__ import annotations

from pathlib import Path

from correlate.panel import Panel
from correlate.registry import join_covariates
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
    scores, joined = join_covariates(scores)
    cells = path / "cells"
    has_items = cells.is_dir() and next(cells.glob("*/*/items.parquet"), None) is not None
    return finish(
        scores,
        path.name,
        findings + joined,
        study=path.name,
        items=str(cells) if has_items else None,
    )
