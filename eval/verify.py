"""Whether a study is what it says: hashes, and scores computed again from its items."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from eval import catalog, identity, reading, scores
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
    suite = None if imported(study) else suite_of(study)
    now = catalog.definitions(suite) if suite else {}
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
        entries = result["cell"]["scores"]
        open_ += sum(not _can_be_recomputed(entry, result) for entry in entries)
        if not found and "items_sha256" in result:
            items = study.items(key)
            again += sum(_can_be_recomputed(entry, result) for entry in entries)
            found = [text for entry in entries for text in _entry(entry, items)]
            if replay and suite:
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


def imported(study: Study) -> bool:
    """Whether the study came from elsewhere: no model of ours, no suite, perhaps no items."""
    return "suite" not in _described(study)


def suite_of(study: Study) -> Suite:
    """The suite that a study was last run with, as study.yaml has it.

    Raises
    ------
    InputError
        If the study was imported, and has none.
    """
    if imported(study):
        raise InputError(f"{study.folder}: study.yaml: imported, so no suite; use what it was from")
    return Suite.model_validate(_described(study)["suite"])


def _described(study: Study) -> dict[str, Any]:
    return reading.mapping(study.folder / "study.yaml")


def _can_be_recomputed(entry: dict[str, Any], result: dict[str, Any]) -> bool:
    return "items_sha256" in result and entry.get("aggregation") is not None


def _cell(study: Study, key: Key, result: dict[str, Any], now: dict[str, str]) -> Iterator[str]:
    """Faults of a cell's hashes and names; one that was imported has fewer."""
    cell, parts = result["cell"], result["cell"].get("identity_of")
    if (cell["rung"]["name"], cell["benchmark"]["name"]) != (key.rung, key.benchmark):
        yield "its result is another cell's"
    if parts is not None:
        yield from _identity(key, cell, parts, now)
    if "items_sha256" not in result:
        return
    path = study.cell(key) / "items.parquet"
    if not path.is_file():
        yield "items.parquet is missing"
        return
    if hash_of(path) != result["items_sha256"]:
        yield "items.parquet is not the file that was written"
        return
    items = study.items(key)
    for column, name in (("prompt_hash", "prompt_hash"), ("doc_hash", "docs_hash")):
        if parts is not None and catalog.joint(items[column]) != cell[name]:
            yield f"{name} is not that of its items"


def _identity(
    key: Key, cell: dict[str, Any], parts: dict[str, Any], now: dict[str, str]
) -> Iterator[str]:
    """Faults of what the identity hashes: itself, the weights, the task's definition."""
    if identity.name(parts) != cell["identity"]:
        yield f"identity {cell['identity']} is not that of what it hashes"
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
    if entry["n"] is not None and len(rows) != entry["n"]:
        yield f"{name}: {entry['n']} items are said, {len(rows)} are there"
    elif entry["successes"] is not None and rows["score"].sum() != entry["successes"]:
        yield f"{name}: {entry['successes']} successes are said, {rows['score'].sum():g} are there"
    elif entry.get("aggregation") is not None:
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
