"""Bring rows from any source to the panel's columns and types, filling in what is known by name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from correlate.benchmarks import fact
from correlate.errors import InputError
from correlate.metrics import UNBOUNDED
from correlate.naming import stem
from correlate.panel import COLUMNS, NUMERIC, Finding, Panel


def finish(
    scores: pd.DataFrame,
    title: str,
    findings: Iterable[Finding] = (),
    study: str = "",
    items: str | None = None,
) -> Panel:
    """A panel of ``scores``, which has model, benchmark, score and any other panel columns.

    Text columns come out as strings ("" for unknown), numbers as floats (NaN for unknown). Band,
    chance, ceiling and n are filled in for benchmarks of benchmarks.yaml where the source leaves
    them open; compute as 6 x active parameters x tokens (Kaplan et al. 2001.08361, section 2.1).

    Raises
    ------
    InputError
        If there is no row at all.
    """
    if scores.empty:
        raise InputError(f"{title}: no scores in it; check that this is the file you meant")
    full = scores.reindex(columns=list(COLUMNS)).reset_index(drop=True)
    for name in COLUMNS:
        if name in NUMERIC:
            full[name] = pd.to_numeric(full[name]).astype(float)
        else:
            full[name] = full[name].astype(object).where(full[name].notna(), "").astype(str)
    if study:
        full["study"] = full["study"].where(full["study"] != "", study)
    full = _items(_known_facts(_derived_n(full)))
    full["flops"] = full["flops"].where(full["flops"].notna(), six_nd(full))
    full, derived = _families(full)
    return Panel(full, title, (*findings, *derived), items)


def six_nd(scores: pd.DataFrame) -> pd.Series:
    """6 x active parameters x tokens, NaN where either is unknown."""
    return 6 * scores["active_params"].fillna(scores["params"]) * scores["tokens"]


def _derived_n(full: pd.DataFrame) -> pd.DataFrame:
    """Gaps in n filled from the standard error, where that determines it."""
    gap = full["n"].isna() & full["stderr"].notna()
    if gap.any():
        full.loc[gap, "n"] = known_n(full.loc[gap, "score"], full.loc[gap, "stderr"])
    return full


def _items(full: pd.DataFrame) -> pd.DataFrame:
    """Successes where n x score is a whole number, within the rounding of a stored fraction."""
    count = full["n"] * full["score"]
    whole = (count - count.round()).abs() < 1e-3
    return full.assign(successes=full["successes"].fillna(count.round().where(whole)))


def _known_facts(full: pd.DataFrame) -> pd.DataFrame:
    """Gaps in band, chance, ceiling and n filled from benchmarks.yaml."""
    names = full["benchmark"].drop_duplicates()
    known = {name: found for name in names if (found := fact(name)) is not None}
    likelihood = full["metric"].str.contains(UNBOUNDED) | (full["band"] == "loss")
    for column in ("chance", "ceiling", "n"):
        values = {name: getattr(k, column) for name, k in known.items()}
        by_name = full["benchmark"].map(values).astype(float)
        full[column] = full[column].fillna(by_name.mask(likelihood & (column != "n")))
    bands = full["benchmark"].map({name: k.band for name, k in known.items()}).fillna("")
    bands = bands.mask(likelihood, "loss")
    full["band"] = full["band"].where(full["band"] != "", bands.astype(str))
    return full


def _families(full: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Rows without a family get one from the model's name, and a line that says so."""
    open_rows = full["family"] == ""
    if not open_rows.any():
        return full, []
    read = full.loc[open_rows, "model"].map(stem)
    full.loc[open_rows, "family"] = read
    pairs = pd.DataFrame({"model": full.loc[open_rows, "model"], "family": read}).drop_duplicates()
    finding = Finding(
        "family-from-name",
        "note",
        "no family stated: the model's name without its size is taken, so that sizes of one "
        "series count as one family",
        tuple(f"{m} -> {f}" for m, f in zip(pairs["model"], pairs["family"], strict=True)),
        "corrected",
    )
    return full, [finding]


def known_n(score: pd.Series, stderr: pd.Series) -> np.ndarray:
    """Items behind a mean of right-or-wrong answers, from its standard error; NaN where unclear.

    lm-eval gives the sample standard error, se^2 = p (1 - p) / (n - 1), which determines n up
    to rounding; a value that is not close to a whole number belongs to another kind of mean.
    """
    p, se = score.to_numpy(float), stderr.to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        n = 1 + p * (1 - p) / se**2
        whole = np.round(n)
        fits = (np.abs(n - whole) < 1e-3) & (whole >= 2)
        fits &= np.abs(p * whole - np.round(p * whole)) < 1e-3
    return np.where(fits, whole, np.nan)
