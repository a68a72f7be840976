"""Traps planted in clean data: protocols, budgets, items and reports side by side in one column."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from correlate.panel import Finding, Panel

Clean = Callable[[int], pd.DataFrame]
Make = Callable[[pd.DataFrame], Panel]
Hits = Callable[[Panel, str], list[Finding]]


def test_models_with_fewer_items(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = (table["benchmark"] == "proofs") & (table["family"] == "Fam3")
    table.loc[rows, "n"] = 20
    found = hits(panel(table), "items-differ")
    assert set(found[0].rows) == set(table.loc[rows, "model"] + " | proofs")
    assert len(hits(panel(table), "few-items")) == 1


def test_vendor_tables_that_copy_each_other(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0).assign(reported_by="self", source="a/a@1:README.md#L1")
    copy = table[table["family"] == "Fam1"].assign(
        reported_by="third-party", source="b/b@1:README.md#L7"
    )
    [found] = hits(panel(pd.concat([table, copy], ignore_index=True)), "reports-copied")
    assert len(found.rows) == len(copy)


def test_shots_mixed_in_one_column(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[table["family"].isin([f"Fam{i}" for i in range(0, 14, 2)]), "shots"] = "0"
    [found] = hits(panel(table), "protocols-mixed")
    assert len(found.rows) == table["benchmark"].nunique()


def test_proof_rates_under_different_budgets(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    rows = table["benchmark"] == "proofs"
    table.loc[rows, "band"] = "proof"
    table.loc[rows, "metric"] = np.where(table.loc[rows, "family"] < "Fam5", "pass@1", "pass@32")
    assert [f.rows for f in hits(panel(table), "budgets-mixed")] == [("proofs",)]


def test_items_and_compute_unknown(hits: Hits, clean: Clean, panel: Make) -> None:
    table = clean(0)
    table.loc[table["benchmark"] == "sums", "n"] = np.nan
    table.loc[table["family"] == "Fam2", ["flops", "tokens"]] = np.nan
    assert len(hits(panel(table), "items-unknown")) == 1
    models = set(table.loc[table["family"] == "Fam2", "model"])
    assert [set(f.rows) for f in hits(panel(table), "compute-missing")] == [models]
