"""A task of lm-eval's output as a cell of a study: result.json and items, nothing run again."""

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval import items as item_table
from eval import suite
from eval.catalog import digest
from eval.errors import InputError
from eval.imports.results import Found, decode, number, table
from eval.store import Key
from eval.suite import Benchmark

VERSION = 1
NO_METRIC = (" ", "alias", "name", "sample_len", "sample_count", "samples")
# lm-eval's aggregations of likelihoods, by the metrics it uses them for
LIKELIHOODS = {
    "bits_per_byte": "bits_per_byte", "byte_perplexity": "weighted_perplexity",
    "word_perplexity": "weighted_perplexity", "perplexity": "perplexity",
}  # fmt: skip


def cell(key: Key, one: Found) -> tuple[dict[str, Any], pd.DataFrame | None]:
    """A cell's result.json, and its items where lm-eval kept samples.

    Raises
    ------
    InputError
        If a sample cannot be read.
    """
    samples = _samples(one.samples) if one.samples else []
    answers = _items(one, samples) if samples else None
    document = one.document
    facts = _benchmark(key, one)
    content = {"import": VERSION, "model": one.rung.place, "task": one.task, "shots": one.shots,
               "result": one.metrics, "config": document["config"],
               "version": table(document, "versions").get(one.task)}  # fmt: skip
    result = {
        **{k: v for k, v in document.items() if k not in ("results", "configs", "groups")},
        "results": {one.task: one.metrics},
        "configs": {one.task: table(document, "configs").get(one.task)},
        "n-shot": {one.task: one.shots},
        "versions": {one.task: content["version"]},
        "cell": {
            "identity": f"import{VERSION}-{digest(content)[:20]}",
            "status": "imported",
            "imported_from": str(one.file),
            "rung": one.rung.model_dump(mode="json"),
            "benchmark": facts,
            "prompt_hash": str(table(document, "task_hashes").get(one.task) or ""),
            "scores": sorted(
                _scores(one, answers),
                key=lambda s: (s["metric"], s["filter"]) != (facts["metric"], facts["filter"]),
            ),
        },
    }
    return result, answers


def unscored(one: Found) -> list[str]:
    """A line for each metric whose value is no finite number: it cannot be a score."""
    return [
        f"{one.place}: {label} is {str(value)[:40]!r}, no finite number"
        for label, value in one.metrics.items()
        if label.partition(",")[0] not in NO_METRIC
        and not label.partition(",")[0].endswith("_stderr")
        and number(value) is None
    ]


def _benchmark(key: Key, one: Found) -> dict[str, Any]:
    """What the shipped suites know of the task; nothing is made up for others."""
    known = _shipped().get(one.task)
    facts: dict[str, Any] = {"metric": "", "filter": "", "band": None, "chance": None,
                             "ceiling": None}  # fmt: skip
    if known is not None:
        facts = known.model_dump(mode="json", include=set(facts))
    limit = one.document["config"].get("limit")
    return {**facts, "name": key.benchmark, "task": one.task, "shots": one.shots, "limit": limit}


@cache
def _shipped() -> dict[str, Benchmark]:
    """Benchmarks of the shipped suites by task."""
    return {b.task: b for name in suite.shipped() for b in suite.load(name).benchmarks}


def _scores(one: Found, answers: pd.DataFrame | None) -> Iterator[dict[str, Any]]:
    """One entry a metric and filter; gaps in items and standard error from the samples."""
    metrics = one.metrics
    effective = number(table(table(one.document, "n-samples"), one.task).get("effective"))
    effective = int(effective) if effective is not None and effective >= 1 else None
    for label, value in metrics.items():
        metric, _, filtered = label.partition(",")
        score = number(value)
        if metric in NO_METRIC or metric.endswith("_stderr") or score is None:
            continue
        error = metrics.get(f"{metric}_stderr,{filtered}" if filtered else f"{metric}_stderr")
        entry = {
            "metric": metric,
            "filter": filtered or "none",
            "score": score,
            "stderr": number(error),
            "n": effective,
            "successes": None,
        }
        yield entry | (_from_samples(one, entry, answers) if answers is not None else {})


def _from_samples(one: Found, entry: dict[str, Any], answers: pd.DataFrame) -> dict[str, Any]:
    """Items, successes and the standard error lm-eval left open, as its samples give them.

    Raises
    ------
    InputError
        If the samples' mean is not the score: the two files are of different runs.
    """
    chosen = (answers["metric"] == entry["metric"]) & (answers["filter"] == entry["filter"])
    rows = answers[chosen]
    if rows.empty or not np.isfinite(rows["score"]).all():
        return {}
    how = LIKELIHOODS.get(entry["metric"], "mean")
    right = set(rows["score"].unique()) <= {0.0, 1.0}
    mean = item_table.mean(rows, how)
    if right and not math.isclose(mean, entry["score"], rel_tol=1e-6, abs_tol=1e-9):
        raise InputError(
            f"{one.samples}: {entry['metric']}, {entry['filter']}: the samples' mean is {mean:g}, "
            f"{one.file.name} has {entry['score']:g}; files of two runs? move one away"
        )
    found: dict[str, Any] = {"n": len(rows)}
    if right:
        found["successes"] = int(rows["score"].sum())
    if entry["stderr"] is None and math.isclose(mean, entry["score"], rel_tol=1e-6):
        error = item_table.stderr(rows, how)
        found["stderr"] = error if math.isfinite(error) else None
    return found


def _items(one: Found, samples: list[dict[str, Any]]) -> pd.DataFrame:
    """The samples as a table of items.

    Raises
    ------
    InputError
        If a metric they name is missing, or is of a type that lm-eval does not write.
    """
    try:
        return item_table.table({one.task: samples}, LIKELIHOODS)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{one.samples}: not as lm-eval writes samples ({str(error)[:60]}); move it away"
        ) from None


def _samples(file: Path) -> list[dict[str, Any]]:
    """Samples as eval.items reads them; versions before 0.4.3 name neither filter nor metrics."""
    rows = []
    with file.open("rb") as lines:
        for place, line in enumerate(lines, 1):
            try:
                sample = decode(line)
                known = {"filter": "none", "prompt_hash": "", "doc_hash": "", "target": "",
                         "metrics": [], **sample}  # fmt: skip
                known["metrics"] = known["metrics"] or [
                    k for k in sample if k.startswith(("acc", "exact_match", "em", "f1"))
                ]
                texts = {name: str(known[name]) for name in ("filter", "doc_hash", "prompt_hash")}
                rows.append({**known, **texts, "doc_id": int(known["doc_id"]),
                             "resps": known.get("resps", ""),
                             "filtered_resps": known.get("filtered_resps", "")})  # fmt: skip
            except (ArithmeticError, ValueError, TypeError, KeyError, RecursionError):
                raise InputError(
                    f"{file}: line {place}: no sample of lm-eval; mend the file or move it away"
                ) from None
    return rows
