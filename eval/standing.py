"""How a study stands: each planned cell done, running, queued, failed or missing, and where.

Looks at the folder, its locks and records, and asks Slurm once where it answers; any machine
that sees the folder may ask, and nothing is written.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import yaml

from eval.slurm import queue, record
from eval.store import Key, Study

Where = Literal["done", "running", "queued", "failed", "missing"]
WHERE: tuple[Where, ...] = ("done", "running", "queued", "failed", "missing")

# file systems that are far away answer slowly, but many at a time
AT_ONCE = 32


@dataclass(frozen=True)
class Standing:
    """A cell. ``text`` says who runs it, why it failed, or what Slurm says of its job."""

    key: Key
    where: Where
    text: str = ""
    job: str = ""
    log: str = ""


@dataclass(frozen=True)
class Overview:
    """All cells; ``slurm`` tells whether Slurm answered, or had nothing to be asked."""

    cells: list[Standing]
    slurm: bool

    def counts(self) -> dict[str, int]:
        """How many cells are where."""
        counted = Counter(cell.where for cell in self.cells)
        return {where: counted[where] for where in WHERE}


def look(study: Study) -> Overview:
    """All cells of the study, planned or on disk."""
    on_disk = _on_disk(study)
    running = {_key(name): holder for name, holder in study.locks.live().items() if "/" in name}
    records = record.read(study)
    states = queue.states([entry.job for entry in records])
    jobs = {
        _key(name): entry.id(number)
        for entry in records
        for number, names in enumerate(entry.tasks)
        for name in names
    }
    found = []
    for key in dict.fromkeys([*_planned(study), *on_disk, *running]):
        job = jobs.get(key, "")
        log = str(record.log(study, job)) if job else ""
        if key in running:
            holder = running[key]
            mine = holder.job or job
            log = str(record.log(study, mine)) if mine else ""
            found.append(Standing(key, "running", str(holder), mine, log))
        elif on_disk.get(key) == "done":
            found.append(Standing(key, "done", "", job, log))
        elif states and job in states:
            found.append(Standing(key, "queued", states[job].name.lower(), job, log))
        elif on_disk.get(key) == "failed":
            found.append(Standing(key, "failed", "", job, log))
        elif states is None and job:
            found.append(Standing(key, "queued", "Slurm does not answer here", job, log))
        else:
            found.append(Standing(key, "missing", "", job, log))
    return Overview([_with_reason(study, cell) for cell in found], states is not None)


def _with_reason(study: Study, cell: Standing) -> Standing:
    if cell.where != "failed":
        return cell
    reason = (study.error(cell.key) or {}).get("reason", "")
    return Standing(cell.key, "failed", reason, cell.job, cell.log)


def _on_disk(study: Study) -> dict[Key, Where]:
    """Cells on disk, done or failed, without opening them."""
    try:
        with os.scandir(study.folder / "cells") as entries:
            rungs = sorted(entry.name for entry in entries if entry.is_dir())
    except FileNotFoundError:
        return {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = pool.map(lambda rung: _rung(study, rung), rungs)
        return {key: where for part in parts for key, where in part}


def _rung(study: Study, rung: str) -> list[tuple[Key, Where]]:
    folder = study.folder / "cells" / rung
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    failed = {name for name in names if (folder / name / "error.json").exists()}
    return [(Key(rung, name), "failed" if name in failed else "done") for name in names]


def _planned(study: Study) -> list[Key]:
    """Cells that study.yaml names, in its order; an imported study plans no more than it has."""
    text = (study.folder / "study.yaml").read_text(encoding="utf-8")
    about = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if "suite" not in about:
        return list(study.on_disk())
    benchmarks = [benchmark["name"] for benchmark in about["suite"]["benchmarks"]]
    return [Key(rung["name"], name) for rung in about["ladder"]["rungs"] for name in benchmarks]


def _key(name: str) -> Key:
    return Key(*name.split("/"))
