"""Whether a study is what it says: hashes, and scores computed again from its items."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from eval import catalog, identity, scores
from eval import items as item_table
from eval.errors import InputError
from eval.ladder import Rung
from eval.store import Key, Study, hash_of
from eval.suite import Benchmark, Suite


@dataclass(frozen=True)
class Fault:
    """What is not as it should be, and where: a cell, or a file of the study."""

    place: str
    text: str


@dataclass(frozen=True)
class Verified:
    """Cells looked at, scores computed again, those that could not be, and all faults."""

    cells: int
    recomputed: int
    not_recomputed: int
    faults: tuple[Fault, ...]


def verify(study: Study, replay: bool = False) -> Verified:
    """Look at all finished cells; ``replay`` also runs their responses through the task again.

    Raises
    ------
    InputError
        If study.yaml cannot be read, or data that a replay needs is missing.
    """
    faults: list[Fault] = []
    cells = again = open_ = 0
    suite = suite_of(study)
    now = catalog.definitions(suite)
    for key in study.on_disk():
        try:
            result = study.result(key)
        except InputError as error:
            faults.append(Fault(str(key), str(error)))
            continue
        if result is None:
            continue
        cells += 1
        found = list(_cell(study, key, result, now))
        if not found:
            items = study.items(key)
            entries = result["cell"]["scores"]
            again += sum(entry["aggregation"] is not None for entry in entries)
            open_ += sum(entry["aggregation"] is None for entry in entries)
            found = [text for entry in entries for text in _entry(entry, items)]
            if replay:
                found += _replayed(suite, result, items)
        faults += [Fault(str(key), text) for text in found]
    if not _table_is_derived(study):
        faults.append(Fault("scores.csv", "not what the cells say; run 'eval scores --rebuild'"))
    return Verified(cells, again, open_, tuple(faults))


def _table_is_derived(study: Study) -> bool:
    path = study.folder / "scores.csv"
    try:
        # not read_text, which takes a line end inside a value for its own
        return path.is_file() and path.read_bytes() == scores.text(study)[0].encode()
    except InputError:  # a cell that cannot be read, which is a fault of its own
        return False


def suite_of(study: Study) -> Suite:
    """The suite that a study was last run with, as study.yaml has it."""
    content = yaml.safe_load((study.folder / "study.yaml").read_text(encoding="utf-8"))
    return Suite.model_validate(content["suite"])


def _cell(study: Study, key: Key, result: dict[str, Any], now: dict[str, str]) -> Iterator[str]:
    """Faults of a cell's hashes and names."""
    cell, parts = result["cell"], result["cell"]["identity_of"]
    if identity.name(parts) != cell["identity"]:
        yield f"identity {cell['identity']} is not that of what it hashes"
    if (cell["rung"]["name"], cell["benchmark"]["name"]) != (key.rung, key.benchmark):
        yield "its result is another cell's"
    path = study.cell(key) / "items.parquet"
    if not path.is_file():
        yield "items.parquet is missing"
        return
    if hash_of(path) != result["items_sha256"]:
        yield "items.parquet is not the file that was written"
        return
    items = study.items(key)
    for column, name in (("prompt_hash", "prompt_hash"), ("doc_hash", "docs_hash")):
        if catalog.joint(items[column]) != cell[name]:
            yield f"{name} is not that of its items"
    rung = Rung.model_validate(cell["rung"])
    there = rung.path is None or rung.path.is_dir()
    if there and identity.weights(rung) != parts["weights"]:
        yield f"{rung.place}: the weights are not those that were scored"
    if now.get(key.benchmark, parts["task"]["definition"]) != parts["task"]["definition"]:
        yield f"task {parts['task']['name']} is not defined as it was"


def _entry(entry: dict[str, Any], items: pd.DataFrame) -> Iterator[str]:
    """Faults of one score against its items."""
    name = f"{entry['metric']}, {entry['filter']}"
    rows = items[(items["metric"] == entry["metric"]) & (items["filter"] == entry["filter"])]
    if len(rows) != entry["n"]:
        yield f"{name}: {entry['n']} items are said, {len(rows)} are there"
    elif entry["successes"] is not None and rows["score"].sum() != entry["successes"]:
        yield f"{name}: {entry['successes']} successes are said, {rows['score'].sum():g} are there"
    elif entry["aggregation"] is not None:
        value = item_table.mean(rows, entry["aggregation"])
        if not math.isclose(value, entry["score"], rel_tol=1e-9, abs_tol=1e-12):
            yield f"{name}: {entry['score']} is said, its items give {value}"


def _replayed(suite: Suite, result: dict[str, Any], items: pd.DataFrame) -> list[str]:
    """Faults of a cell's results against its responses, run through the task once more."""
    from eval import replay

    benchmark = Benchmark.model_validate(result["cell"]["benchmark"])
    asked = suite.model_copy(update={"benchmarks": (benchmark,)})
    loaded = catalog.open_tasks(asked, [benchmark.name])[benchmark.name]
    again = replay.replay(loaded, benchmark, items)
    faults = []
    for name, before in result["results"].items():
        for metric, value in before.items():
            after = again["results"].get(name, {}).get(metric)
            if isinstance(value, float) and not _same(value, after):
                faults.append(f"{name}: {metric}: {value} is said, its responses give {after}")
    prompts = {(t, s["doc_id"]): s["prompt_hash"] for t, ss in again["samples"].items() for s in ss}
    other = sum(prompts[r.task, r.doc] != r.prompt_hash for r in items.itertuples())
    if other:
        faults.append(f"{other} of {len(items)} prompts are not those that were scored")
    return faults


def _same(one: float, other: Any) -> bool:
    if not isinstance(other, int | float):
        return False
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
