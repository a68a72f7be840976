"""A wide table of answers: a row an item, a column a model, 1 where it is solved, else 0."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from correlate.benchmarks import canonical
from correlate.errors import InputError
from correlate.panel import Finding
from correlate.sources.items import ITEM
from correlate.sources.numbers import numbers

NAMES = (*ITEM, "theorem", "problem", "problem_id", "task_id")
"""What the column that names an item is called."""


def is_matrix(names: list[str]) -> bool:
    """Whether the header may be that of an item matrix: an item's name, then models."""
    rest = [name.casefold() for name in names[1:]]
    return bool(rest) and names[0].casefold() in NAMES and "model" not in rest


def read_matrix(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """One score a model: the share of items solved, of those it was asked (empty cells are not).

    The benchmark is the file's name. ``frame`` is as ``read_table`` gives it.

    Raises
    ------
    InputError
        If an item stands twice, or a cell is neither 0, 1 nor empty.
    """
    items, *models = frame.columns
    twice = frame.index[frame[items].duplicated()]
    if len(twice):
        raise InputError(
            f"{path}: line {twice[0]}: item '{frame.loc[twice[0], items]}' stands twice; keep one"
        )
    benchmark = canonical(re.sub(r"(?i)[-_ ]?(item[-_ ]?)?(matrix|items)$", "", path.stem))
    rows, empty = [], []
    for model in models:
        solved = numbers(frame[model], f"{path}: column '{model}'", frame.index).values
        asked = ~np.isnan(solved)
        odd = np.flatnonzero(asked & ~np.isin(solved, (0, 1)))
        if len(odd):
            raise InputError(
                f"{path}: column '{model}', line {frame.index[odd[0]]}: {solved[odd[0]]:g} is "
                "neither 0 nor 1; the table begins with items, so its columns are taken for models "
                f"- if they are benchmarks, say so: python -m correlate map {path} > map.yaml"
            )
        if not asked.all():
            empty.append(f"{model} | {benchmark}: {int((~asked).sum())} of {len(asked)}")
        if asked.any():
            n, k = int(asked.sum()), int(solved[asked].sum())
            rows.append({"model": model, "benchmark": benchmark, "score": k / n, "n": n,
                         "successes": k, "source": f"{path.name} [{model}]"})  # fmt: skip
    reason = f"{len(frame)} items down, {len(models)} models across: each column's mean is a score"
    findings = [Finding("item-matrix", "note", reason, (path.name,), "kept")]
    if empty:
        reason = "items without an answer are left out of the model's mean"
        findings.append(Finding("empty-score", "note", reason, tuple(empty), "dropped"))
    return pd.DataFrame(rows, columns=["model", "benchmark", "score", "n", "successes", "source"]
                        ), findings  # fmt: skip
