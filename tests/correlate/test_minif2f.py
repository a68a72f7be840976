"""Four open models with comparable miniF2F and GSM8K scores: refused, never correlated."""

import json

import numpy as np
import pandas as pd

from correlate import battery
from correlate.panel import COLUMNS, Pair, Panel

# Llemma as in results/published (maj@1); Code Llama about right. The refusal hangs on none of them.
GSM8K = {"codellama7b": 0.105, "codellama34b": 0.296, "llemma7b": 0.364, "llemma34b": 0.515}


def test_four_models_print_no_correlation(shared_data):
    matrix = pd.read_csv(shared_data / "llemma" / "minif2f_test_item_matrix.csv").dropna()
    solved = matrix[list(GSM8K)]
    assert len(matrix) == 244
    assert int((solved.sum(axis=1) == 0).sum()) == 174
    rows = [
        {"model": m, "family": m.rstrip("0123456789b"), "benchmark": b, "score": s, "n": n,
         "metric": "pass@1", "band": band, "flops": 1e23}
        for m in GSM8K
        for b, s, n, band in (
            ("GSM8K", GSM8K[m], 1319, "grade-school"),
            ("miniF2F", solved[m].mean(), 244, "proof"),
        )
    ]  # fmt: skip
    panel = Panel(pd.DataFrame(rows).reindex(columns=list(COLUMNS)), "llemma")
    pair = Pair("GSM8K", "miniF2F")
    found = battery.run(panel, pair, np.random.default_rng(0), battery.Settings())
    for result in found.values():
        assert str(result.verdict) == "insufficient"
        assert result.headline is None
        assert result.estimates == ()
    got = battery.as_json(pair, found)
    assert got["n_models"] == 4
    assert got["spearman"] is None
    assert got["pearson_raw"] is None
    assert "-0." not in json.dumps(got["reasons"])
