"""Rules about single values: not finite, outside their range, in another unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.gate.rule import Hit, Outcome, Rule, cells, number
from correlate.metrics import SIGNED, is_rate

SLACK = 1e-9
POSSIBLE = {
    "params": (1.0, np.inf), "active_params": (1.0, np.inf), "tokens": (0.0, np.inf),
    "flops": (0.0, np.inf), "n": (1.0, np.inf), "stderr": (0.0, np.inf), "chance": (0.0, 1.0),
    "ceiling": (0.0, 1.0),
}  # fmt: skip
"""The least and the most that each column can hold; none can be infinite."""


def rates(scores: pd.DataFrame) -> pd.Series:
    """Which rows are fractions between 0 and 1."""
    table = {metric: is_rate(metric) for metric in scores["metric"].unique()}
    return scores["metric"].map(table).astype(bool) & (scores["band"] != "loss")


def not_finite(scores: pd.DataFrame) -> Outcome:
    """Scores that are infinite or no number."""
    bad = ~np.isfinite(scores["score"])
    if not bad.any():
        return scores, []
    return scores[~bad], [Hit(cells(scores[bad]), "dropped")]


def percentages(scores: pd.DataFrame) -> Outcome:
    """A benchmark whose scores are all percentages where fractions belong: divided by 100."""
    hits = []
    rate = rates(scores)
    over = rate & (scores["score"] > 1 + SLACK)
    for benchmark in scores.loc[over, "benchmark"].unique():
        rows = rate & (scores["benchmark"] == benchmark)
        values = scores.loc[rows, "score"]
        filled = values[values != 0]
        if not (filled > 1).all() or (filled > 100).any() or len(filled) < 3:
            continue
        scores = scores.assign(
            score=scores["score"].mask(rows, scores["score"] / 100),
            stderr=scores["stderr"].mask(rows, scores["stderr"] / 100),
        )
        hits.append(
            Hit(
                (str(benchmark),),
                "corrected",
                number(filled.iloc[0]),
                number(filled.iloc[0] / 100),
                f"{int(rows.sum())} rows",
            )
        )
    return scores, hits


def mixed_scales(scores: pd.DataFrame) -> Outcome:
    """Fractions and percentages in one benchmark: which rows are which is not guessed."""
    over = rates(scores) & (scores["score"] > 1 + SLACK) & (scores["score"] <= 100)
    hits = []
    for benchmark, rows in scores[over].groupby("benchmark", sort=False):
        hits.append(Hit(cells(rows), "dropped", number(rows["score"].iloc[0]),
                        detail=f"{benchmark}: write every score as a fraction, or give a mapping "
                        "with its unit"))  # fmt: skip
    return scores[~over], hits


def out_of_range(scores: pd.DataFrame) -> Outcome:
    """Rates below 0 or above 1, signed rates beyond -1 and 1."""
    kinds = {metric: bool(SIGNED.search(metric)) for metric in scores["metric"].unique()}
    signed = scores["metric"].map(kinds).astype(bool)
    low = np.where(signed, -1.0, 0.0)
    bounded = rates(scores) | signed
    bad = bounded & ((scores["score"] > 1 + SLACK) | (scores["score"] < low - SLACK))
    if not bad.any():
        return scores, []
    values = ", ".join(number(v) for v in scores.loc[bad, "score"].head(5))
    return scores[~bad], [Hit(cells(scores[bad]), "dropped", old=values)]


def impossible_facts(scores: pd.DataFrame) -> Outcome:
    """Sizes, tokens, compute, items and errors that no run can have: taken as unknown.

    A score over no items at all is no score: its row is dropped.
    """
    hits = []
    empty = scores["n"] < 1
    if empty.any():
        old = ", ".join(number(v) for v in scores.loc[empty, "n"].unique()[:5])
        hits.append(Hit(cells(scores[empty]), "dropped", old, detail="n: no items"))
        scores = scores[~empty]
    for column, (least, most) in POSSIBLE.items():
        values = scores[column]
        bad = values.notna() & ~(values.between(least, most) & np.isfinite(values))
        if bad.any():
            old = ", ".join(number(v) for v in values[bad].unique()[:5])
            rows = cells(scores[bad])
            hits.append(
                Hit(rows, "corrected", old, "unknown", f"{column}, from {least:g} to {most:g}")
            )
            scores = scores.assign(**{column: values.mask(bad)})
    return scores, hits


RULES = (
    Rule("impossible-facts", "error", "a figure that no run can have", impossible_facts),
    Rule("not-finite", "error", "a score is infinite or no number", not_finite),
    Rule("percentages", "warning", "percentages where fractions belong", percentages),
    Rule("mixed-scales", "error", "fractions and percentages in one benchmark", mixed_scales),
    Rule("out-of-range", "error", "a score outside its range", out_of_range),
)  # fmt: skip
