"""python -m correlate map: draft the mapping of a table by looking at it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    table: Annotated[Path, typer.Argument(help="CSV, Parquet or Excel file")],
) -> None:
    """Draft a mapping for TABLE on stdout; read it, mend it, and give it as --mapping.

    Example: python -m correlate map scores.csv > map.yaml
    """
    from correlate.sources.draft import draft

    print(draft(table), end="")
