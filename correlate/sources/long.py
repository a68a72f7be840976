"""A table in the panel's own columns: a study's scores.csv, or any subset that has enough."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from correlate.errors import InputError
from correlate.panel import COLUMNS, NUMERIC, Finding
from correlate.sources.mapped import drop_empty, said
from correlate.sources.numbers import numbers

NEEDED = ("model", "benchmark", "score")


def is_long(names: list[str]) -> bool:
    """Whether the columns are those of a long table in the panel's own words."""
    return set(NEEDED) <= set(names)


def read_long(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """Scores of a long table; ``frame`` is as ``read_table`` gives it.

    Raises
    ------
    InputError
        If a column is not in the schema, a needed cell is empty or a number is none.
    """
    unknown = [c for c in frame.columns if c not in COLUMNS]
    if unknown:
        raise InputError(
            f"{path}: column '{unknown[0]}': not in results/schema.json; rename or delete it, or "
            f"say what it is in a mapping (python -m correlate map {path.name})"
        )
    scores = pd.DataFrame(index=frame.index)
    findings: list[Finding] = []
    for name in frame.columns:
        if name in NUMERIC:
            read = numbers(frame[name], f"{path}: column '{name}'", frame.index)
            scores[name] = read.values
            findings += said(read, path, name)
        else:
            scores[name] = frame[name].astype(str).where(frame[name].notna(), "").str.strip()
    for name in ("model", "benchmark"):
        empty = scores.index[scores[name] == ""]
        if len(empty):
            raise InputError(f"{path}: line {empty[0]}: no {name}; fill it in or delete the line")
    lines = pd.Series([f"{path.name}:{line}" for line in frame.index], index=frame.index)
    if "source" in scores:
        scores["source"] = scores["source"].where(scores["source"] != "", lines)
    else:
        scores["source"] = lines
    scores, dropped = drop_empty(scores, path)
    return scores, findings + dropped
