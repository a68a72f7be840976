"""A table of answers in Parquet, one row a model and item: streamed into one score a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from correlate.benchmarks import canonical
from correlate.errors import InputError
from correlate.panel import Finding, Panel
from correlate.registry import join_covariates
from correlate.sources.finish import finish
from correlate.sources.progress import counting

ITEM = ("doc", "item", "doc_id", "doc_hash", "question_id")
BATCH = 1 << 20
"""Rows held at a time."""
KEYS = ["model", "benchmark"]


def is_items(names: list[str]) -> bool:
    """Whether the columns are those of an item table: model, an item's id, score."""
    return {"model", "score"} <= set(names) and any(name in names for name in ITEM)


def load(path: Path) -> Panel:
    """The panel behind the item table at ``path``; ``Panel.items`` points back to it.

    The table has the columns model, one of ``ITEM``, score (right or wrong, or a number) and,
    where it holds several, benchmark. It is read in batches: memory grows with models times
    benchmarks, not with answers.

    Raises
    ------
    InputError
        If the file is broken, or a column is missing or holds no numbers.
    """
    file = _open(path)
    names = [n for n in (*KEYS, "score") if n in file.schema_arrow.names]
    batches = -(-file.metadata.num_rows // BATCH)
    sums: list[pa.Table] = []
    try:
        stream = file.iter_batches(batch_size=BATCH, columns=names)
        for _ in counting(range(batches + file.num_row_groups), "reading items"):
            batch = next(stream, None)
            if batch is None:
                break
            sums.append(_sums(pa.table(batch)))
            if len(sums) > 64:
                sums = [_merge(sums)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        text = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: column 'score': cannot be read as numbers ({text})") from None
    if not sums:
        raise InputError(f"{path}: row 1: the table has no rows; add the answers")
    scores, findings = _scores(_merge(sums).to_pandas(), path)
    scores, joined = join_covariates(scores)
    return finish(scores, path.stem, findings + joined, items=str(path))


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        text = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: not a Parquet file ({text}); write it again") from None


def _sums(batch: pa.Table) -> pa.Table:
    """Count, sum and sum of squares of the scores of each model and benchmark in a batch."""
    score = batch["score"].cast(pa.float64())
    benchmark = (
        batch["benchmark"].cast(pa.string())
        if "benchmark" in batch.column_names
        else pa.array(np.full(len(batch), "items"))
    )
    table = pa.table(
        {
            "model": batch["model"].cast(pa.string()),
            "benchmark": benchmark,
            "n": pc.cast(pc.is_valid(score), pa.float64()),
            "empty": pc.cast(pc.is_null(score), pa.float64()),
            "total": pc.fill_null(score, 0.0),
            "squares": pc.fill_null(pc.multiply(score, score), 0.0),
        }
    )
    return _add(table)


def _merge(sums: list[pa.Table]) -> pa.Table:
    return _add(pa.concat_tables(sums))


def _add(table: pa.Table) -> pa.Table:
    columns = ["n", "empty", "total", "squares"]
    grouped = table.group_by(KEYS, use_threads=False).aggregate([(c, "sum") for c in columns])
    return grouped.rename_columns({f"{c}_sum": c for c in columns})


def _scores(table: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """Means, items and standard errors; models in order of their names."""
    table = table.sort_values(KEYS, kind="stable", ignore_index=True)
    empty = table[table["empty"] > 0]
    findings = []
    if len(empty):
        rows = tuple(f"{m} | {b}" for m, b in zip(empty["model"], empty["benchmark"], strict=True))
        reason = f"{int(empty['empty'].sum())} answers without a score are left out"
        findings.append(Finding("empty-score", "note", reason, rows, "dropped"))
    table = table[table["n"] > 0]
    n = table["n"]
    mean = table["total"] / n
    variance = (table["squares"] / n - mean**2).clip(lower=0)
    return pd.DataFrame(
        {
            "model": table["model"],
            "benchmark": table["benchmark"].map(canonical),
            "score": mean,
            "n": n,
            "stderr": np.sqrt(variance / (n - 1).where(n > 1)),
            "source": f"{path.name}",
        }
    ), findings
