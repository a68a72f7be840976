"""A ladder and a suite without YAML: from names of models and of tasks."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from eval import catalog, ladder_file
from eval import suite as suites
from eval.errors import InputError
from eval.ladder import Ladder, Rung
from eval.suite import Benchmark, Suite

# pythia-70m-deduped -> pythia: what stands before the first part that is a size or a version
SIZE = re.compile(r"[-_.]v?\d+(\.\d+)?[kmbt]?([-_.]|$).*", re.IGNORECASE)

# what lm-eval reports where a task's file names no metric
BY_OUTPUT = {
    "multiple_choice": "acc",
    "loglikelihood": "acc",
    "loglikelihood_rolling": "bits_per_byte",
    "generate_until": "exact_match",
}


def ladder(models: str) -> Ladder:
    """Rungs for comma-separated hub ids (``owner/name[@revision]``) and local folders.

    A folder of model folders stands for all of them. Facts of a model that a shipped ladder
    knows come from there; otherwise the family is the name up to its size.

    Raises
    ------
    InputError
        If a name is neither a hub id nor a folder with models.
    """
    rungs = [rung for name in _split(models, "--models") for rung in _rungs(name)]
    names = [rung.name for rung in rungs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"--models: {twice}: given twice; name each model once")
    return Ladder(name="quick", about=f"models {models}", rungs=tuple(rungs))


def suite(tasks: str) -> Suite:
    """Benchmarks for comma-separated lm-eval tasks or groups.

    A task that a shipped suite has is scored as there; otherwise by its first metric and filter.

    Raises
    ------
    InputError
        If a task is unknown, or its metric cannot be told from its file.
    """
    known = {b.task: b for name in suites.shipped() for b in _plain(suites.load(name))}
    benchmarks = []
    for task in _split(tasks, "--tasks"):
        if task not in known:
            known[task] = Benchmark(name=task, task=task, **_score(task))
        benchmarks.append(known[task])
    return Suite(name="quick", about=f"tasks {tasks}", benchmarks=tuple(benchmarks))


def _split(text: str, option: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"{option}: empty; give names separated by commas")
    return names


def _plain(suite: Suite) -> tuple[Benchmark, ...]:
    """Benchmarks on lm-eval's own tasks."""
    return suite.benchmarks if suite.tasks_path is None else ()


def _rungs(name: str) -> list[Rung]:
    folder = Path(name)
    if folder.is_dir():
        found = [folder] if (folder / "config.json").is_file() else _below(folder)
        if not found:
            raise InputError(f"--models: {name}: no model folder in it (none has a config.json)")
        return [_local(path) for path in found]
    hub, _, revision = name.partition("@")
    if hub.count("/") != 1:
        raise InputError(f"--models: {name}: neither a folder nor owner/name; correct it")
    return [of_hub(hub, revision or None)]


def _below(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/config.json"))


def _local(folder: Path) -> Rung:
    path = folder.resolve()
    return Rung(
        name=path.name,
        family=SIZE.sub("", path.name) or path.name,
        path=path,
        architecture=str(_json(path / "config.json").get("model_type", "")),
        params=ladder_file.stored(path),
    )


def of_hub(hub: str, revision: str | None = None) -> Rung:
    """The rung of a hub id ``owner/name``: as a shipped ladder has it, otherwise its name alone."""
    known = _shipped().get((hub, revision or "main"))
    if known is not None:
        return known
    short = hub.split("/")[1]
    full = f"{short}-{revision}" if revision else short
    return Rung(
        name=full, family=SIZE.sub("", short) or short, hub=hub, revision=revision,
        training_run=short if revision else None,
    )  # fmt: skip


@cache
def _shipped() -> dict[tuple[str, str], Rung]:
    """Rungs of the shipped ladders by hub id and revision; the first ladder that has one wins."""
    rungs = [rung for name in ladder_file.shipped() for rung in ladder_file.load(name).rungs]
    return {(r.hub, r.revision or "main"): r for r in reversed(rungs) if r.hub is not None}


def _score(task: str) -> dict[str, Any]:
    """A task's first metric and filter, as its file has them."""
    config = catalog.config(task)
    metrics = config.get("metric_list") or config.get("aggregate_metric_list") or []
    first = metrics[0] if metrics else {"metric": BY_OUTPUT.get(config.get("output_type", ""))}
    if first["metric"] is None:
        raise InputError(f"--tasks: {task}: its file names no metric; write a suite that does")
    filters = config.get("filter_list") or first.get("filter_list") or "none"
    if isinstance(filters, list):
        filters = filters[0]["name"] if isinstance(filters[0], dict) else filters[0]
    return {"metric": str(first["metric"]), "filter": str(filters)}


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}; repair the model folder") from error
    return content if isinstance(content, dict) else {}
