"""A wide table of answers: a row an item, a column a model, 1 where it is solved, else 0."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from correlate.benchmarks import canonical
from correlate.errors import InputError
from correlate.panel import Finding, Floats
from correlate.sources.items import ITEM
from correlate.sources.numbers import EMPTY

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
        If an item stands twice, or a cell is neither 0 (false), 1 (true) nor empty.
    """
    items, *models = frame.columns
    twice = frame.index[frame[items].astype(str).duplicated()]
    if len(twice):
        raise InputError(
            f"{path}: line {twice[0]}: item '{frame.loc[twice[0], items]}' stands twice; keep one"
        )
    benchmark = canonical(re.sub(r"(?i)[-_ ]?(item[-_ ]?)?(matrix|items)$", "", path.stem))
    solved = _answers(frame[models], path)
    n, k = (~np.isnan(solved)).sum(axis=0), np.nansum(solved, axis=0)
    reason = f"{len(frame)} items down, {len(models)} models across: each column's mean is a score"
    findings = [Finding("item-matrix", "note", reason, (path.name,), "kept")]
    gaps = len(frame) - n
    if gaps.any():
        reason = "items without an answer are left out of the model's mean"
        rows = tuple(f"{m} | {benchmark}: {gap} of {len(frame)}"
                     for m, gap in zip(models, gaps, strict=True) if gap)  # fmt: skip
        findings.append(Finding("empty-score", "note", reason, rows, "dropped"))
    scores = pd.DataFrame({"model": models, "benchmark": benchmark, "n": n, "successes": k})
    scores["source"] = [f"{path.name} [{model}]" for model in models]
    scores = scores[scores["n"] > 0]
    return scores.assign(score=scores["successes"] / scores["n"]), findings


def _answers(cells: pd.DataFrame, path: Path) -> Floats:
    """The cells as 0, 1 or NaN where empty, shape (items, models)."""
    texts = cells.astype(object).where(cells.notna(), "").astype(str).to_numpy(object)
    codes, words = pd.factorize(texts.ravel())
    values = np.array([_answer(str(word)) for word in words])
    odd = np.flatnonzero(np.isinf(values[codes]))
    if len(odd):
        at, model = divmod(int(odd[0]), cells.shape[1])
        raise InputError(
            f"{path}: column '{cells.columns[model]}', line {cells.index[at]}: "
            f"'{texts[at, model][:40]}' is neither 0 nor 1; the table begins with items, so its "
            "columns are taken for models - if they are benchmarks, say so: python -m correlate "
            f"map {path} > map.yaml"
        )
    return np.asarray(values[codes].reshape(texts.shape), dtype=np.float64)


def _answer(text: str) -> float:
    """1 or 0 ('true' or 'false'), NaN for an empty cell, infinity for anything else."""
    word = text.strip().casefold()
    if word in EMPTY:
        return np.nan
    if word in ("true", "false"):
        return float(word == "true")
    try:
        value = float(word)
    except ValueError:
        return np.inf
    return value if value in (0.0, 1.0) else np.inf
