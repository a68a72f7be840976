"""Answers behind a benchmark's scores: a matrix of rungs by items, where they are at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from correlate.benchmarks import canonical
from correlate.panel import Aligned, Column, Floats, Panel

ITEM = ("doc", "item", "doc_id", "doc_hash", "question_id")
LEAST = 20
"""Items that all rungs must share."""
CLOSE = 0.005
"""How far the mean answer may lie from the score: beyond it they are of another protocol."""
MOST = 50_000_000
"""Answers in one table beyond which they are not read again for a pair."""


def attach(aligned: Aligned, panel: Panel) -> Aligned:
    """``aligned`` with the answers of easy and hard, where they are at hand for every rung."""
    if panel.items is None:
        return aligned
    easy, hard = (
        replace(c, answers=read(Path(panel.items), panel.scores, c, aligned.models))
        for c in (aligned.easy, aligned.hard)
    )
    return replace(aligned, easy=easy, hard=hard)


def read(
    items: Path, scores: pd.DataFrame, column: Column, models: tuple[str, ...]
) -> Floats | None:
    """Answers (m, J) of ``models`` to the items of ``column`` that all of them answered.

    None where the column is no rate, fewer than ``LEAST`` items are shared by all rungs, or the
    answers' means are not the scores.
    """
    if not column.is_rate:
        return None
    own = scores[scores["benchmark"] == column.benchmark].drop_duplicates("model")
    rows = own.set_index("model").reindex(models)
    long = (
        _cells(items, rows, column.benchmark) if items.is_dir() else _table(items, column, models)
    )
    if long is None or long.empty:
        return None
    wide = long.groupby(["model", "item"])["score"].mean().unstack("item").reindex(models)
    shared = wide.to_numpy(float)
    shared = shared[:, np.isfinite(shared).all(axis=0)]
    if shared.shape[1] < LEAST or shared.min() < 0 or shared.max() > 1:
        return None
    near = np.abs(shared.mean(axis=1) - column.score) <= CLOSE
    return shared if near.all() else None


def _cells(folder: Path, rows: pd.DataFrame, benchmark: str) -> pd.DataFrame | None:
    """From a study's cells: of each the metric and filter its score was read with."""
    parts = []
    for model, metric, chosen in zip(rows.index, rows["metric"], rows["filter"], strict=True):
        file = folder / str(model) / benchmark / "items.parquet"
        if not file.is_file():
            return None
        cell = pd.read_parquet(file, columns=["task", "doc", "filter", "metric", "score"])
        cell = cell[(cell["metric"] == metric) & (cell["filter"] == chosen)]
        item = cell["task"].astype(str) + "\0" + cell["doc"].astype(str)
        parts.append(pd.DataFrame({"model": model, "item": item, "score": cell["score"]}))
    return pd.concat(parts) if parts else None


def _table(file: Path, column: Column, models: tuple[str, ...]) -> pd.DataFrame | None:
    """From a table with one row a model and item."""
    parquet = pq.ParquetFile(file)
    names = parquet.schema_arrow.names
    item = next((n for n in ITEM if n in names), None)
    if item is None or parquet.metadata.num_rows > MOST:
        return None
    wanted = [n for n in ("model", "benchmark", item, "score") if n in names]
    long = pq.read_table(file, columns=wanted, filters=[("model", "in", list(models))]).to_pandas()
    if "benchmark" in names:
        known = {b: canonical(str(b)) for b in long["benchmark"].unique()}
        long = long[long["benchmark"].map(known) == column.benchmark]
    return long.rename(columns={item: "item"})[["model", "item", "score"]]
