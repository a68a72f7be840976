"""The panel: a tidy table of scores with the rungs' covariates, and the arrays cut from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlate import metrics
from correlate.benchmarks import resolve
from correlate.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS: tuple[str, ...] = (
    "study", "family", "model", "revision", "stage", "params", "active_params", "tokens", "flops",
    "architecture", "release", "training_run", "benchmark", "band", "metric", "filter", "shots",
    "chance", "ceiling", "n", "successes", "score", "stderr", "task_version", "prompt_hash",
    "reported_by", "source", "identity",
)  # fmt: skip
"""Columns of scores.csv, in order; results/schema.json describes each (a test compares both)."""

NUMERIC: tuple[str, ...] = (
    "params", "active_params", "tokens", "flops", "chance", "ceiling", "n", "successes", "score",
    "stderr",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing the gate found: the rule, the rows it hit and what was done about them."""

    rule: str
    severity: str  # error, warning, note
    reason: str
    rows: tuple[str, ...]  # "model | benchmark" or "file:line", whatever finds the row again
    action: str  # kept, dropped, corrected
    old: str = ""  # the value before a correction
    new: str = ""


@dataclass(frozen=True)
class Panel:
    """Scores in long form, columns as in ``COLUMNS``, and what was done to them on the way in.

    ``items`` is a folder or file with per-item scores where there are any (columns model,
    benchmark, doc, score). Rows of one (model, benchmark) under several protocols may stand
    side by side; ``correlate.protocols.choose`` picks one and says why.
    """

    scores: pd.DataFrame
    title: str
    findings: tuple[Finding, ...] = ()
    items: str | None = None

    @property
    def benchmarks(self) -> list[str]:
        """Benchmark names in order of first appearance."""
        return list(self.scores["benchmark"].drop_duplicates())

    def note(self, *findings: Finding) -> Panel:
        """The same panel with ``findings`` added."""
        return replace(self, findings=self.findings + findings)


@dataclass(frozen=True)
class Column:
    """One benchmark over m rungs. Arrays have shape (m,); a missing score is NaN.

    ``n`` is the number of items (NaN where unknown); ``chance`` and ``ceiling`` are fractions.
    ``higher_is_better`` is False for losses and bits per byte, which are not fractions:
    ``is_rate`` is then False too and no logit applies. ``answers`` (m, J) are scores by item, where
    every rung has them for the same items (``correlate.sources.answers``).
    """

    benchmark: str
    band: str
    score: Floats
    n: Floats
    stderr: Floats
    chance: float
    ceiling: float
    is_rate: bool = True
    higher_is_better: bool = True
    answers: Floats | None = None


@dataclass(frozen=True)
class Pair:
    """Which benchmarks are put against each other."""

    easy: str
    hard: str
    placebo: str | None = None


