"""A table of answers in Parquet, one row a model and item: streamed into one score a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from correlate.benchmarks import canonical
from correlate.errors import InputError
from correlate.panel import Finding, Floats, Ints, Panel
from correlate.registry import join_covariates
from correlate.sources.finish import finish
from correlate.sources.progress import counting

ITEM = ("doc", "item", "doc_id", "doc_hash", "question_id")
BATCH = 1 << 20
"""Rows held at a time."""
KEYS = ["model", "benchmark"]
ONE = "items"
"""What the benchmark is called where the table does not say."""


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
    sums = Sums()
    for models, benchmarks, score in stream(path):
        sums.add(models, benchmarks, score)
    if not sums.place:
        raise InputError(f"{path}: row 1: the table has no rows; add the answers")
    scores, findings = means(sums.table(), path.name)
    scores, joined = join_covariates(scores)
    return finish(scores, path.stem, findings + joined, items=str(path))


@dataclass
class Sums:
    """Answers, empty answers, sum and sum of squares of each model and benchmark so far."""

    place: dict[tuple[str, str], int] = field(default_factory=dict)
    total: Floats = field(default_factory=lambda: np.zeros((4, 64)))

    def add(
        self, models: pa.DictionaryArray, benchmarks: pa.DictionaryArray, score: Floats
    ) -> None:
        """Take in a batch of answers; a score that is NaN is an empty one."""
        names = [models.dictionary.to_pylist(), benchmarks.dictionary.to_pylist()]
        first, second = (a.indices.to_numpy(zero_copy_only=False) for a in (models, benchmarks))
        code, found = pd.factorize(first.astype(np.int64) * len(names[1]) + second)
        at = self._places([(names[0][k // len(names[1])], names[1][k % len(names[1])])
                           for k in found.tolist()])  # fmt: skip
        empty = np.isnan(score)
        value = np.where(empty, 0.0, score)
        with np.errstate(over="ignore", invalid="ignore"):  # what is infinite meets the gate
            for row, weight in enumerate((~empty, empty, value, value * value)):
                counted = np.bincount(code, weights=weight, minlength=len(found))
                np.add.at(self.total[row], at, counted)

    def _places(self, keys: list[tuple[str, str]]) -> Ints:
        at = np.array([self.place.setdefault(k, len(self.place)) for k in keys], dtype=np.int64)
        while len(self.place) > self.total.shape[1]:
            self.total = np.hstack([self.total, np.zeros_like(self.total)])
        return at

    def table(self) -> pd.DataFrame:
        """One row a model and benchmark, in order of their names."""
        frame = pd.DataFrame(list(self.place), columns=KEYS)
        frame[["n", "empty", "total", "squares"]] = self.total[:, : len(frame)].T
        return frame.sort_values(KEYS, kind="stable", ignore_index=True)


def stream(path: Path) -> Iterator[tuple[pa.DictionaryArray, pa.DictionaryArray, Floats]]:
    """Batches of the table at ``path``: models, benchmarks, scores (NaN where empty).

    Raises
    ------
    InputError
        If the file is broken, a row names no model, or scores are no numbers.
    """
    try:
        # the names are read as codes: a string a row would cost ten times the scores
        schema = pq.read_schema(path)
        names = [n for n in (*KEYS, "score") if n in schema.names]
        twice = [name for name in names if schema.names.count(name) > 1]
        if twice:
            raise InputError(f"{path}: column '{twice[0]}' stands twice; rename or delete one")
        texts = [n for n in names[:-1] if schema.field(n).type in (pa.string(), pa.large_string())]
        file = pq.ParquetFile(path, read_dictionary=texts)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: not a Parquet file ({_text(error)}); write it again") from None
    row = 0
    try:
        batches = file.iter_batches(batch_size=BATCH, columns=names)
        groups = (file.metadata.row_group(i) for i in range(file.num_row_groups))
        total = sum(-(-group.num_rows // BATCH) for group in groups)
        for batch in counting(batches, total, "reading items"):
            yield _columns(batch, path, row)
            row += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path}: after row {row}: cannot be read ({_text(error)}); write it again"
        ) from None


def _columns(
    batch: pa.RecordBatch, path: Path, row: int
) -> tuple[pa.DictionaryArray, pa.DictionaryArray, Floats]:
    models = _coded(batch, "model", path)
    if "benchmark" in batch.schema.names:
        benchmarks = _coded(batch, "benchmark", path)
    else:
        codes = pa.array(np.zeros(len(batch), np.int32))
        benchmarks = pa.DictionaryArray.from_arrays(codes, pa.array([ONE]))
    for name, column in zip(KEYS, (models, benchmarks), strict=True):
        blank = [i for i, text in enumerate(column.dictionary.to_pylist()) if not text.strip()]
        missing = column.is_null().to_numpy(zero_copy_only=False)
        if blank:
            missing |= np.isin(column.indices.to_numpy(zero_copy_only=False), blank)
        if missing.any():
            at = row + int(np.flatnonzero(missing)[0]) + 1
            raise InputError(f"{path}: row {at}: no {name}; fill it in or delete the row")
    try:
        score = batch["score"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowException as error:
        raise InputError(
            f"{path}: column 'score': cannot be read as numbers ({_text(error)})"
        ) from None
    return models, benchmarks, score


def _coded(batch: pa.RecordBatch, name: str, path: Path) -> pa.DictionaryArray:
    """The column as texts by code, whatever type names have there."""
    try:
        column = batch[name]
        if not isinstance(column, pa.DictionaryArray):
            column = column.cast(pa.string()).dictionary_encode()
        if column.dictionary.type != pa.string():
            column = pa.DictionaryArray.from_arrays(
                column.indices, column.dictionary.cast(pa.string())
            )
        column.dictionary.validate(full=True)
    except pa.ArrowException as error:
        raise InputError(f"{path}: column '{name}': holds no text ({_text(error)})") from None
    return column


def _text(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]


def means(table: pd.DataFrame, source: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Means, items and standard errors from the sums of ``Sums.table``."""
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
            "source": source,
        }
    ), findings
