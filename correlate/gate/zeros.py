"""Rules about exact zeros: a run that failed on a whole group, an answer parser that broke."""

from __future__ import annotations

import re

import pandas as pd

from correlate.gate.rule import Hit, Outcome, Rule
from correlate.gate.values import rates

FEWEST_SUBTASKS = 3
EXPECTED = 7.0
"""Items that models no stronger solve, at the least, for a zero to be a fault: exp(-7) < 0.001."""
ASSUMED_ITEMS = 100.0
NO_STRONGER = 0.02
"""Mean lead on shared tests, as a fraction, up to which a model counts as no stronger."""
SHARED_TESTS = 3


def tests(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a model, benchmark and number of shots: its best rate and its items."""
    rows = scores[rates(scores)]
    key = ["model", "benchmark", "shots"]
    table = rows.groupby(key, sort=False).agg(
        score=("score", "max"), n=("n", "max"), family=("family", "first")
    )
    table = table.reset_index()
    table["n"] = table["n"].fillna(ASSUMED_ITEMS)
    table["test"] = table["benchmark"] + "|" + table["shots"]
    table["group"] = table["benchmark"].map(_prefix)
    return table


def _prefix(benchmark: str) -> str:
    """What the parts of one group share: 'mmlu' of 'MMLU: anatomy', 'math' of 'math_algebra'."""
    return re.split(r"[ :_-]", benchmark, maxsplit=1)[0].casefold()


def failed_run(scores: pd.DataFrame) -> Outcome:
    """Zero on every part of a group by a model that scores elsewhere, where weaker ones score."""
    table = tests(scores)
    hits = []
    dropped = pd.Series(False, index=scores.index)
    zero = table.groupby(["model", "group", "shots"]).agg(
        best=("score", "max"), parts=("benchmark", "nunique")
    )
    suspects = zero[(zero["best"] == 0) & (zero["parts"] >= FEWEST_SUBTASKS)]
    for model, group, shots in suspects.index:
        own = table[
            (table["model"] == model) & (table["group"] == group) & (table["shots"] == shots)
        ]
        if not _others_score(table, own, str(model), {str(model)}):
            continue
        rows = (scores["model"] == model) & (scores["shots"] == shots)
        rows &= scores["benchmark"].isin(own["benchmark"])
        dropped |= rows
        named = tuple(f"{model} | {b}" for b in own["benchmark"])
        hits.append(Hit(named, "dropped", "0", detail=f"{len(own)} parts of '{group}'"))
    return scores[~dropped], hits


def family_zero(scores: pd.DataFrame) -> Outcome:
    """Zero by every model of a family on one benchmark, where others or other shots score."""
    table = tests(scores)
    hits = []
    zero = table.groupby(["family", "test"]).agg(best=("score", "max"), models=("model", "nunique"))
    for family, test in zero[(zero["best"] == 0) & (zero["models"] >= 2)].index:
        own = table[(table["family"] == family) & (table["test"] == test)]
        members = set(own["model"])
        if not any(
            _others_score(table, one, str(one["model"].iloc[0]), members)
            or _scores_otherwise(table, one)
            for _, one in own.groupby("model")
        ):
            continue
        named = tuple(f"{m} | {b}" for m, b in zip(own["model"], own["benchmark"], strict=True))
        hits.append(Hit(named, "kept", "0", detail=f"{family}, {len(own)} models"))
    return scores, hits


def _others_score(table: pd.DataFrame, own: pd.DataFrame, model: str, without: set[str]) -> bool:
    """Whether every model that is no stronger elsewhere solves items where ``own`` solves none.

    Models that are zero on all these tests as well do not count: they may have failed too.
    """
    others = table[table["test"].isin(own["test"]) & ~table["model"].isin(without)]
    rate = others.groupby("model")["score"].mean()
    rate = rate[rate > 0]
    solved = table[(table["score"] > 0) & ~table["group"].isin(own["group"])]
    mine = solved[solved["model"] == model].set_index("test")["score"]
    shared = solved[solved["test"].isin(mine.index) & solved["model"].isin(rate.index)]
    lead = shared["score"] - shared["test"].map(mine).astype(float)
    by_model = lead.groupby(shared["model"]).agg(["mean", "size"])
    no_stronger = by_model[(by_model["mean"] <= NO_STRONGER) & (by_model["size"] >= SHARED_TESTS)]
    rate = rate[rate.index.isin(no_stronger.index)]
    return len(rate) > 0 and bool(rate.min() * own["n"].sum() >= EXPECTED)


def _scores_otherwise(table: pd.DataFrame, own: pd.DataFrame) -> bool:
    """Whether the same model clearly scores on the same benchmark with other shots."""
    same = (table["model"] == own["model"].iloc[0]) & table["benchmark"].isin(own["benchmark"])
    return bool((table.loc[same, "score"] * table.loc[same, "n"]).max() >= EXPECTED)


RULES = (
    Rule(
        "failed-run",
        "error",
        "zero on every part of a group by a model that scores elsewhere",
        failed_run,
    ),
    Rule(
        "family-zero",
        "warning",
        "exactly zero by a whole family where others, or other shots, score: a parser at fault?",
        family_zero,
    ),
)
