"""What a folder holds: a study, published scores, result logs, or tables that belong together."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from correlate.errors import InputError
from correlate.panel import Finding, Panel
from correlate.registry import join_covariates
from correlate.sources import logs, published, study, table
from correlate.sources.finish import finish
from correlate.sources.mapped import apply
from correlate.sources.mapping import Mapping, known_mappings, recognise
from correlate.sources.tables import header, read_table

TABLES = ("*.csv", "*.tsv", "*.parquet", "*.xlsx")


def load(path: Path, mapping: Mapping | None) -> Panel:
    """The panel in the folder at ``path``.

    Raises
    ------
    InputError
        If nothing in it is known, or a mapping is given for more than one table.
    """
    scores = path / "scores.csv"
    if scores.is_file() and mapping is None:
        return published.load(path) if published.is_published(scores) else study.load(path)
    tables = sorted(file for pattern in TABLES for file in path.glob(pattern))
    if mapping is not None and not mapping.join:
        if len(tables) != 1:
            raise InputError(
                f"{path}: {len(tables)} tables in the folder and one mapping without 'join'; "
                "give the one table's path"
            )
        return table.load(tables[0], mapping)
    if tables:
        return _tables(path, tables, mapping)
    files = logs.find(path)
    if files:
        return logs.load(path, files)
    raise InputError(
        f"{path}: nothing known in this folder; it should hold a study's scores.csv, tables, or "
        "result files of lm-eval, lighteval or Inspect"
    )


def _tables(path: Path, tables: list[Path], mapping: Mapping | None) -> Panel:
    """The tables of a folder: joined where the mapping says by what, else one below the other."""
    names = {file: recognise(header(file)) for file in tables}
    if mapping is None:
        joining = {n for n in names.values() if n and known_mappings()[n].join}
        mapping = known_mappings()[joining.pop()] if len(joining) == 1 else None
    if mapping is not None:
        return _joined(path, tables, mapping)
    parts = []
    findings: list[Finding] = []
    for file, name in names.items():
        scores, more = table.read_scores(file, known_mappings()[name] if name else None)
        parts.append(scores)
        findings += more
    scores, joined = join_covariates(pd.concat(parts, ignore_index=True))
    return finish(scores, path.name, findings + joined)


def _joined(path: Path, tables: list[Path], mapping: Mapping) -> Panel:
    """The tables that have the join column, side by side, read by ``mapping``."""
    key = str(mapping.join)
    wide: pd.DataFrame | None = None
    findings: list[Finding] = []
    for file in tables:
        if key not in header(file):
            findings.append(
                Finding("table-unread", "note", f"no column '{key}' to join on", (file.name,),
                        "dropped")
            )  # fmt: skip
            continue
        frame = read_table(file)
        findings += table.byte_order_mark(file) + table.other_sheets(file)
        twice = frame[frame[key].duplicated()]
        if len(twice):
            raise InputError(
                f"{file}: line {twice.index[0]}: '{twice[key].iloc[0]}' stands twice in the join "
                f"column '{key}'; keep one row"
            )
        clash = [] if wide is None else [c for c in frame if c in wide.columns and c != key]
        if clash:
            raise InputError(
                f"{file}: column '{clash[0]}': also in another table of the folder; rename one"
            )
        wide = frame if wide is None else wide.merge(frame, on=key, how="outer", sort=False)
    if wide is None:
        raise InputError(f"{path}: no table has the column '{key}' that the mapping joins on")
    wide = wide.where(wide.notna(), "")
    wide.index = pd.RangeIndex(2, len(wide) + 2)
    scores, more = apply(wide, mapping, path)
    title = mapping.about or path.name
    return finish(scores, title, findings + more)
