"""What an evaluation gives, entry by entry: one a metric and filter, with its error and counts."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from eval import items as item_table
from eval.identity import SEEDS
from eval.suite import Benchmark


def entries(
    results: dict[str, Any], samples: dict[str, Any], table: pd.DataFrame,
    how: dict[str, dict[str, Any]], benchmark: Benchmark,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One entry for each metric and filter, the benchmark's own first.

    ``how`` has each task's aggregation functions by metric.

    Raises
    ------
    ValueError
        If there is no such metric and filter, or its score is not a finite number.
    """
    from lm_eval.api.metrics import mean as lm_eval_mean

    metrics = {**results["results"], **results.get("groups", {})}[benchmark.task]
    found = {
        tuple(key.rsplit(",", 1)): value
        for key, value in metrics.items()
        if "," in key and "_stderr," not in key and isinstance(value, int | float)
    }
    primary = (benchmark.metric, benchmark.filter)
    if primary not in found:
        has = "; ".join(f"{m}, filter {f}" for m, f in found)
        raise ValueError(
            f"{benchmark.name}: no metric {primary[0]} with filter {primary[1]}; it has {has}"
        )
    for metric, filter_name in sorted(found, key=lambda key: key != primary):
        value = float(found[metric, filter_name])
        if (metric, filter_name) == primary and not math.isfinite(value):
            raise ValueError(f"{benchmark.name}: {metric} is {value}; the model gives no numbers")
        rows = table[(table["metric"] == metric) & (table["filter"] == filter_name)]
        functions = {fns.get(metric, lm_eval_mean) for fns in how.values()}
        error = metrics.get(f"{metric}_stderr,{filter_name}")
        if not isinstance(error, int | float):
            error = _own_stderr(rows, samples, metric, filter_name, functions)
        right = set(rows["score"].unique()) <= {0.0, 1.0} and len(rows) > 0
        yield {
            "metric": metric,
            "filter": filter_name,
            # a secondary metric may overflow, as perplexities do; it then has no score
            "score": value if math.isfinite(value) else None,
            "stderr": float(error) if math.isfinite(error) else None,
            "n": len(rows),
            "successes": int(rows["score"].sum()) if right else None,
            "aggregation": _reproduced(rows, value, {f.__name__ for f in functions}),
        }


def _reproduced(rows: pd.DataFrame, value: float, names: set[str]) -> str | None:
    """The aggregation, where the items' scores and weights give the score; None elsewhere."""
    name = names.pop() if len(names) == 1 else ""
    if name not in item_table.MEANS or not len(rows) or rows["score"].isna().any():
        return None
    try:
        again = item_table.mean(rows, name)
    except OverflowError:  # as perplexities do
        return None
    return name if math.isclose(again, value, rel_tol=1e-9, abs_tol=1e-12) else None


def _own_stderr(
    rows: pd.DataFrame, samples: dict[str, Any], metric: str, filter_name: str, functions: set[Any]
) -> float:
    """A standard error where lm-eval has none: linearised ratio, otherwise bootstrap."""
    if len(functions) != 1:
        return math.nan
    (aggregate,) = functions
    if aggregate.__name__ in item_table.MEANS and rows["score"].notna().all():
        return item_table.stderr(rows, aggregate.__name__)
    values = [
        s[metric] for ss in samples.values() for s in ss
        if s["filter"] == filter_name and metric in s
    ]  # fmt: skip
    return item_table.bootstrap_stderr(values, aggregate, np.random.default_rng(SEEDS[1]))


def tokens(lm: Any, samples: dict[str, Any]) -> list[int]:
    """Tokens the model read and wrote for each item, in the order of the item table."""
    rows = [sample for ss in samples.values() for sample in ss]
    texts = [
        [_exchange(a, r) for a, r in zip(row["arguments"], row["resps"], strict=True)]
        for row in rows
    ]
    counts = _counts(lm, [exchange for row in texts for exchange in row])
    return [
        total
        for row, mine in zip(rows, texts, strict=True)
        for total in [sum(counts[text] for said, _ in mine for text in said)] * len(row["metrics"])
    ]


def _counts(lm: Any, exchanges: list[tuple[list[str], bool]]) -> dict[str, int]:
    """Tokens of each text; those that no model wrote in are encoded once for each tokenizer."""
    written = list(dict.fromkeys(t for said, wrote in exchanges if wrote for t in said))
    given = list(dict.fromkeys(t for said, wrote in exchanges if not wrote for t in said))
    tokenizer = getattr(lm, "tokenizer", None)
    if tokenizer is None:
        return dict.fromkeys(written + given, 0)

    def encode(some: list[str]) -> list[list[int]]:
        return list(tokenizer(some, add_special_tokens=False)["input_ids"]) if some else []

    cache = getattr(lm, "token_cache", None)
    if cache is None:
        known = encode(given)
    else:
        owner = f"{lm.token_owner} alone"
        cache.fill(owner, given, encode)
        known = [cache.get(owner, text, lambda text: encode([text])[0]) for text in given]
    everything = zip(written + given, encode(written) + known, strict=True)
    return {text: len(ids) for text, ids in everything}


def _exchange(arguments: tuple[Any, ...], responses: list[Any]) -> tuple[list[str], bool]:
    """Texts of one request, and whether the model wrote in them.

    They are the prompt with each generated answer, or with its continuation.
    """
    texts = [part for part in arguments if isinstance(part, str)]
    written = [r for r in responses if isinstance(r, str)]
    return ["".join(texts) + w for w in written] or ["".join(texts)], bool(written)
