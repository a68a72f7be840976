"""The panel: schema and alignment."""

import json

import numpy as np
import pandas as pd
import pytest

from correlate import metrics
from correlate.errors import InputError
from correlate.panel import COLUMNS, Pair, Panel, align


def scores(rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))


def row(model: str, benchmark: str, score: float, **more: object) -> dict:
    return {"model": model, "family": "f", "benchmark": benchmark, "score": score, **more}


def test_columns_are_those_of_the_schema(repo):
    schema = json.loads((repo / "results" / "schema.json").read_text())
    assert [f["name"] for f in schema["fields"]] == list(COLUMNS)


def test_align_keeps_rungs_with_both_scores_sorted_by_compute():
    table = scores(
        [
            row("big", "easy", 0.9, flops=1e3),
            row("big", "hard", 0.5, flops=1e3),
            row("small", "easy", 0.4, flops=1e1),
            row("small", "hard", 0.1, flops=1e1),
            row("lone", "easy", 0.4, flops=1e2),
        ]
    )
    got = align(Panel(table, "t"), Pair("easy", "hard"))
    assert got.models == ("small", "big")
    assert np.allclose(got.log_compute, np.log([1e1, 1e3]))
    assert len(set(got.run)) == 2  # no training run given: each rung is a run of its own


def test_align_refuses_two_protocols_in_one_column():
    table = scores([row("a", "easy", 0.1), row("a", "easy", 0.2), row("a", "hard", 0.2)])
    with pytest.raises(InputError, match="choose one protocol"):
        align(Panel(table, "t"), Pair("easy", "hard"))


def test_align_names_the_benchmarks_there_are():
    table = scores([row("a", "easy", 0.1)])
    with pytest.raises(InputError, match="'hard': not in the panel; it has easy"):
        align(Panel(table, "t"), Pair("easy", "hard"))


@pytest.mark.parametrize(
    ("metric", "rate"),
    [
        ("acc", True), ("lm-eval likelihood, w/o CFG", True), ("log_likelihood", False),
        ("loglikelihood", False), ("likelihood_diff", False), ("bits_per_byte", False),
        ("gold_bits_per_byte", False),
    ],
)  # fmt: skip
def test_a_word_about_likelihood_does_not_make_a_rate_a_loss(metric, rate):
    assert metrics.is_rate(metric) is rate