@dataclass(frozen=True)
class Aligned:
    """The rungs that have both scores of a pair, as arrays of shape (m,).

    ``family`` and ``run`` are codes 0..k-1 (runs are nested in families); ``log_compute``,
    ``log_params`` and ``log_tokens`` are natural logs, NaN where unknown; ``release`` is days
    since 1970-01-01, NaN where unknown. Rows are sorted by family, compute, params.
    ``others`` are further benchmarks of the panel on the same rungs, with gaps.
    """

    pair: Pair
    models: tuple[str, ...]
    family: Ints
    families: tuple[str, ...]
    run: Ints
    log_compute: Floats
    log_params: Floats
    log_tokens: Floats
    release: Floats
    easy: Column
    hard: Column
    placebo: Column | None = None
    others: tuple[Column, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def m(self) -> int:
        """Rungs with both scores."""
        return len(self.models)


def align(panel: Panel, pair: Pair) -> Aligned:
    """Cut the arrays for ``pair`` out of ``panel``: one row per rung that has both scores.

    Names may be aliases ('arc_challenge' for ARC-C). The panel must hold at most one row per
    (model, benchmark) by now (``correlate.protocols.choose``).

    Raises
    ------
    InputError
        If a benchmark is unknown or a (model, benchmark) stands twice.
    """
    scores = panel.scores
    pair = named(panel, pair)
    wanted = [b for b in (pair.easy, pair.hard, pair.placebo) if b is not None]
    twice = scores.duplicated(["model", "benchmark"], keep=False)
    if twice.any():
        first = scores[twice].iloc[0]
        raise InputError(
            f"{panel.title}: {first['model']} | {first['benchmark']}: {int(twice.sum())} rows "
            "share a model and benchmark; choose one protocol first (correlate.protocols.choose)"
        )
    rungs = _rungs(scores)
    ends = scores[scores["benchmark"].isin([pair.easy, pair.hard])]
    wide = ends.pivot(index="model", columns="benchmark", values="score")
    both = wide.index[wide[[pair.easy, pair.hard]].notna().all(axis=1)]
    rungs = rungs.loc[rungs.index.isin(both)]
    family, families = pd.factorize(rungs["family"])
    run, _ = pd.factorize(rungs["family"] + "\0" + rungs["training_run"])
    at = rungs.index.get_indexer(pd.Index(scores["model"]))
    parts = scores[COLUMN_OF].assign(at=at).groupby("benchmark", sort=False)
    columns = {str(name): _column(rows, str(name), len(rungs)) for name, rows in parts}
    return Aligned(
        pair=pair,
        models=tuple(rungs.index),
        family=family.astype(np.int64),
        families=tuple(families),
        run=run.astype(np.int64),
        log_compute=_log(rungs["flops"]),
        log_params=_log(rungs["active_params"].fillna(rungs["params"])),
        log_tokens=_log(rungs["tokens"]),
        release=_days(rungs["release"]),
        easy=columns[pair.easy],
        hard=columns[pair.hard],
        placebo=columns[pair.placebo] if pair.placebo else None,
        others=tuple(c for b, c in columns.items() if b not in wanted),
    )


def named(panel: Panel, pair: Pair) -> Pair:
    """``pair`` in the names of ``panel``, aliases resolved.

    Raises
    ------
    InputError
        If the panel has no such benchmark.
    """
    known = panel.benchmarks
    found = {b: resolve(b, known) for b in (pair.easy, pair.hard, pair.placebo) if b is not None}
    for asked, name in found.items():
        if name not in known:
            raise InputError(
                f"{panel.title}: benchmark '{asked}': not in the panel; it has {_listed(known)}"
            )
    return Pair(found[pair.easy], found[pair.hard], found[pair.placebo] if pair.placebo else None)


def _listed(names: list[str], most: int = 30) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def is_rate(rows: pd.DataFrame) -> bool:
    """Whether one benchmark's rows hold fractions, not losses or bits per byte."""
    kinds = rows[["metric", "band"]].fillna("").drop_duplicates().astype(str)
    return all(metrics.is_rate(m, b) for m, b in zip(kinds["metric"], kinds["band"], strict=True))


def _rungs(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per model with its covariates, sorted by family, compute, params."""
    rungs = scores.drop_duplicates("model").set_index("model")
    own_run = rungs["training_run"].astype(object).fillna("").astype(str)
    rungs = rungs.assign(training_run=own_run.where(own_run != "", rungs.index.to_series()))
    return rungs.sort_values(["family", "flops", "params"], kind="stable")


COLUMN_OF = ["benchmark", "score", "n", "stderr", "chance", "ceiling", "metric", "band"]


def _column(rows: pd.DataFrame, benchmark: str, m: int) -> Column:
    """The benchmark of ``rows`` over m rungs, gaps as NaN; ``at`` says which rung, -1 for none."""
    kept = rows["at"].to_numpy() >= 0
    at = rows["at"].to_numpy()[kept]

    def over(name: str) -> Floats:
        values = np.full(m, np.nan)
        values[at] = rows[name].to_numpy(float)[kept]
        return values

    band = str(rows["band"].iloc[0])
    rate = is_rate(rows)
    return Column(
        benchmark=benchmark,
        band=band,
        score=over("score"),
        n=over("n"),
        stderr=over("stderr"),
        chance=_first(rows["chance"], 0.0) if rate else 0.0,
        ceiling=_first(rows["ceiling"], 1.0) if rate else float("inf"),
        is_rate=rate,
        higher_is_better=rate or metrics.higher_is_better(str(rows["metric"].iloc[0]), band),
    )


def _first(values: pd.Series, default: float) -> float:
    known = values.dropna()
    return float(known.iloc[0]) if len(known) else default


def _log(values: pd.Series) -> Floats:
    numbers = values.to_numpy(float)
    safe = np.where(numbers > 0, numbers, np.nan)
    return np.asarray(np.log(safe), dtype=np.float64)


def _days(release: pd.Series) -> Floats:
    dates = pd.to_datetime(release.replace("", None), errors="coerce", format="mixed")
    days = (dates - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
    return np.asarray(days, dtype=np.float64)
