"""Every trap, planted in clean data, is found by its rule; clean data is left in peace."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from correlate.errors import InputError
from correlate.gate import RULES
from correlate.panel import Finding, Panel
from correlate.quality import gate

Clean = Callable[[int], pd.DataFrame]
Make = Callable[[pd.DataFrame], Panel]
SEEDS = range(3)


def hits(panel: Panel, rule: str) -> list[Finding]:
    assert rule in {r.name for r in RULES}
    return [f for f in gate(panel).findings if f.rule == rule]


def largest_family(table: pd.DataFrame) -> list[str]:
    """Models of the family that has most, in order of size."""
    sizes = table.groupby("family")["model"].nunique()
    return list(table.loc[table["family"] == sizes.idxmax(), "model"].unique())


def test_clean_data_raises_fewer_than_two_alarms_in_a_hundred_rows(
    clean: Clean, panel: Make
) -> None:
    rows = alarms = 0
    for seed in range(25):
        table = clean(seed)
        found = gate(panel(table))
        rows += len(table)
        alarms += sum(len(f.rows) for f in found.findings)
        assert not [f for f in found.findings if f.severity == "error"]
    assert rows > 8_000
    assert alarms / rows < 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_tokens_a_thousandfold_beyond_any_run(clean: Clean, panel: Make, seed: int) -> None:
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


def test_tokens_a_millionfold_too_few_against_the_family(clean: Clean, panel: Make) -> None:
    table = clean(0)
    models = largest_family(table)
    assert len(models) >= 3
    for model in (models[0], models[-1]):
        planted = table.copy()
        planted.loc[planted["model"] == model, ["tokens", "flops"]] /= 1e6
        [found] = hits(panel(planted), "tokens-scale")
        assert found.rows == (model,)


def test_checkpoints_and_growing_tokens_are_no_slip_of_unit(clean: Clean, panel: Make) -> None:
    table = clean(0)
    base = table[table["model"] == table["model"].iloc[0]]
    steps = [base.assign(model=f"ck@step{2**i}", training_run="ck", family="Ck",
                         tokens=2.0**i * 2e6, flops=np.nan) for i in range(18)]  # fmt: skip
    optimal = [base.assign(model=f"opt-{s}b", family="Opt", params=s * 1e9, tokens=s * 2e10,
                           flops=np.nan) for s in (0.1, 0.4, 1, 3, 7, 13)]  # fmt: skip
    both = panel(pd.concat([table, *steps, *optimal], ignore_index=True))
    assert hits(both, "tokens-scale") == []


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1e3])
def test_parameters_in_another_unit(clean: Clean, panel: Make, factor: float) -> None:
    table = clean(1)
    rows = table["model"] == table["model"].iloc[0]
    true = table.loc[rows, "params"].iloc[0]
    table.loc[rows, "params"] *= factor
    [found] = hits(panel(table), "params-scale")
    assert float(found.new) == pytest.approx(true, rel=1e-5)


def test_parameters_that_contradict_the_name(clean: Clean, panel: Make) -> None:
    table = clean(1)
    model = table["model"].iloc[0]
    table.loc[table["model"] == model, ["params", "flops"]] *= 1.9
    assert [f.rows for f in hits(panel(table), "params-against-name")] == [(model,)]


def test_compute_off_by_more_than_two(clean: Clean, panel: Make) -> None:
    table = clean(1)
    model = table["model"].iloc[0]
    table.loc[table["model"] == model, "flops"] *= 3
    assert [f.rows for f in hits(panel(table), "compute-against-6nd")] == [(model,)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_column_that_mixes_normalised_and_raw(clean: Clean, panel: Make, seed: int) -> None:
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


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_failed_on_a_whole_group(clean: Clean, panel: Make, seed: int) -> None:
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
    clean: Clean, panel: Make, seed: int
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


def test_a_family_split_by_its_label(clean: Clean, panel: Make) -> None:
    table = clean(0)
    models = largest_family(table)
    family = table.loc[table["model"] == models[0], "family"].iloc[0]
    table.loc[table["model"] == models[1], "family"] = "Other"
    [found] = hits(panel(table), "family-split")
    assert (found.rows, found.old, found.new) == ((models[1],), "Other", family)


def test_a_family_spelt_in_two_ways(clean: Clean, panel: Make) -> None:
    table = clean(0)
    models = largest_family(table)
    family = table.loc[table["model"] == models[0], "family"].iloc[0]
    table.loc[table["model"] == models[1], "family"] = family.upper()
    [found] = hits(panel(table), "family-split")
    assert (found.old, found.new) == (family.upper(), family)


def test_a_model_under_two_spellings(clean: Clean, panel: Make) -> None:
    table = clean(0)
    model = table["model"].iloc[0]
    other = model.split("/")[1].upper() + "-hf"
    rows = table["model"] == model
    table.loc[rows & table["benchmark"].isin(["sums", "facts"]), "model"] = other
    [found] = hits(panel(table), "model-twice")
    assert set(found.rows) == {model, other}
    assert gate(panel(table)).scores["model"].nunique() == table["model"].nunique() - 1


def test_two_spellings_with_different_scores_are_kept_apart(clean: Clean, panel: Make) -> None:
    table = clean(0)
    copy = table[table["model"] == table["model"].iloc[0]].copy()
    copy["model"] = copy["model"].str.upper()
    copy["score"] = copy["score"] / 2
    [found] = hits(panel(pd.concat([table, copy], ignore_index=True)), "model-twice")
    assert found.action == "kept"


def test_models_with_fewer_items(clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = (table["benchmark"] == "proofs") & (table["family"] == "Fam3")
    table.loc[rows, "n"] = 20
    found = hits(panel(table), "items-differ")
    assert set(found[0].rows) == set(table.loc[rows, "model"] + " | proofs")
    assert len(hits(panel(table), "few-items")) == 1


def test_a_benchmark_in_percent(clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = table["benchmark"] == "facts"
    true = table.loc[rows, "score"].to_numpy(copy=True)
    table.loc[rows, "score"] *= 100
    assert [f.rows for f in hits(panel(table), "percentages")] == [("facts",)]
    fixed = gate(panel(table)).scores
    assert fixed.loc[fixed["benchmark"] == "facts", "score"].to_numpy() == pytest.approx(true)


def test_fractions_mixed_with_percentages_are_not_guessed(clean: Clean, panel: Make) -> None:
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
def test_impossible_scores_are_dropped(clean: Clean, panel: Make, value: float, rule: str) -> None:
    table = clean(0)
    table.loc[5, "score"] = value
    [found] = hits(panel(table), rule)
    assert (len(found.rows), found.action) == (1, "dropped")
    assert len(gate(panel(table)).scores) == len(table) - 1


def test_a_score_below_chance(clean: Clean, panel: Make) -> None:
    table = clean(0)
    at = table.index[table["benchmark"] == "facts"][0]
    table.loc[at, "score"] = 0.21
    [found] = hits(panel(table), "below-chance")
    assert found.rows == (f"{table.loc[at, 'model']} | facts",)


def test_one_figure_in_several_benchmarks(clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = (table["model"] == table["model"].iloc[0]) & table["benchmark"].isin(
        ["sums", "contest", "code"]
    )
    table.loc[rows, "score"] = 0.41327
    [found] = hits(panel(table), "same-figure")
    assert len(found.rows) == 3


def test_a_row_copied_from_another_model(clean: Clean, panel: Make) -> None:
    table = clean(0)
    one, other = table["model"].iloc[0], table["model"].iloc[-1]
    copied = table["benchmark"].isin(["sums", "contest", "facts", "tales"])
    source = table[(table["model"] == one) & copied].set_index("benchmark")["score"]
    rows = (table["model"] == other) & copied
    table.loc[rows, "score"] = table.loc[rows, "benchmark"].map(source)
    table.loc[(table["model"] == other) & ~copied, "benchmark"] += " (other)"
    found = hits(panel(table), "rows-copied")
    assert [set(f.rows) for f in found] == [{one, other}]


def test_vendor_tables_that_copy_each_other(clean: Clean, panel: Make) -> None:
    table = clean(0).assign(reported_by="self", source="a/a@1:README.md#L1")
    copy = table[table["family"] == "Fam1"].assign(
        reported_by="third-party", source="b/b@1:README.md#L7"
    )
    [found] = hits(panel(pd.concat([table, copy], ignore_index=True)), "reports-copied")
    assert len(found.rows) == len(copy)


def test_shots_mixed_in_one_column(clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[table["family"].isin([f"Fam{i}" for i in range(0, 14, 2)]), "shots"] = "0"
    [found] = hits(panel(table), "protocols-mixed")
    assert len(found.rows) == table["benchmark"].nunique()


def test_proof_rates_under_different_budgets(clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = table["benchmark"] == "proofs"
    table.loc[rows, "band"] = "proof"
    table.loc[rows, "metric"] = np.where(table.loc[rows, "family"] < "Fam5", "pass@1", "pass@32")
    assert [f.rows for f in hits(panel(table), "budgets-mixed")] == [("proofs",)]


def test_scores_that_stand_twice(clean: Clean, panel: Make) -> None:
    table = clean(0)
    again = table.iloc[[3]]
    [found] = hits(panel(pd.concat([table, again], ignore_index=True)), "repeated-rows")
    assert found.action == "dropped"
    other = again.assign(score=again["score"] / 2)
    [found] = hits(panel(pd.concat([table, other], ignore_index=True)), "conflicting-rows")
    assert found.severity == "error"


def test_covariates_that_contradict_each_other(clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[0, "tokens"] *= 1.5
    assert [f.rows for f in hits(panel(table), "covariates-disagree")] == [
        (table["model"].iloc[0],)
    ]


def test_items_and_compute_unknown(clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[table["benchmark"] == "sums", "n"] = np.nan
    table.loc[table["family"] == "Fam2", ["flops", "tokens"]] = np.nan
    assert len(hits(panel(table), "items-unknown")) == 1
    models = set(table.loc[table["family"] == "Fam2", "model"])
    assert [set(f.rows) for f in hits(panel(table), "compute-missing")] == [models]


def test_stages_mixed_in_a_family(clean: Clean, panel: Make) -> None:
    table = clean(0)
    models = largest_family(table)
    table.loc[table["model"] == models[0], "stage"] = "instruct"
    assert len(hits(panel(table), "stages-mixed")) == 1


def test_the_gate_says_how_many_rows_it_drops(clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[[3, 50, 90], "score"] = [np.inf, -1, 3.5]
    gated = gate(panel(table))
    dropped = sum(len(f.rows) for f in gated.findings if f.action == "dropped")
    assert dropped == len(table) - len(gated.scores) == 3


def test_nothing_left_is_an_error_with_the_rule(clean: Clean, panel: Make) -> None:
    table = clean(0).assign(score=np.inf)
    with pytest.raises(InputError, match="not-finite: no score is left"):
        gate(panel(table))


def test_rules_have_names_severities_and_reasons_of_one_line() -> None:
    assert len({r.name for r in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.severity in ("error", "warning", "note")
        assert 10 < len(rule.reason) < 100
        assert "\n" not in rule.reason
