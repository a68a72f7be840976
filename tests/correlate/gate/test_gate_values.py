"""Traps planted in clean data: values out of range, in another unit, or too much alike."""

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
def test_a_column_that_mixes_normalised_and_raw(
    hits: Hits, clean: Clean, panel: Make, seed: int
) -> None:
    table = clean(seed)
    column = table["benchmark"] == "physics"
    families = table.loc[column, "family"].unique()[::2]
    rows = column & table["family"].isin(families)
    normal = ((table["score"] - 0.25) / 0.75).clip(0)
    table["score"] = table["score"].mask(rows, normal)
    found = hits(panel(table), "mixed-normalisation")
    assert len(found) == 1
    assert all(row.endswith("| physics") for row in found[0].rows)
    planted = set(table.loc[rows, "model"] + " | physics")
    assert set(found[0].rows) <= planted


def test_a_benchmark_in_percent(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = table["benchmark"] == "facts"
    true = table.loc[rows, "score"].to_numpy(copy=True)
    table.loc[rows, "score"] *= 100
    assert [f.rows for f in hits(panel(table), "percentages")] == [("facts",)]
    fixed = gate(panel(table)).scores
    assert fixed.loc[fixed["benchmark"] == "facts", "score"].to_numpy() == pytest.approx(true)


def test_fractions_mixed_with_percentages_are_not_guessed(
    hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    rows = (table["benchmark"] == "facts") & (table["family"] == "Fam1")
    table.loc[rows, "score"] *= 100
    [found] = hits(panel(table), "mixed-scales")
    assert (set(found.rows), found.action) == (
        set(table.loc[rows, "model"] + " | facts"),
        "dropped",
    )


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (-0.1, "out-of-range"),
        (np.inf, "not-finite"),
        (150.0, "out-of-range"),
        (1.2, "mixed-scales"),
    ],
)
def test_impossible_scores_are_dropped(
    hits: Hits, clean: Clean, panel: Make, value: float, rule: str
) -> None:
    table = clean(0)
    table.loc[5, "score"] = value
    [found] = hits(panel(table), rule)
    assert (len(found.rows), found.action) == (1, "dropped")
    assert len(gate(panel(table)).scores) == len(table) - 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("params", np.inf),
        ("params", -7e9),
        ("tokens", np.inf),
        ("tokens", -1.0),
        ("flops", np.inf),
        ("n", np.inf),
        ("stderr", -0.1),
        ("chance", 25.0),
        ("ceiling", np.inf),
    ],
)
def test_figures_that_no_run_can_have(
    hits: Hits, clean: Clean, panel: Make, column: str, value: float
) -> None:
    table = clean(0).astype({"n": float})
    first = table["model"].iloc[0]
    rows = table["model"] == first
    table.loc[rows, column] = value
    [found] = [f for f in hits(panel(table), "impossible-facts") if f.reason.count(f"{column},")]
    assert set(found.rows) == set(first + " | " + table.loc[rows, "benchmark"])
    assert (found.action, found.new) == ("corrected", "unknown")
    assert float(found.old) == value
    assert gate(panel(table)).scores.loc[rows.to_numpy(), column].isna().all()


def test_a_score_over_no_items_is_dropped(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[table.index[3], "n"] = 0
    [found] = hits(panel(table), "impossible-facts")
    assert found.rows == (f"{table['model'].iloc[3]} | {table['benchmark'].iloc[3]}",)
    assert (found.action, found.old) == ("dropped", "0")
    assert len(gate(panel(table)).scores) == len(table) - 1


def test_a_score_below_chance(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    at = table.index[table["benchmark"] == "facts"][0]
    table.loc[at, "score"] = 0.21
    [found] = hits(panel(table), "below-chance")
    assert found.rows == (f"{table.loc[at, 'model']} | facts",)


def test_one_figure_in_several_benchmarks(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = (table["model"] == table["model"].iloc[0]) & table["benchmark"].isin(
        ["sums", "contest", "code"]
    )
    table.loc[rows, "score"] = 0.41327
    [found] = hits(panel(table), "same-figure")
    assert len(found.rows) == 3


def test_a_row_copied_from_another_model(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    one, other = table["model"].iloc[0], table["model"].iloc[-1]
    copied = table["benchmark"].isin(["sums", "contest", "facts", "tales"])
    source = table[(table["model"] == one) & copied].set_index("benchmark")["score"]
    rows = (table["model"] == other) & copied
    table.loc[rows, "score"] = table.loc[rows, "benchmark"].map(source)
    table.loc[(table["model"] == other) & ~copied, "benchmark"] += " (other)"
    found = hits(panel(table), "rows-copied")
    assert [set(f.rows) for f in found] == [{one, other}]


def test_a_chance_that_is_no_floor(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = table["benchmark"] == "facts"
    table.loc[rows & (table.index % 2 == 0), "score"] = 0.2
    [found] = hits(panel(table), "chance-is-no-floor")
    assert set(found.rows) >= {
        f"{model} | facts" for model in table.loc[rows & (table.index % 2 == 0), "model"]
    }
    assert hits(panel(table), "below-chance") == []
