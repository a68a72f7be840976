"""Traps planted in clean data: one thing under two names, rows that contradict each other."""

from collections.abc import Callable

import pandas as pd

from correlate.panel import Finding, Panel
from correlate.quality import gate

Clean = Callable[[int], pd.DataFrame]
Make = Callable[[pd.DataFrame], Panel]
Hits = Callable[[Panel, str], list[Finding]]
Largest = Callable[[pd.DataFrame], list[str]]


def test_a_family_split_by_its_label(
    largest_family: Largest, hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    models = largest_family(table)
    family = table.loc[table["model"] == models[0], "family"].iloc[0]
    table.loc[table["model"] == models[1], "family"] = "Other"
    [found] = hits(panel(table), "family-split")
    assert (found.rows, found.old, found.new) == ((models[1],), "Other", family)


def test_a_family_spelt_in_two_ways(
    largest_family: Largest, hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    models = largest_family(table)
    family = table.loc[table["model"] == models[0], "family"].iloc[0]
    table.loc[table["model"] == models[1], "family"] = family.upper()
    [found] = hits(panel(table), "family-split")
    assert (found.old, found.new) == (family.upper(), family)


def test_a_model_under_two_spellings(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    model = table["model"].iloc[0]
    other = model.split("/")[1].upper() + "-hf"
    rows = table["model"] == model
    table.loc[rows & table["benchmark"].isin(["sums", "facts"]), "model"] = other
    [found] = hits(panel(table), "model-twice")
    assert set(found.rows) == {model, other}
    assert gate(panel(table)).scores["model"].nunique() == table["model"].nunique() - 1


def test_two_spellings_with_different_scores_are_kept_apart(
    hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    copy = table[table["model"] == table["model"].iloc[0]].copy()
    copy["model"] = copy["model"].str.upper()
    copy["score"] = copy["score"] / 2
    [found] = hits(panel(pd.concat([table, copy], ignore_index=True)), "model-twice")
    assert found.action == "kept"


def test_scores_that_stand_twice(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    again = table.iloc[[3]]
    [found] = hits(panel(pd.concat([table, again], ignore_index=True)), "repeated-rows")
    assert found.action == "dropped"
    other = again.assign(score=again["score"] / 2)
    [found] = hits(panel(pd.concat([table, other], ignore_index=True)), "conflicting-rows")
    assert found.severity == "error"


def test_covariates_that_contradict_each_other(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[0, "tokens"] *= 1.5
    assert [f.rows for f in hits(panel(table), "covariates-disagree")] == [
        (table["model"].iloc[0],)
    ]


def test_stages_mixed_in_a_family(
    largest_family: Largest, hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    models = largest_family(table)
    table.loc[table["model"] == models[0], "stage"] = "instruct"
    assert len(hits(panel(table), "stages-mixed")) == 1


def test_a_row_of_averages_is_no_model(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    means = table.groupby("benchmark", as_index=False)[["score", "n", "chance"]].mean()
    both = panel(pd.concat([table, means.assign(model="Average:")], ignore_index=True))
    [found] = hits(both, "total-row")
    assert found.rows == tuple(f"Average: | {b}" for b in means["benchmark"])
    assert found.action == "dropped"
    assert len(gate(both).scores) == len(table)


def test_a_benchmark_spelt_in_two_ways(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = (table["benchmark"] == "sums") & (table["family"] == "Fam1")
    table.loc[rows, "benchmark"] = "Sums"
    [found] = hits(panel(table), "benchmark-twice")
    assert (found.rows, found.old, found.new) == (("Sums", "sums"), "Sums", "sums")
    fixed = gate(panel(table)).scores
    assert len(fixed) == len(table)
    assert "Sums" not in set(fixed["benchmark"])
