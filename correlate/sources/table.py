"""One table file as a panel: by the user's mapping, a known header, or the panel's own columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from correlate.errors import InputError
from correlate.panel import Finding, Panel
from correlate.registry import join_covariates
from correlate.sources import items
from correlate.sources.finish import finish
from correlate.sources.long import NEEDED, is_long, read_long
from correlate.sources.mapped import apply
from correlate.sources.mapping import Mapping, known_mappings, recognise
from correlate.sources.matrix import is_matrix, read_matrix
from correlate.sources.tables import has_byte_order_mark, header, read_table, sheets


def load(path: Path, mapping: Mapping | None) -> Panel:
    """The panel in the table at ``path``.

    Raises
    ------
    InputError
        If it is no table, or one whose columns nobody has explained.
    """
    if mapping is None:
        names = header(path)
        if path.suffix.lower() == ".parquet" and items.is_items(names):
            return items.load(path)
        name = recognise(names)
        mapping = known_mappings()[name] if name else None
    scores, findings = read_scores(path, mapping)
    if mapping is None or mapping.registry:
        scores, joined = join_covariates(scores)
        findings = findings + joined
    title = mapping.about if mapping and mapping.about and mapping.recognise else path.name
    return finish(scores, title, findings)


def read_scores(path: Path, mapping: Mapping | None) -> tuple[pd.DataFrame, list[Finding]]:
    """Rows of the table at ``path`` before covariates are joined and gaps filled in."""
    frame = read_table(path)
    findings = byte_order_mark(path) + other_sheets(path)
    if mapping is not None:
        scores, more = apply(frame, mapping, path)
    elif is_long(list(frame.columns)):
        scores, more = read_long(frame, path)
    elif is_matrix(list(frame.columns)):
        scores, more = read_matrix(frame, path)
    else:
        missing = [c for c in NEEDED if c not in frame.columns]
        raise InputError(
            f"{path}: line 1: no column '{missing[0]}', and the header is of no known table; say "
            f"what the columns are: python -m correlate map {path} > map.yaml, then --mapping "
            "map.yaml"
        )
    return scores, findings + more


def other_sheets(path: Path) -> list[Finding]:
    """A note where a workbook has more sheets than the one that is read."""
    names = sheets(path)[1:] if path.suffix.lower() == ".xlsx" else []
    reason = "only the first sheet of a workbook is read; save the others as files of their own"
    rows = tuple(f"{path.name}: sheet '{name}'" for name in names)
    return [Finding("sheet-unread", "warning", reason, rows, "dropped")] if rows else []


def byte_order_mark(path: Path) -> list[Finding]:
    """A note where the file starts with a byte-order mark."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or not has_byte_order_mark(path):
        return []
    reason = "the file starts with a byte-order mark: removed, so that the first column is found"
    return [Finding("byte-order-mark", "note", reason, (path.name,), "corrected")]
