"""Samples that lm-eval writes beside its results (--log_samples), held against the scores."""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from correlate.errors import InputError
from correlate.sources.lm_eval import Json, Row, number

CLOSE = 1e-6


@dataclass
class Answers:
    """Count, sum and sum of squares of one metric's items; ``whole`` while all are 0 or 1.

    ``odd`` counts the items whose value is no number: they are in none of the sums.
    """

    n: int = 0
    odd: int = 0
    total: float = 0.0
    squares: float = 0.0
    whole: bool = True

    def add(self, value: float | None) -> None:
        """Take in one item."""
        if value is None or not math.isfinite(value):
            self.odd += 1
            return
        self.n += 1
        self.total += value
        self.squares += value * value
        self.whole = self.whole and value in (0.0, 1.0)

    @property
    def stderr(self) -> float:
        """Standard error of the mean; NaN for fewer than two items."""
        if self.n < 2:
            return math.nan
        mean = self.total / self.n
        return math.sqrt(max(0.0, self.squares / self.n - mean * mean) / (self.n - 1))


@dataclass
class Held:
    """What came of holding samples against scores: files read, and lines that say what is wrong."""

    files: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def hold(file: Path, rows: Iterable[Row], held: Held) -> Iterator[Row]:
    """The rows of an lm-eval result file, gaps filled from the samples beside it.

    A number of items or a standard error that the file leaves open is taken from the samples
    where their mean is the score. Where items are right or wrong and their mean is another, the
    score stays as the file has it and ``held.apart`` says so.
    """
    stamp = file.stem.removeprefix("results_")
    names = beside(str(file.parent)) if stamp != file.stem else frozenset()
    if not names:
        yield from rows
        return
    read: dict[str, dict[tuple[str, str], Answers]] = {}
    for row in rows:
        task = str(row["task"])
        name = f"samples_{task}_{stamp}.jsonl"
        if name not in names:
            yield row
            continue
        if task not in read:
            read[task] = _read(file.with_name(name), held)
        answers = read[task].get((str(row.get("metric")), str(row.get("filter") or "none")))
        yield row if answers is None else _filled(row, answers, name, held)


def _filled(row: Row, answers: Answers, name: str, held: Held) -> Row:
    score = row.get("score")
    if answers.odd:
        held.odd.append(f"{name} [{row['metric']}]: {answers.odd} of {answers.odd + answers.n}")
    if score is None or answers.odd:
        return row
    mean = answers.total / answers.n
    if not abs(mean - score) <= CLOSE * max(1.0, min(abs(mean), abs(score))):
        if answers.whole:
            held.apart.append(f"{name} [{row['metric']}]: {mean:g} where the result is {score:g}")
        return row
    error = row.get("stderr")
    known = error is not None and math.isfinite(error)
    return {**row, "n": row.get("n") or answers.n, "stderr": error if known else answers.stderr}


@lru_cache(maxsize=64)
def beside(folder: str) -> frozenset[str]:
    """Names of the samples files in ``folder``."""
    names = os.listdir(folder)
    return frozenset(n for n in names if n.startswith("samples_") and n.endswith(".jsonl"))


def _read(file: Path, held: Held) -> dict[tuple[str, str], Answers]:
    """Sums by metric and filter; a broken file gives none and a line in ``held.broken``."""
    sums: dict[tuple[str, str], Answers] = defaultdict(Answers)
    try:
        with file.open("rb") as lines:
            for at, line in enumerate(lines, 1):
                _add(json.loads(line), at, sums)
    except (OSError, ValueError, RecursionError, InputError) as error:
        held.broken.append(f"{file.name}: {' '.join(str(error).split())[:100]}")
        return {}
    held.files.append(file.name)
    return sums


def _add(sample: Json, at: int, sums: dict[tuple[str, str], Answers]) -> None:
    if not isinstance(sample, dict):
        raise InputError(f"line {at}: no sample")
    metrics = sample.get("metrics")
    for metric in metrics if isinstance(metrics, list) else ("acc", "exact_match"):
        if not isinstance(metric, str) or metric not in sample:
            continue
        given = sample[metric]
        if isinstance(given, list | dict):  # what an aggregation of lm-eval's own makes a score of
            continue
        value = float(given) if isinstance(given, bool) else number(given)
        sums[metric, str(sample.get("filter") or "none")].add(value)
