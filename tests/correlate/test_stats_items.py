"""Families and items resampled together: against a plain loop, and from a study's own cells."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from correlate import battery
from correlate.panel import COLUMNS, Pair, Panel
from correlate.sources import answers
from correlate.stats import items, resample


@pytest.fixture
def made():
    """Answers of thirty rungs in ten families to 40 easy and 60 hard items, and a control."""
    rng = np.random.default_rng(5)
    family = np.repeat(np.arange(10), 3)
    control = rng.normal(size=30)
    skill = control + rng.normal(size=10)[family] + rng.normal(size=30) / 2
    easy, hard = (
        (rng.logistic(size=(30, n)) < skill[:, None] - shift).astype(float)
        for n, shift in ((40, 0.0), (60, 1.0))
    )
    return family, control, easy, hard


def test_joint_resampling_equals_a_plain_loop(made):
    family, control, easy, hard = made
    rng = np.random.default_rng(0)
    weights = resample.multiplicities(10, 12, rng)[:, family]
    x, y = (items.logits(a, 12, np.random.default_rng(k)) for k, a in enumerate((easy, hard)))
    design = np.column_stack([np.ones(30), control])
    rank, partial = items.spearman(x, y, weights), items.partial(x, y, design, weights)
    for r in range(12):
        rows = np.repeat(np.arange(30), weights[r].astype(int))
        values = []
        for k, a in enumerate((easy, hard)):
            n = a.shape[1]
            counts = resample.multiplicities(n, 12, np.random.default_rng(k))[r].astype(int)
            solved = a[:, np.repeat(np.arange(n), counts)].sum(axis=1)  # items repeated whole
            values.append(np.log((solved + 0.5) / (n - solved + 0.5))[rows])
        assert np.tanh(rank[r]) == pytest.approx(stats.spearmanr(*values)[0], abs=1e-9)
        left = [v - design[rows] @ np.linalg.lstsq(design[rows], v)[0] for v in values]
        assert np.tanh(partial[r]) == pytest.approx(stats.pearsonr(*left)[0], abs=1e-8)


def panel_of(made, folder) -> Panel:
    """A study's cells on disk, with a second filter that scores otherwise."""
    family, control, easy, hard = made
    rows = []
    for i, g in enumerate(family):
        for name, a in (("easy", easy[i]), ("hard", hard[i])):
            cell = folder / f"m{i}" / name
            cell.mkdir(parents=True)
            one = pd.DataFrame({"task": name, "doc": np.arange(len(a)), "metric": "acc"})
            both = [one.assign(filter="strict", score=a), one.assign(filter="loose", score=1 - a)]
            pd.concat(both).to_parquet(cell / "items.parquet")
            rows.append(
                {"model": f"m{i}", "family": f"f{g}", "benchmark": name, "score": a.mean(),
                 "n": len(a), "metric": "acc", "filter": "strict", "band": "reasoning",
                 "flops": np.exp(control[i]) * 1e21}
            )  # fmt: skip
    scores = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    return Panel(scores, "made", items=str(folder))


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_the_battery_uses_a_studys_items(made, tmp_path):
    panel = panel_of(made, tmp_path)
    settings = battery.Settings(replicates=400, refits=100)
    found = battery.run(panel, Pair("easy", "hard"), np.random.default_rng(0), settings)
    for sense, name in (("rank", "spearman_items"), ("beyond_compute", "partial_items")):
        both = found[sense].get(name)
        assert both.value == pytest.approx(found[sense].headline.value)
        assert both.low < both.value < both.high
        assert both.note == "40 and 60 items shared by all rungs"
    without = Panel(panel.scores, "made")
    found = battery.run(without, Pair("easy", "hard"), np.random.default_rng(0), settings)
    assert found["rank"].get("spearman_items") is None


def test_answers_of_another_protocol_or_few_items_are_not_used(made, tmp_path):
    panel = panel_of(made, tmp_path)
    models = tuple(f"m{i}" for i in range(30))
    column = battery.align(panel, Pair("easy", "hard")).easy
    order = battery.align(panel, Pair("easy", "hard")).models
    assert answers.read(tmp_path, panel.scores, column, order).shape == (30, 40)
    loose = panel.scores.assign(filter="loose")
    assert answers.read(tmp_path, loose, column, order) is None
    (tmp_path / models[3] / "easy" / "items.parquet").unlink()
    assert answers.read(tmp_path, panel.scores, column, order) is None


def test_a_table_of_answers_gives_the_same_matrix(made, tmp_path):
    _, _, easy, _ = made
    panel = panel_of(made, tmp_path / "cells")
    aligned = battery.align(panel, Pair("easy", "hard"))
    at = [int(m[1:]) for m in aligned.models]
    long = pd.DataFrame(
        {"model": np.repeat([f"m{i}" for i in range(30)], 40), "benchmark": "easy",
         "item": np.tile(np.arange(40), 30), "score": easy.ravel()}
    )  # fmt: skip
    long.to_parquet(tmp_path / "answers.parquet")
    got = answers.read(tmp_path / "answers.parquet", panel.scores, aligned.easy, aligned.models)
    assert np.array_equal(got, easy[at])
