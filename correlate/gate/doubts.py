"""Rules about scores that are possible one by one and doubtful together."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
from scipy import stats

from correlate.gate.rule import Hit, Outcome, Rule, cells, number
from correlate.gate.values import rates

FALSE_ALARMS = 0.01
"""Chance of any false alarm among all rows a noise rule looks at (Bonferroni)."""
COMMON = 0.25
SAME_FIGURES = 3
KEY = ["model", "benchmark", "score"]


def _below(scores: pd.DataFrame) -> pd.Series:
    """Distance below chance in standard errors of guessing; NaN where chance or n is unknown."""
    c, n = scores["chance"], scores["n"]
    known = rates(scores) & (c > 0) & (n > 0)
    return ((c - scores["score"]) / np.sqrt(c * (1 - c) / n)).where(known)


def mixed_normalisation(scores: pd.DataFrame) -> Outcome:
    """Raw and chance-normalised scores, (s - c) / (1 - c), in one column.

    A raw score does not fall below a quarter of chance on a hundred items or more (one that
    always gives the same answer does not either), but a weak model's normalised score does.
    """
    chance, items = scores["chance"], scores["n"].fillna(np.inf)
    low = rates(scores) & (chance >= 0.1) & (scores["score"] < chance / 4) & (items >= 100)
    hits = []
    for benchmark, rows in scores[low].groupby("benchmark", sort=False):
        column = scores[scores["benchmark"] == benchmark]
        raw = (column["score"] >= column["chance"]).sum()
        if len(rows) < 3 or raw < 3:
            low &= ~scores.index.isin(rows.index)
            continue
        detail = (
            f"{benchmark}: {len(rows)} rows below a quarter of chance, "
            f"{number(rows['chance'].iloc[0])}, dropped; others of the table may be normalised too"
        )
        hits.append(Hit(cells(rows), "dropped", detail=detail))
    return scores[~low], hits


def below_chance(scores: pd.DataFrame) -> Outcome:
    """Scores further below chance than guessing explains, in a column where few are."""
    return scores, [hit for hit, common in _below_chance(scores) if not common]


def chance_is_no_floor(scores: pd.DataFrame) -> Outcome:
    """A benchmark on which many models score below the stated chance."""
    return scores, [hit for hit, common in _below_chance(scores) if common]


def _below_chance(scores: pd.DataFrame) -> list[tuple[Hit, bool]]:
    z = _below(scores)
    tested = int(z.notna().sum())
    if not tested:
        return []
    far = z > stats.norm.isf(FALSE_ALARMS / tested)
    found = []
    sizes = scores.groupby(["benchmark", "metric"])["model"].size()
    for (benchmark, metric), rows in scores[far].groupby(["benchmark", "metric"], sort=False):
        share = len(rows) / sizes[benchmark, metric]
        worst = rows.loc[z[rows.index].idxmax()]
        detail = (
            f"{benchmark} {metric}: {len(rows)} scores, the lowest {number(worst['score'])} "
            f"against {number(worst['chance'])} on {number(worst['n'])} items"
        )
        found.append((Hit(cells(rows), "kept", detail=detail), share > COMMON))
    return found


def same_figure(scores: pd.DataFrame) -> Outcome:
    """One model with the same score, to the last digit, on three benchmarks or more."""
    rows = scores[rates(scores) & scores["score"].between(0, 1, inclusive="neither")]
    rows = rows[~np.isclose(rows["score"], rows["chance"].fillna(-1))]
    rows = rows[["model", "benchmark", "score", "n"]].drop_duplicates(KEY)
    rows = rows[rows.groupby(["model", "score"])["benchmark"].transform("size") >= SAME_FIGURES]
    rows = rows[~_simple(rows["score"])]
    hits = []
    for _, group in rows.groupby(["model", "score"], sort=False):
        value = float(group["score"].iloc[0])
        if not _of_common_size(value, group["n"]):
            hits.append(Hit(cells(group), "kept", number(value)))
    return scores, hits


def _simple(values: pd.Series) -> np.ndarray:
    """Which values are simple fractions, which benchmarks of many sizes can share."""
    rate = values.to_numpy(float)[:, None]
    parts = np.arange(1, 101)
    found = np.zeros(len(rate), bool)
    for start in range(0, len(rate), 1 << 16):
        some = rate[start : start + (1 << 16)] * parts
        found[start : start + (1 << 16)] = (np.abs(some - np.round(some)) < 1e-9 * parts).any(1)
    return found


def _of_common_size(value: float, n: pd.Series) -> bool:
    """Whether ``value`` is a count over a number of items that all of ``n`` are multiples of.

    104 and 204 items share 52ths: equal figures are then no wonder.
    """
    if n.isna().any():
        return False
    common = math.gcd(*n.astype(int))
    return abs(value * common - round(value * common)) < 1e-6


def rows_copied(scores: pd.DataFrame) -> Outcome:
    """Two models of different runs with the same figures on three benchmarks or more."""
    rows = scores[rates(scores) & scores["score"].between(0, 1, inclusive="neither")]
    rows = rows[~_simple(rows["score"])]
    test = rows.groupby(["benchmark", "metric", "filter", "shots"], sort=False).ngroup()
    figures = pd.DataFrame({"model": rows["model"], "test": test, "score": rows["score"]})
    once = figures.drop_duplicates()
    sharing = once.groupby(["test", "score"])["model"].transform("size")
    two = once[sharing == 2].sort_values(["test", "score", "model"])["model"].to_numpy(object)
    counts = pd.DataFrame({"one": two[::2], "other": two[1::2]}).value_counts()
    pairs = counts[counts >= SAME_FIGURES].sort_index().reset_index(name="count")
    run = scores.drop_duplicates("model").set_index("model")["training_run"]
    named = set(pairs["one"]) | set(pairs["other"])
    ran = figures[figures["model"].isin(named)].groupby("model")["test"].agg(Counter)
    hits = []
    for one, other, count in zip(pairs["one"], pairs["other"], pairs["count"], strict=True):
        if run[one] and run[one] == run[other]:
            continue  # neighbouring checkpoints may be the same weights
        common = sum(times * ran[other][t] for t, times in ran[one].items())
        if count >= 0.5 * common:
            hits.append(Hit((one, other), "kept", detail=f"{count} of {common} scores"))
    return scores, hits


RULES = (
    Rule(
        "mixed-normalisation",
        "error",
        "raw and chance-normalised scores in one column",
        mixed_normalisation,
    ),
    Rule("below-chance", "warning", "below chance by more than noise", below_chance),
    Rule(
        "chance-is-no-floor",
        "note",
        "many models score below the stated chance, so it is no floor here",
        chance_is_no_floor,
    ),
    Rule("same-figure", "warning", "the same figure to the last digit in benchmarks", same_figure),
    Rule("rows-copied", "warning", "two models with the same figures", rows_copied),
)
