"""The battery gives the numbers that an earlier, separate analysis of ObsScaling found."""

import numpy as np
import pandas as pd
import pytest

from correlate import battery
from correlate.panel import COLUMNS, Pair, Panel

ITEMS = {
    "GSM8K": 1319, "leaderboard_math_hard": 1324, "leaderboard_gpqa": 1192, "MMLU": 14042,
    "leaderboard_mmlu_pro": 12032, "leaderboard_musr": 756, "ARC-C": 1172, "HellaSwag": 10042,
    "HumanEval": 164,
}  # fmt: skip

# hard: n, families, r raw, r logit, Spearman, its interval, partial given log C, its interval,
# within family, within family given log C
TABLE = {
    "MMLU": (123, 39, 0.94, 0.89, 0.90, (0.81, 0.95), 0.71, (0.59, 0.78), 0.71, 0.46),
    "ARC-C": (120, 38, 0.79, 0.87, 0.87, (0.78, 0.93), 0.53, (0.27, 0.73), 0.85, 0.47),
    "HellaSwag": (123, 39, 0.64, 0.80, 0.81, (0.69, 0.90), 0.25, (0.00, 0.47), 0.82, 0.31),
    "HumanEval": (112, 35, 0.85, 0.87, 0.90, (0.83, 0.94), 0.63, (0.40, 0.78), 0.78, 0.42),
    "leaderboard_math_hard":
        (55, 23, 0.79, 0.83, 0.89, (0.76, 0.94), 0.55, (0.30, 0.73), 0.60, -0.06),
    "leaderboard_gpqa": (55, 23, 0.84, 0.72, 0.78, (0.54, 0.88), 0.33, (0.04, 0.54), 0.59, 0.18),
    "leaderboard_mmlu_pro":
        (55, 23, 0.93, 0.89, 0.93, (0.85, 0.96), 0.63, (0.41, 0.81), 0.76, 0.27),
    "leaderboard_musr": (55, 23, 0.63, 0.48, 0.50, (0.15, 0.74), 0.29, (0.07, 0.54), 0.32, 0.07),
}  # fmt: skip


@pytest.fixture(scope="module")
def observational(shared_data) -> Panel:
    """The study's two tables joined on Model, BTLM's thousandfold tokens corrected."""
    folder = shared_data / "obsscaling"
    wide = pd.read_csv(folder / "base_llm_benchmark_eval.csv").merge(
        pd.read_csv(folder / "base_llm_leaderboard_v2_eval.csv"), on="Model", how="left"
    )
    flops = wide["FLOPs (1E21)"] * 1e21
    flops = flops.where(~wide["Model"].str.contains("btlm", case=False), flops / 1000)
    rungs = pd.DataFrame(
        {"model": wide["Model"], "family": wide["Model Family"], "flops": flops, "stage": "base"}
    )
    long = [
        rungs.assign(benchmark=b, score=wide[b], n=n, metric="acc", band="reasoning")
        for b, n in ITEMS.items()
    ]
    scores = pd.concat(long).dropna(subset=["score"]).reset_index(drop=True)
    return Panel(scores.reindex(columns=list(COLUMNS)), "obsscaling")


@pytest.mark.parametrize("hard", TABLE)
def test_published_table_is_reproduced(observational, hard):
    n, families, raw, logit, rho, rho_ci, part, part_ci, within, within_c = TABLE[hard]
    # The table's intervals are percentile intervals.
    settings = battery.Settings(replicates=4000, refits=200, interval="percentile")
    pair = Pair("GSM8K", hard)
    found = battery.run(observational, pair, np.random.default_rng(1), settings)
    got = battery.as_json(pair, found)
    assert (got["n_models"], got["n_families"]) == (n, families)
    points = {
        "pearson_raw": raw, "pearson_logit": logit, "spearman": rho, "within_family": within,
        "partial_given_compute": part, "within_family_given_compute": within_c,
    }  # fmt: skip
    for key, value in points.items():
        assert got[key] == pytest.approx(value, abs=0.02), key
    assert got["spearman_ci"] == pytest.approx(rho_ci, abs=0.05)
    assert got["partial_given_compute_ci"] == pytest.approx(part_ci, abs=0.05)
