"""A study as lm-eval's own output folder: results and samples, written by lm-eval's own writer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval import catalog, replay
from eval.errors import InputError
from eval.store import Key, Study
from eval.suite import Benchmark, Suite

# results that have an entry a task, so that those of several cells are put together
BY_TASK = (
    "results", "groups", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better",
    "n-samples",
)  # fmt: skip


def export(study: Study, suite: Suite, out: Path) -> Iterator[Path]:
    """Write a folder a rung into ``out``; yields each results file.

    Samples are made again from the responses on disk; the tasks' data must be at hand.

    Raises
    ------
    InputError
        If data is missing or not what was scored, or a file cannot be written.
    """
    tasks: dict[str, dict[str, Any]] = {}
    rungs: dict[str, list[Key]] = {}
    for key in study.on_disk():
        rungs.setdefault(key.rung, []).append(key)
    for rung, keys in rungs.items():
        merged: dict[str, Any] = {}
        samples: dict[str, list[dict[str, Any]]] = {}
        for key in keys:
            result = study.result(key)
            if result is None:
                continue
            benchmark = Benchmark.model_validate(result["cell"]["benchmark"])
            if key.benchmark not in tasks:
                asked = suite.model_copy(update={"benchmarks": (benchmark,)})
                tasks[key.benchmark] = catalog.open_tasks(asked, [key.benchmark])[key.benchmark]
            again = replay.replay(tasks[key.benchmark], benchmark, study.items(key))
            _merge(merged, result, key)
            samples |= again["samples"]
        if merged:
            yield _write(out, rung, merged, samples)


def _merge(merged: dict[str, Any], result: dict[str, Any], key: Key) -> None:
    twice = set(merged.get("results", {})) & set(result["results"])
    if twice:
        raise InputError(
            f"{key}: task {twice.pop()} is in two benchmarks, which lm-eval's output cannot hold; "
            "export studies with one of them"
        )
    for name in BY_TASK:
        merged.setdefault(name, {}).update(result.get(name) or {})
    merged["config"] = result["config"]
    merged["date"] = min(result["date"], merged.get("date", result["date"]))
    code = result["cell"]["provenance"].get("code") or {}
    merged["git_hash"] = code.get("commit")


def _write(
    out: Path, rung: str, merged: dict[str, Any], samples: dict[str, list[dict[str, Any]]]
) -> Path:
    from lm_eval.loggers import EvaluationTracker

    tracker = EvaluationTracker(output_path=str(out))
    tracker.general_config_tracker.model_name = rung
    tracker.general_config_tracker.model_name_sanitized = rung
    tracker.general_config_tracker.model_source = "hf"
    tracker.general_config_tracker.start_time = datetime.now(UTC).timestamp()
    tracker.save_results_aggregated(results=merged, samples=samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task_name=task, samples=rows)
    written = sorted((out / rung).glob("results_*.json"))
    missing = [t for t in samples if not list((out / rung).glob(f"samples_{t}_*.jsonl"))]
    if not written or missing:  # lm-eval's writer swallows what goes wrong
        raise InputError(f"{out / rung}: could not be written; give a writable --out")
    return written[-1]
