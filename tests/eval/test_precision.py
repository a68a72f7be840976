"""Stopping at a precision: what it costs in bias, computed exactly; what it refuses; pairing."""

import json
import math
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from eval import precision


def stopped(rate: float, target: float, most: int) -> dict[tuple[int, int], float]:
    """The exact distribution of (items, successes) at which a cell of ``rate`` stops."""
    first = min(precision.LEAST, most)
    state = {(first, s): binom.pmf(s, first, rate) for s in range(first + 1)}
    ended: dict[tuple[int, int], float] = defaultdict(float)
    while state:
        further: dict[tuple[int, int], float] = defaultdict(float)
        for (count, total), weight in state.items():
            wanted = precision.look(total, count, most, target)
            if wanted <= count:
                ended[count, total] += weight
                continue
            chances = binom.pmf(range(wanted - count + 1), wanted - count, rate)
            for more, chance in enumerate(chances):
                if weight * chance > 1e-12:
                    further[wanted, total + more] += weight * chance
        state = further
    return ended


@pytest.mark.parametrize("target", [0.02, 0.03])
@pytest.mark.parametrize("rate", [0.005, 0.05, 0.1, 0.3, 0.5, 0.95])
def test_bias_and_error_are_small_for_every_rate(rate: float, target: float) -> None:
    ended = stopped(rate, target, 1319)
    assert sum(ended.values()) == pytest.approx(1, abs=1e-6)
    bias = sum(w * (s / n - rate) for (n, s), w in ended.items())
    square = sum(w * (s / n - rate) ** 2 for (n, s), w in ended.items())
    within = sum(
        w for (n, s), w in ended.items()
        if abs((s + 2) / (n + 4) - rate) <= 1.96 * precision.error(s, n)
    )  # fmt: skip
    assert abs(bias) <= target / 5
    assert math.sqrt(square) <= 1.01 * target
    assert within >= 0.94


def test_the_plain_error_would_stop_at_once_on_zeros() -> None:
    """What the rule is for: a hundred wrong answers in a row do not show a score of exactly 0."""
    plain = math.sqrt(0 * 1 / 100)
    assert plain == 0 < precision.error(0, 100)
    assert precision.look(0, 100, 1319, 0.01) > 100


@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.01, 0.02, 0.05]))
def test_every_look_goes_on_or_stops_for_a_reason(most: int, rate: float, target: float) -> None:
    count = min(precision.LEAST, most)
    looks = 0
    while (wanted := precision.look(rate * count, count, most, target)) > count:
        assert wanted <= most
        assert wanted - count >= min(precision.STEP, most - count)
        count, looks = wanted, looks + 1
    assert count == most or precision.error(rate * count, count) <= target
    assert looks <= 40


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_longer_look_holds_a_shorter_one(one: int, other: int) -> None:
    counts = {"a": 300, "b": 120, "c": 7}
    less, more = sorted((one, other))
    for task, docs in precision.chosen(counts, less).items():
        assert set(docs) <= set(precision.chosen(counts, more)[task])
        assert docs == sorted(docs)
        assert docs  # lm-eval takes an empty list for all documents


def test_all_is_all_and_order_is_a_permutation() -> None:
    assert precision.chosen({"a": 10}, 10) == {"a": list(range(10))}
    order = precision.order("a", 50)
    assert sorted(order) == list(range(50)) != order
    assert order == precision.order("a", 50) != precision.order("b", 50)


@pytest.mark.parametrize(
    ("metric", "config", "says"),
    [
        ("acc", {"metric_list": [{"metric": "acc"}]}, None),
        ("own", {"metric_list": [{"metric": "own", "aggregation": "mean"}]}, None),
        ("own", {"metric_list": [{"metric": "own"}]}, "all items together"),
        ("f1", {"metric_list": [{"metric": "f1", "aggregation": "f1"}]}, "all items together"),
        ("bits_per_byte", {"metric_list": [{"metric": "bits_per_byte"}]}, "all items together"),
        ("acc", {"aggregate_metric_list": [{"metric": "acc", "weight_by_size": False}]}, "equally"),
    ],
)
def test_what_cannot_stop_is_known_from_its_file(
    metric: str, config: dict[str, Any], says: str | None
) -> None:
    found = precision.obstacle(metric, [config])
    assert found is None if says is None else says in str(found)


@pytest.fixture
def wide(tiny: Path, tmp_path: Path) -> Path:
    """The tiny ladder on 400 sums with shots drawn anew for each item, choices, and a text."""
    sums = [{"question": f"{i} plus {i % 7}", "answer": str(i % 3)} for i in range(400)]
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "sums.jsonl").write_text("".join(json.dumps(r) + "\n" for r in sums))
    config = yaml.safe_load((tiny / "tasks" / "tiny_sums.yaml").read_text())
    config["dataset_kwargs"]["data_files"]["test"] = str(tmp_path / "tasks" / "sums.jsonl")
    (tmp_path / "tasks" / "tiny_sums.yaml").write_text(yaml.safe_dump(config))
    text = (tiny / "tasks" / "tiny_text.yaml").read_text()
    (tmp_path / "tasks" / "tiny_text.yaml").write_text(text)
    suite = yaml.safe_load((tiny / "suite.yaml").read_text())
    suite["benchmarks"] = [suite["benchmarks"][0] | {"limit": None}, suite["benchmarks"][2]]
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump(suite))
    return tmp_path


def test_cells_stop_on_shared_items_that_equal_those_of_a_full_run(
    wide: Path, tiny: Path, command: Callable[..., Any]
) -> None:
    run = ("run", tiny / "ladder.yaml", "--suite", wide / "suite.yaml", "--workers", 1)
    assert command(*run, "--out", wide / "full").returncode == 0
    done = command(*run, "--out", wide / "early", "--precision", 0.04)
    assert done.returncode == 0, done.stderr
    assert "text: scored in full: bits_per_byte" in done.stderr
    assert "items were enough" in done.stderr
    orders = []
    for rung in ("small", "large", "other"):
        early, full = (pd.read_parquet(wide / s / "cells" / rung / "sums" / "items.parquet")
                       for s in ("early", "full"))  # fmt: skip
        cell = json.loads((wide / "early/cells" / rung / "sums/result.json").read_text())["cell"]
        count = early["doc"].nunique()
        assert cell["items"] == count < cell["all_items"] == 400
        score = next(s for s in cell["scores"] if s["filter"] == "flexible-extract")
        assert score["n"] == count
        assert precision.error(score["score"] * count, count) <= 0.04
        # shots are those of the full run, so each item is the same item
        keys = ["doc", "filter", "prompt_hash", "response", "score"]
        both = early[keys].merge(full[keys], on=keys)
        assert len(both) == len(early)
        orders.append(set(early["doc"]))
    orders.sort(key=len)
    assert orders[0] <= orders[1] <= orders[2]
    # a full cell is more precise than asked for: it stands, and a full run takes nothing less
    plan = ("plan", tiny / "ladder.yaml", "--suite", wide / "suite.yaml", "--json", "--offline")
    full_plan = command(*plan, "--out", wide / "full", "--precision", 0.04)
    assert json.loads(full_plan.stdout)["counts"]["done"] == 6
    early_plan = command(*plan, "--out", wide / "early")
    assert json.loads(early_plan.stdout)["counts"] == {
        "done": 3, "missing": 0, "failed": 0, "changed": 3,
    }  # fmt: skip
