"""Result files of lm-eval v0.3 and v0.4: one JSON a model (and checkpoint), tasks inside."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from correlate.benchmarks import canonical
from correlate.metrics import is_percent

Json = dict[str, Any]
Row = dict[str, Any]

_NO_METRIC = frozenset({"alias", "name", "sample_len", "sample_count", "samples", "task", " "})


def decode(raw: bytes) -> object:
    """The JSON in ``raw``.

    Raises
    ------
    ValueError
        If it is none, or holds half a character ('\\ud83d' alone), which no file can hold.
    """
    document = json.loads(raw)
    if b"\\ud" in raw or b"\\uD" in raw:
        json.dumps(document, ensure_ascii=False).encode()
    return document


def is_result(document: Json) -> bool:
    """Whether a parsed JSON file is a result file of lm-eval (either version)."""
    known = ("config", "versions", "configs", "n-shot")
    return isinstance(document.get("results"), dict) and any(key in document for key in known)


def rows(document: Json) -> Iterator[Row]:
    """One row a task and metric; what cannot be read as a number has score None and ``raw``.

    v0.3 names metrics 'acc', v0.4 'acc,none' (metric, filter). The few-shot count is the one
    inside the file: paths have been seen to lie.
    """
    config = _table(document.get("config"))
    given = {
        **identity(document, config),
        "date": _date(document),
        "limited": config.get("limit") is not None,
        "params": _params(config),
    }
    shots, versions = _table(document.get("n-shot")), _table(document.get("versions"))
    samples, hashes = _table(document.get("n-samples")), _table(document.get("task_hashes"))
    for task, metrics in document["results"].items():
        if not isinstance(metrics, dict):
            yield {**given, "task": str(task), "benchmark": str(task), "raw": metrics}
            continue
        about = {
            **given,
            "task": str(task),
            "benchmark": canonical(str(task)),
            "shots": _text(shots.get(task, config.get("num_fewshot", ""))),
            "task_version": _text(versions.get(task, "")),
            "prompt_hash": _text(hashes.get(task, "")),
            "n": number(_table(samples.get(task)).get("effective")),
        }
        yield from _metrics(metrics, about)


def _metrics(metrics: Json, about: Row) -> Iterator[Row]:
    for key, value in metrics.items():
        name, _, filtered = str(key).partition(",")
        if name in _NO_METRIC or name.endswith("_stderr"):
            continue
        stderr = metrics.get(f"{name}_stderr,{filtered}" if filtered else f"{name}_stderr")
        score = number(value)
        times = 0.01 if is_percent(name, about["task"]) else 1.0
        yield {
            **about,
            "metric": name,
            "filter": filtered,
            "score": None if score is None else score * times,
            "stderr": (number(stderr) or math.nan) * times if stderr else math.nan,
            "raw": value,
        }


def identity(document: Json, config: Json) -> Row:
    """Model, hub id and revision as the run's own configuration gives them."""
    arguments = model_arguments(config.get("model_args"))
    hub = arguments.get("pretrained") or arguments.get("model") or arguments.get("path")
    hub = hub or _text(document.get("model_name")) or _text(config.get("model")) or "unnamed"
    adapter = arguments.get("peft", "")
    revision = arguments.get("revision", "") or _text(config.get("model_revision"))
    revision = "" if revision == "main" else revision
    model = hub + (f"+{adapter}" if adapter else "") + (f"@{revision}" if revision else "")
    return {"model": model, "hub": hub, "revision": revision}


def model_arguments(given: object) -> dict[str, str]:
    """'pretrained=a/b,revision=step1' (or a table) as a table of strings."""
    if isinstance(given, dict):
        return {str(k): _text(v) for k, v in given.items()}
    if not isinstance(given, str):
        return {}
    # A value may hold commas; the next argument starts at a comma followed by 'name='.
    parts = re.split(r",(?=\w+=)", given)
    pairs = (part.partition("=") for part in parts)
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def number(value: object) -> float | None:
    """``value`` as a float where it is a number or the text of one; None otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _date(document: Json) -> float:
    """Seconds since 1970 at which the run started; 0 where the file does not say."""
    return number(document.get("date")) or 0.0


def _params(config: Json) -> float | None:
    """Parameters as lm-eval counted them when it had the model in memory; None where it did not."""
    counted = number(config.get("model_num_parameters"))
    return counted if counted and counted > 0 else None


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
