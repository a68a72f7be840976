"""A cell's items: lm-eval's samples as a tidy table, and standard errors computed from it.

One row an item, filter and metric. ``score`` is the item's value and ``weight`` its share of
the aggregate: 1 for means; bytes or words for likelihoods, whose score is then the cost per
byte or word of that item. So a mean is sum(score x weight) / sum(weight) throughout.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

# lm-eval's aggregations of (log-likelihood, length) pairs: item cost in nats -> metric's unit
PER_LENGTH = {"bits_per_byte": 1 / math.log(2), "weighted_perplexity": 1.0}
EXPONENTIAL = ("perplexity", "weighted_perplexity")
MEANS = ("mean", "nanmean", *PER_LENGTH, *EXPONENTIAL)


def table(samples: dict[str, list[dict[str, Any]]], aggregations: dict[str, str]) -> pd.DataFrame:
    """Rows for the samples of each task.

    ``aggregations`` maps a metric to the name of its aggregation function in lm-eval.
    """
    rows = [
        {
            "task": task,
            "doc": sample["doc_id"],
            "doc_hash": sample["doc_hash"],
            "prompt_hash": sample["prompt_hash"],
            "filter": sample["filter"],
            "metric": metric,
            **_score(sample[metric], aggregations.get(metric, "mean")),
            "answer": _text(sample["filtered_resps"]),
            "response": packed(sample["resps"]),
            "target": str(sample["target"]),
        }
        for task, rows in samples.items()
        for sample in rows
        for metric in sample["metrics"]
    ]
    frame = pd.DataFrame(rows)
    return frame.astype({"score": float, "weight": float, "doc": "int64"})


def mean(items: pd.DataFrame, aggregation: str) -> float:
    """The aggregate of one metric's items, where it is a mean or the exponential of one."""
    value = float(np.average(items["score"], weights=items["weight"]))
    return math.exp(value) if aggregation in EXPONENTIAL else value


def stderr(items: pd.DataFrame, aggregation: str) -> float:
    """Standard error of :func:`mean` over items drawn at random; NaN for fewer than two.

    A ratio of sums R = sum(y) / sum(w), linearised: sqrt(n/(n-1) sum (y_i - R w_i)^2) / sum(w)
    (Cochran 1977, Sampling Techniques, eq. 6.9 without the finite-population term). With all
    weights 1 it is the usual error of a mean; an exponential brings the factor exp(R).
    """
    n = len(items)
    if n < 2:
        return math.nan
    w = items["weight"].to_numpy(float)
    y = items["score"].to_numpy(float) * w
    ratio = y.sum() / w.sum()
    spread = n / (n - 1) * np.square(y - ratio * w).sum()
    error = float(np.sqrt(spread) / w.sum())
    return error * math.exp(ratio) if aggregation in EXPONENTIAL else error


def bootstrap_stderr(
    values: Sequence[Any], aggregate: Callable[[Sequence[Any]], float], rng: np.random.Generator,
    draws: int = 1000,
) -> float:  # fmt: skip
    """Standard error of any aggregate, over items drawn with replacement; NaN for under two."""
    n = len(values)
    if n < 2:
        return math.nan
    picks = rng.integers(0, n, size=(draws, n))
    return float(np.std([aggregate([values[i] for i in pick]) for pick in picks], ddof=1))


def _score(value: Any, aggregation: str) -> dict[str, float]:
    """An item's score and weight; NaN where its value is no number on its own."""
    if isinstance(value, bool | int | float | np.number):
        cost = -float(value) if aggregation == "perplexity" else float(value)
        return {"score": cost, "weight": 1.0}
    if aggregation in PER_LENGTH and isinstance(value, tuple | list) and len(value) == 2:
        loglikelihood, length = value
        return {"score": -loglikelihood / length * PER_LENGTH[aggregation], "weight": length}
    return {"score": math.nan, "weight": 1.0}


def packed(responses: list[list[Any]]) -> str:
    """All answers of an item: the text itself where it is one, otherwise JSON.

    ``responses`` has a list of answers for each request. A text that could be taken for JSON is
    written as JSON as well, so that :func:`eval.replay.unpacked` gets back what was packed.
    """
    if len(responses) == 1 and len(responses[0]) == 1:
        text = responses[0][0]
        if isinstance(text, str) and not text.startswith("["):
            return text
    return json.dumps(responses, ensure_ascii=False)


def _text(value: Any) -> str:
    """A response as text: nested single-element lists are opened, the rest is written out."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else repr(value)
