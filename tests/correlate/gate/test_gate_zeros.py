"""Traps planted in clean data: failed runs and broken parsers; the weak are neither."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from correlate.panel import Finding, Panel
from correlate.quality import gate

Clean = Callable[[int], pd.DataFrame]
Make = Callable[[pd.DataFrame], Panel]
Hits = Callable[[Panel, str], list[Finding]]
SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_failed_on_a_whole_group(
    hits: Hits, clean: Clean, panel: Make, seed: int
) -> None:
    table = clean(seed)
    group = table["benchmark"].str.startswith("group_")
    able = table[group].groupby("model")["score"].mean().sort_values().index[-3]
    table.loc[group & (table["model"] == able), "score"] = 0.0
    [found] = hits(panel(table), "failed-run")
    assert set(found.rows) == {f"{able} | group_{x}" for x in "abc"}
    left = gate(panel(table)).scores
    assert left[(left["model"] == able) & left["benchmark"].str.startswith("group_")].empty


@pytest.mark.parametrize("seed", SEEDS)
def test_a_whole_family_at_zero_against_its_neighbours(
    hits: Hits, clean: Clean, panel: Make, seed: int
) -> None:
    table = clean(seed)
    sums = table[table["benchmark"] == "sums"]
    strength = sums.groupby("family")["score"].agg(["mean", "size"])
    family = strength[strength["size"] >= 2].sort_values("mean").index[-2]
    rows = (table["family"] == family) & (table["benchmark"] == "sums")
    table.loc[rows, "score"] = 0.0
    [found] = hits(panel(table), "family-zero")
    assert set(found.rows) == set(table.loc[rows, "model"] + " | sums")


def test_weak_models_at_the_floor_are_no_failed_runs(clean: Clean, panel: Make) -> None:
    table = clean(2)
    group = table["benchmark"].str.startswith("group_") | (table["benchmark"] == "contest")
    rate = (table.loc[group, "score"] ** 3).to_numpy()  # harder: most models come near zero
    table.loc[group, "score"] = np.random.default_rng(0).binomial(100, rate / 4) / 100
    parts = table[group].groupby("model")["score"].max()
    assert (parts == 0).sum() >= 3
    found = gate(panel(table)).findings
    assert [f for f in found if f.rule in ("failed-run", "family-zero")] == []
