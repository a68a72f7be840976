"""A table in the panel's own columns: a study's scores.csv, or any subset that has enough."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from correlate.errors import InputError
from correlate.panel import COLUMNS, NUMERIC, Finding
from correlate.sources.mapped import drop_empty, said
from correlate.sources.numbers import numbers

NEEDED = ("model", "benchmark", "score")
MEASURED = ("score", "stderr", "n", "successes", "identity")
"""What may differ between two readings of one thing; every other column says what was read."""


def is_long(names: list[str]) -> bool:
    """Whether the columns are those of a long table in the panel's own words."""
    return set(NEEDED) <= set(names)


def read_long(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """Scores of a long table; ``frame`` is as ``read_table`` gives it.

    Raises
    ------
    InputError
        If a column is not in the schema, a needed cell is empty, a number is none, or two rows
        differ in nothing but their score.
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
    _refuse_rivals(scores, path)
    lines = pd.Series([f"{path.name}:{line}" for line in frame.index], index=frame.index)
    if "source" in scores:
        scores["source"] = scores["source"].where(scores["source"] != "", lines)
    else:
        scores["source"] = lines
    scores, dropped = drop_empty(scores, path)
    return scores, findings + dropped


def _refuse_rivals(scores: pd.DataFrame, path: Path) -> None:
    """Two scores that no column tells apart cannot be chosen between, and are not averaged."""
    key = [c for c in scores.columns if c not in MEASURED]
    once = scores.drop_duplicates([*key, "score"])  # the same line twice is the gate's business
    rivals = once[once.duplicated(key, keep=False)]
    if rivals.empty:
        return
    same = rivals[key].eq(rivals[key].iloc[0]) | (rivals[key].isna() & rivals[key].iloc[0].isna())
    first, second = rivals[same.all(axis=1)].index[:2]
    row = rivals.loc[first]
    raise InputError(
        f"{path}: lines {first} and {second}: {row['model']} | {row['benchmark']} is "
        f"{row['score']:g} and {rivals.loc[second, 'score']:g}; keep one, or add a column that "
        "says how they differ (shots, metric, filter, source)"
    )
