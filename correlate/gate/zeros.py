"""Rules about exact zeros: a run that failed on a whole group, an answer parser that broke."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from correlate.gate.rule import Hit, Outcome, Rule
from correlate.gate.values import rates
from correlate.panel import Ints

FEWEST_SUBTASKS = 3
EXPECTED = 7.0
"""Items that models no stronger solve, at the least, for a zero to be a fault: exp(-7) < 0.001."""
ASSUMED_ITEMS = 100.0
NO_STRONGER = 0.02
"""Mean lead on shared tests, as a fraction, up to which a model counts as no stronger."""
SHARED_TESTS = 3
CHUNK = 256
"""Suspects compared with all other models at a time."""


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
    groups = {name: _prefix(name) for name in table["benchmark"].unique()}
    table["group"] = table["benchmark"].map(groups)
    return table


def _prefix(benchmark: str) -> str:
    """What the parts of one group share: 'mmlu' of 'MMLU: anatomy', 'math' of 'math_algebra'."""
    return re.split(r"[ :_-]", benchmark, maxsplit=1)[0].casefold()


@dataclass(frozen=True)
class Solved:
    """What every model solves of every test: sparse matrices, models x tests, of rates above 0."""

    models: pd.Index
    tests: pd.Index
    groups: np.ndarray
    rate: sparse.csr_matrix

    def no_stronger(self, suspects: Ints, others: Ints, group: str) -> np.ndarray:
        """Which of ``others`` lead each suspect by no more than ``NO_STRONGER`` on shared tests.

        Both are rows of the matrices; tests of ``group`` are left out. Shape (suspects, others).
        """
        kept = np.flatnonzero(self.groups != group)
        rate = self.rate[:, kept]
        solved = (rate > 0).astype(float)
        mine, theirs = rate[suspects].toarray(), rate[others]
        shared = np.asarray((solved[others] @ (mine > 0).T.astype(float)).T)
        lead = np.asarray((theirs @ (mine > 0).T.astype(float)).T)
        lead -= np.asarray((solved[others] @ mine.T).T)
        return np.asarray((shared >= SHARED_TESTS) & (lead <= NO_STRONGER * shared))


def _solved(table: pd.DataFrame) -> Solved:
    row, models = pd.factorize(table["model"])
    column, names = pd.factorize(table["test"])
    shape = (len(models), len(names))
    rate = sparse.csr_matrix((table["score"].clip(lower=0), (row, column)), shape=shape)
    rate.eliminate_zeros()
    groups = table.drop_duplicates("test")["group"].to_numpy(object)
    return Solved(pd.Index(models), pd.Index(names), groups, rate)


def others_score(
    table: pd.DataFrame, solved: Solved, group: str, parts: list[str], items: pd.Series
) -> pd.Series:
    """Whether every model no stronger elsewhere solves items of ``parts`` where suspects do not.

    ``items`` are the items of each suspect (its index) on the tests ``parts``, all of ``group``.
    A model that is zero on all these tests as well does not count: it may have failed too.
    """
    rate = table[table["test"].isin(parts)].groupby("model")["score"].mean()
    rate = rate[rate > 0]
    others = solved.models.get_indexer(rate.index)
    told = np.zeros(len(items), bool)
    for start in range(0, len(items) if len(rate) else 0, CHUNK):
        some = items.iloc[start : start + CHUNK]
        weaker = solved.no_stronger(solved.models.get_indexer(some.index), others, group)
        least = np.where(weaker, rate.to_numpy(float), np.inf).min(axis=1)
        told[start : start + CHUNK] = weaker.any(axis=1) & (least * some.to_numpy() >= EXPECTED)
    return pd.Series(told, index=items.index)


def failed_run(scores: pd.DataFrame) -> Outcome:
    """Zero on every part of a group by a model that scores elsewhere, where weaker ones score."""
    table = tests(scores)
    key = ["model", "group", "shots"]
    zero = table.groupby(key, sort=False).agg(
        best=("score", "max"), parts=("test", "size"), items=("n", "sum")
    )
    suspects = zero[(zero["best"] == 0) & (zero["parts"] >= FEWEST_SUBTASKS)].reset_index()
    if suspects.empty:
        return scores, []
    own = (
        table.merge(suspects[key], on=key).groupby(key)["test"].agg(lambda t: "\0".join(sorted(t)))
    )
    suspects["tests"] = own.reindex(pd.MultiIndex.from_frame(suspects[key])).to_numpy()
    solved = _solved(table)
    failed = []
    for (group, together), some in suspects.groupby(["group", "tests"], sort=False):
        items = some.set_index("model")["items"]
        told = others_score(table, solved, str(group), str(together).split("\0"), items)
        failed.append(some[told.to_numpy()])
    return _drop(scores, table, pd.concat(failed))


def _drop(scores: pd.DataFrame, table: pd.DataFrame, failed: pd.DataFrame) -> Outcome:
    """The scores without those of the failed (model, group, shots), and a hit for each."""
    key = ["model", "group", "shots"]
    own = table.merge(failed[key], on=key)
    hits = [
        Hit(_named(rows), "dropped", "0", detail=f"{len(rows)} parts of '{group}'")
        for (_, group, _), rows in own.groupby(key, sort=False)
    ]
    gone = pd.MultiIndex.from_frame(own[["model", "benchmark", "shots"]])
    return scores[~pd.MultiIndex.from_frame(scores[gone.names]).isin(gone)], hits


def family_zero(scores: pd.DataFrame) -> Outcome:
    """Zero by every model of a family on one benchmark, where others or other shots score."""
    table = tests(scores)
    zero = table.groupby(["family", "test"], sort=False).agg(
        best=("score", "max"), models=("model", "nunique")
    )
    zero = zero[(zero["best"] == 0) & (zero["models"] >= 2)].reset_index()[["family", "test"]]
    if zero.empty:
        return scores, []
    solved = _solved(table)
    suspects = table.merge(zero, on=["family", "test"])
    found = table.assign(found=table["score"] * table["n"])
    otherwise = found.groupby(["model", "benchmark"])["found"].max()
    at = pd.MultiIndex.from_frame(suspects[["model", "benchmark"]])
    suspects["told"] = otherwise.reindex(at).to_numpy() >= EXPECTED
    for (group, test), some in suspects.groupby(["group", "test"], sort=False):
        told = others_score(table, solved, str(group), [str(test)], some.set_index("model")["n"])
        suspects.loc[some.index, "told"] |= told.to_numpy()
    hits = [
        Hit(_named(own), "kept", "0", detail=f"{family}, {len(own)} models{_shots(str(test))}")
        for (family, test), own in suspects.groupby(["family", "test"], sort=True)
        if own["told"].any()
    ]
    return scores, hits


def _shots(test: str) -> str:
    """The shots of 'benchmark|shots', for a reader who sees others beside them."""
    shots = test.rpartition("|")[2]
    return f", {shots} shots" if shots else ""


def _named(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(f"{m} | {b}" for m, b in zip(rows["model"], rows["benchmark"], strict=True))


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
