"""Items and their standard errors, against simulation and the textbook."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import items


def frame(score: list[float], weight: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"score": score, "weight": weight})


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=50))
def test_with_equal_weights_it_is_the_error_of_a_mean(values: list[float]) -> None:
    found = items.stderr(frame(values, [1.0] * len(values)), "mean")
    assert found == pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values)), abs=1e-9)


def test_one_item_has_no_standard_error() -> None:
    assert math.isnan(items.stderr(frame([1.0], [1.0]), "mean"))


def test_ratio_error_agrees_with_repeated_sampling() -> None:
    """Documents of uneven length drawn again and again: the spread of bits per byte itself."""
    rng = np.random.default_rng(0)

    def draw() -> pd.DataFrame:
        length = rng.integers(20, 2000, size=300)
        return frame(list(1 + rng.normal(0, 0.2, 300) + 50 / length), list(length.astype(float)))

    draws = [draw() for _ in range(400)]
    spread = np.std([items.mean(d, "bits_per_byte") for d in draws], ddof=1)
    claimed = np.mean([items.stderr(d, "bits_per_byte") for d in draws])
    assert claimed == pytest.approx(spread, rel=0.12)  # 400 draws: the spread is known to 3.5 %


def test_bits_per_byte_and_perplexity_equal_lm_eval() -> None:
    from lm_eval.api.metrics import bits_per_byte, perplexity, weighted_perplexity

    pairs = [(-31.5, 40), (-7.25, 11), (-120.0, 95)]
    logs = [-1.5, -0.25, -3.0]
    sample = {
        "doc_id": 0, "doc_hash": "d", "prompt_hash": "p", "filter": "none", "target": "",
        "filtered_resps": [], "resps": [],
    }  # fmt: skip
    rows = [
        {**sample, "metrics": ["bpb", "wppl", "ppl"], "bpb": pair, "wppl": pair, "ppl": log}
        for pair, log in zip(pairs, logs, strict=True)
    ]
    how = {"bpb": "bits_per_byte", "wppl": "weighted_perplexity", "ppl": "perplexity"}
    table = items.table({"task": rows}, how)
    by = dict(iter(table.groupby("metric")))
    assert items.mean(by["bpb"], how["bpb"]) == pytest.approx(bits_per_byte(pairs))
    assert items.mean(by["wppl"], how["wppl"]) == pytest.approx(weighted_perplexity(pairs))
    assert items.mean(by["ppl"], how["ppl"]) == pytest.approx(perplexity(logs))


def test_exponential_error_is_the_delta_method() -> None:
    rng = np.random.default_rng(1)
    table = frame(list(rng.normal(1, 0.3, 400)), [1.0] * 400)
    plain = items.stderr(table, "mean")
    assert items.stderr(table, "perplexity") == pytest.approx(
        plain * math.exp(table["score"].mean())
    )


def test_bootstrap_agrees_with_the_closed_form_and_one_seed_gives_one_answer() -> None:
    values = list(np.random.default_rng(2).normal(0, 1, 200))
    found = items.bootstrap_stderr(values, np.mean, np.random.default_rng(3))
    assert found == pytest.approx(np.std(values, ddof=1) / math.sqrt(200), rel=0.1)
    assert found == items.bootstrap_stderr(values, np.mean, np.random.default_rng(3))


def test_values_that_are_no_numbers_are_kept_as_gaps() -> None:
    row = {
        "doc_id": 0, "doc_hash": "d", "prompt_hash": "p", "filter": "none", "target": "x",
        "filtered_resps": [["a", "b"]], "resps": [["a", "b"]], "metrics": ["f1"], "f1": (1, 0),
    }  # fmt: skip
    table = items.table({"task": [row]}, {"f1": "f1_score"})
    assert math.isnan(table["score"].iloc[0])
    assert table["response"].iloc[0] == '[["a", "b"]]'
