"""Result files of lighteval: results_*.json with config_general, tasks named 'suite|task|shots'."""

from __future__ import annotations

import math
from collections.abc import Iterator

from correlate.benchmarks import canonical
from correlate.sources.lm_eval import Json, Row, number


def is_result(document: Json) -> bool:
    """Whether a parsed JSON file is a result file of lighteval."""
    return isinstance(document.get("results"), dict) and isinstance(
        document.get("config_general"), dict
    )


def rows(document: Json) -> Iterator[Row]:
    """One row a task and metric; the entry 'all' and averages over tasks are left out."""
    general = document["config_general"]
    inner = general.get("model_config")
    inner = inner if isinstance(inner, dict) else {}
    hub = str(general.get("model_name") or inner.get("model_name") or "unnamed")
    revision = str(inner.get("revision") or "")
    revision = "" if revision == "main" else revision
    given = {
        "model": hub + (f"@{revision}" if revision else ""),
        "hub": hub,
        "revision": revision,
        "date": number(general.get("start_time")) or 0.0,
        "limited": general.get("max_samples") is not None,
    }
    versions, tasks = document.get("versions"), document.get("config_tasks")
    for key, metrics in document["results"].items():
        task, shots = split_task(str(key))
        if task == "all" or ":_average" in task:
            continue
        about = {
            **given,
            "task": task,
            "benchmark": canonical(task),
            "shots": shots,
            "task_version": str(versions.get(key, "")) if isinstance(versions, dict) else "",
            "n": _items(tasks, str(key)),
        }
        if not isinstance(metrics, dict):
            yield {**about, "raw": metrics}
            continue
        for name, value in metrics.items():
            if str(name).endswith("_stderr"):
                continue
            stderr = number(metrics.get(f"{name}_stderr"))
            yield {
                **about,
                "metric": str(name),
                "filter": "",
                "score": number(value),
                "stderr": math.nan if stderr is None else stderr,
                "raw": value,
            }


def split_task(key: str) -> tuple[str, str]:
    """'leaderboard|gsm8k|5' or 'gsm8k|5|0' -> ('gsm8k', '5'); shots '' where none stand there."""
    parts = key.split("|")
    digits = [i for i, part in enumerate(parts) if part.isdigit()]
    if not digits:
        return (parts[-1] if len(parts) > 1 else key), ""
    first = digits[0]
    return (parts[first - 1] if first else key), parts[first]


def _items(tasks: object, key: str) -> float | None:
    """Items scored, as the task's configuration states them."""
    if not isinstance(tasks, dict):
        return None
    name = key.rsplit("|", 1)[0]
    about = next((tasks[k] for k in (key, name) if isinstance(tasks.get(k), dict)), None)
    if about is None:
        return None
    count = number(about.get("effective_num_docs"))
    return count if count and count > 0 else None
