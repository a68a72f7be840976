"""Apply a mapping to a table: one row a score, in the panel's columns and units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from correlate.benchmarks import canonical
from correlate.errors import InputError
from correlate.metrics import is_percent
from correlate.panel import NUMERIC, Finding
from correlate.sources.mapping import Mapping, Scored, Unit
from correlate.sources.numbers import Numbers, numbers

METRIC_OF_UNIT: dict[Unit, str] = {"bits_per_byte": "bits_per_byte", "loss": "loss"}


def apply(frame: pd.DataFrame, mapping: Mapping, path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """Scores of ``frame`` in long form, and what had to be said about reading them.

    Raises
    ------
    InputError
        If a column is missing, not accounted for, or holds text where numbers belong.
    """
    _check_columns(frame, mapping, path)
    models = frame[mapping.covariate("model").column].astype(str).str.strip()
    skipped = models.isin(mapping.skip_rows)
    findings = [
        _note("not-a-model", "a row that the mapping says is no model", path, models[skipped])
    ]
    frame, models = frame[~skipped], models[~skipped]
    nameless = models[models == ""]
    if len(nameless):
        raise InputError(f"{path}: line {nameless.index[0]}: no model name; name it or delete it")
    rungs = pd.DataFrame({"model": models}, index=frame.index)
    for name in mapping.columns:
        if name not in ("model", "score"):
            rungs[name] = _covariate(frame, mapping, name, path)
    for name, value in mapping.fixed.items():
        rungs[name] = float(value) if name in NUMERIC else value
    if mapping.layout == "wide":
        scores, more = _wide(frame, rungs, mapping, path)
    else:
        scores, more = _long(frame, rungs, mapping, path)
    return scores, [f for f in (*findings, *more) if f.rows]


def _check_columns(frame: pd.DataFrame, mapping: Mapping, path: Path) -> None:
    have = [str(c) for c in frame.columns]
    missing = [c for c in mapping.used() if c not in have]
    if missing:
        raise InputError(
            f"{path}: column '{missing[0]}': named in the mapping, not in the table; "
            f"the table has {_listed(have)}"
        )
    rest = [c for c in have if c not in mapping.used() and c not in mapping.ignore]
    if rest and not mapping.ignore_rest:
        raise InputError(
            f"{path}: column '{rest[0]}': not in the mapping; add it under columns, benchmarks "
            "or ignore"
        )


def _covariate(frame: pd.DataFrame, mapping: Mapping, name: str, path: Path) -> pd.Series:
    given = mapping.covariate(name)
    column = frame[given.column]
    if name not in NUMERIC:
        return column.astype(str).where(column.notna(), "").str.strip()
    read = numbers(column, f"{path}: column '{given.column}'", frame.index)
    return pd.Series(read.values * given.times, index=frame.index)


def _wide(
    frame: pd.DataFrame, rungs: pd.DataFrame, mapping: Mapping, path: Path
) -> tuple[pd.DataFrame, list[Finding]]:
    parts, findings = [], []
    for column, what in mapping.benchmarks.items():
        read = numbers(frame[column], f"{path}: column '{column}'", frame.index)
        findings += said(read, path, column)
        part = rungs.assign(
            benchmark=what.benchmark,
            score=in_unit(read, what.unit),
            source=[f"{path.name}:{line} [{column}]" for line in frame.index],
        )
        for name, value in _facts(what).items():
            part[name] = value
        parts.append(part[~np.isnan(read.values)])
    # Model by model, so that the panel's order is the table's.
    scores = pd.concat(parts)
    bare = rungs["model"][~rungs.index.isin(scores.index)]
    findings.append(_note("empty-score", "a row without any score", path, bare))
    order = pd.Series(np.arange(len(frame)), index=frame.index)
    return scores.iloc[np.argsort(order.loc[scores.index].to_numpy(), kind="stable")], findings


def _facts(what: Scored) -> dict[str, str | float]:
    given: dict[str, str | float] = {
        "metric": what.metric or METRIC_OF_UNIT.get(what.unit, ""),
        "shots": what.shots,
        "filter": what.filter,
        "band": what.band or ("loss" if what.unit in METRIC_OF_UNIT else ""),
    }
    for name in ("chance", "ceiling", "n"):
        value = getattr(what, name)
        given[name] = np.nan if value is None else float(value)
    return given


def _long(
    frame: pd.DataFrame, rungs: pd.DataFrame, mapping: Mapping, path: Path
) -> tuple[pd.DataFrame, list[Finding]]:
    column = mapping.covariate("score").column
    read = numbers(frame[column], f"{path}: column '{column}'", frame.index)
    scores = rungs.assign(score=in_unit(read, mapping.unit))
    scores["benchmark"] = [canonical(name) for name in rungs["benchmark"]]
    if "source" not in scores:
        scores["source"] = [f"{path.name}:{line}" for line in frame.index]
    hundredths = _hundredths(rungs, mapping.unit)
    scores["score"] = scores["score"].mask(hundredths, scores["score"] / 100)
    if "stderr" in scores:
        percent = hundredths | (mapping.unit == "percent")
        scores["stderr"] = scores["stderr"].mask(percent, scores["stderr"] / 100)
    scores, dropped = drop_empty(scores, path)
    return scores, said(read, path, column) + dropped


def _hundredths(rungs: pd.DataFrame, unit: Unit) -> pd.Series:
    """Rows that lm-eval reports from 0 to 100, where the table is lm-eval's."""
    if unit != "lm-eval" or "metric" not in rungs:
        return pd.Series(False, index=rungs.index)
    pairs = zip(rungs["metric"], rungs["benchmark"], strict=True)
    return pd.Series([is_percent(m, b) for m, b in pairs], index=rungs.index, dtype=bool)


def drop_empty(scores: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Finding]]:
    """``scores`` without the rows that have no score, and the line that lists them."""
    empty = scores["score"].isna()
    gone = _note("empty-score", "a row without a score", path, scores["model"][empty])
    return scores[~empty], [gone] if empty.any() else []


def in_unit(read: Numbers, unit: Unit) -> np.ndarray:
    """Values as fractions where the unit is percent; cells with a percent sign already are."""
    if unit != "percent":
        return read.values
    return np.where(read.percent, read.values, read.values / 100)


def said(read: Numbers, path: Path, column: str) -> list[Finding]:
    """Notes on how the column's numbers were written."""
    place = (f"{path.name}: column '{column}'",)
    said = []
    if read.percent.any():
        said.append(
            Finding("percent-strings", "note", f"{int(read.percent.sum())} cells carry a percent "
                    "sign: read as hundredths", place, "corrected", "45.3%", "0.453")
        )  # fmt: skip
    if read.comma:
        said.append(
            Finding("decimal-comma", "note", "commas read as decimal points: no cell allows "
                    "another reading", place, "corrected", "0,45", "0.45")
        )  # fmt: skip
    if read.grouped:
        said.append(
            Finding("thousands-comma", "note", "commas read as thousands marks: at least one "
                    "cell allows no other reading", place, "corrected", "1,319", "1319")
        )  # fmt: skip
    return said


def _note(rule: str, reason: str, path: Path, models: pd.Series) -> Finding:
    rows = tuple(f"{path.name}:{line} {model}" for line, model in models.items())
    return Finding(rule, "note", reason, rows, "dropped")


def _listed(names: list[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
