"""Traps planted in clean data: slips of unit in parameters, tokens and compute."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from correlate.panel import Finding, Panel
from correlate.quality import gate

Clean = Callable[[int], pd.DataFrame]
Make = Callable[[pd.DataFrame], Panel]
Hits = Callable[[Panel, str], list[Finding]]
Largest = Callable[[pd.DataFrame], list[str]]
SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_tokens_a_thousandfold_beyond_any_run(
    hits: Hits, clean: Clean, panel: Make, seed: int
) -> None:
    table = clean(seed)
    model = table["model"].iloc[0]
    rows = table["model"] == model
    true = table.loc[rows, ["tokens", "flops"]].iloc[0]
    table.loc[rows, ["tokens", "flops"]] *= 1000
    [found] = hits(panel(table), "tokens-scale")
    assert (found.rows, found.action) == ((model,), "corrected")
    assert float(found.old) == pytest.approx(1000 * true["tokens"], rel=1e-5)
    fixed = gate(panel(table)).scores.query("model == @model").iloc[0]
    assert fixed["tokens"] == pytest.approx(true["tokens"])
    assert fixed["flops"] == pytest.approx(true["flops"])


def test_tokens_a_millionfold_too_few_against_the_family(
    largest_family: Largest, hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    models = largest_family(table)
    assert len(models) >= 3
    for model in (models[0], models[-1]):
        planted = table.copy()
        planted.loc[planted["model"] == model, ["tokens", "flops"]] /= 1e6
        [found] = hits(panel(planted), "tokens-scale")
        assert found.rows == (model,)


def test_checkpoints_and_growing_tokens_are_no_slip_of_unit(
    hits: Hits, clean: Clean, panel: Make
) -> None:
    table = clean(0)
    base = table[table["model"] == table["model"].iloc[0]]
    steps = [base.assign(model=f"ck@step{2**i}", training_run="ck", family="Ck",
                         tokens=2.0**i * 2e6, flops=np.nan) for i in range(18)]  # fmt: skip
    optimal = [base.assign(model=f"opt-{s}b", family="Opt", params=s * 1e9, tokens=s * 2e10,
                           flops=np.nan) for s in (0.1, 0.4, 1, 3, 7, 13)]  # fmt: skip
    both = panel(pd.concat([table, *steps, *optimal], ignore_index=True))
    assert hits(both, "tokens-scale") == []


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e3])
def test_parameters_in_another_unit(hits: Hits, clean: Clean, panel: Make, factor: float) -> None:
    table = clean(1)
    rows = table["model"] == table["model"].iloc[0]
    true = table.loc[rows, "params"].iloc[0]
    table.loc[rows, "params"] *= factor
    [found] = hits(panel(table), "params-scale")
    assert float(found.new) == pytest.approx(true, rel=1e-5)


def test_parameters_that_contradict_the_name(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(1)
    model = table["model"].iloc[0]
    table.loc[table["model"] == model, ["params", "flops"]] *= 1.9
    assert [f.rows for f in hits(panel(table), "params-against-name")] == [(model,)]


def test_compute_off_by_more_than_two(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(1)
    model = table["model"].iloc[0]
    table.loc[table["model"] == model, "flops"] *= 3
    assert [f.rows for f in hits(panel(table), "compute-against-6nd")] == [(model,)]
