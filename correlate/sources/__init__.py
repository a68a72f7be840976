"""Any results in: find out what a path holds and load it as a panel; one module a format."""

from __future__ import annotations

from pathlib import Path

from correlate.errors import InputError
from correlate.panel import Panel
from correlate.sources import folder, logs, table
from correlate.sources.mapping import read_mapping


def load(path: str | Path, mapping: str | Path | None = None) -> Panel:
    """The panel at ``path``, its format found out by looking.

    ``path`` is a study folder, ``results/published``, a folder or file of lm-eval, lighteval or
    Inspect results, a folder of known tables (the ObsScaling CSVs, joined on ``Model``), or one
    table (CSV, Parquet, Excel): known by its header, in the panel's own columns, or explained by
    ``mapping``, a YAML file that ``python -m correlate map FILE`` drafts.

    Raises
    ------
    InputError
        Naming file, place and remedy, where anything cannot be read as scores.
    """
    path = Path(path)
    given = read_mapping(Path(mapping)) if mapping is not None else None
    if not path.exists():
        raise InputError(
            f"{path}: no such file or folder; give a study folder, a table, a folder of lm-eval "
            "results, or results/published"
        )
    if path.is_dir():
        return folder.load(path, given)
    if given is None and path.suffix in logs.SUFFIXES:
        return logs.load(path, [path])
    return table.load(path, given)
