"""One rung's share of a run: load it once, score its cells, write each; events tell how it goes."""

import resource
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from eval import catalog, provenance, score
from eval.plan import Cell
from eval.store import Key, Study
from eval.suite import Suite


@dataclass(frozen=True)
class Job:
    """A rung's cells that are to be scored, in order. All cells share one rung."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Event:
    """Something happened to a cell: it started, was written, or failed (``text`` says why)."""

    what: Literal["started", "done", "failed"]
    key: Key
    text: str = ""
    seconds: float = 0.0


class Scorer:
    """Scores jobs one after another; holds what all share: the study, the tasks, the settings."""

    def __init__(
        self, suite: Suite, names: list[str], study: Study, settings: score.Settings
    ) -> None:
        self.study = study
        self.settings = settings
        self.tasks = catalog.open_tasks(suite, names)
        self.software = provenance.software()

    def __call__(self, job: Job) -> Iterator[Event]:
        """Score the job. No exception of a model or a task leaves: it fails its cell."""
        rung = job.cells[0].rung
        yield Event("started", job.cells[0].key)
        try:
            lm = score.load(rung, self.settings)
        except Exception as error:
            for cell in job.cells:
                yield self._failed(cell, "loading the model", error)
            return
        for cell in job.cells:
            yield Event("started", cell.key)
            try:
                yield self._score(cell, lm)
            except Exception as error:
                yield self._failed(cell, "scoring", error)
        del lm
        score.free()

    def _score(self, cell: Cell, lm: Any) -> Event:
        started = time.perf_counter()
        scored = score.score(lm, self.tasks[cell.benchmark.name], cell.benchmark)
        seconds = time.perf_counter() - started
        own = {
            "identity": cell.identity,
            "identity_of": cell.parts,
            "status": "done",
            "rung": cell.rung.model_dump(mode="json"),
            "benchmark": cell.benchmark.model_dump(mode="json"),
            "scores": scored.scores,
            "prompt_hash": _joint(scored.items["prompt_hash"]),
            "docs_hash": _joint(scored.items["doc_hash"]),
            "seconds": round(seconds, 3),
            "tokens": int(scored.items.drop_duplicates(["task", "doc"])["n_tokens"].sum()),
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "provenance": self._provenance(lm),
        }
        self.study.write_cell(cell.key, {**scored.results, "cell": own}, scored.items)
        first = scored.scores[0]
        error = f" ± {first['stderr']:.3f}" if first["stderr"] is not None else ""
        text = f"{first['metric']} {first['score']:.3f}{error}"
        return Event("done", cell.key, text, seconds)

    def _provenance(self, lm: Any) -> dict[str, Any]:
        """Software, machine, and why prefixes were not shared where they were not."""
        machine = provenance.hardware(str(getattr(lm, "device", "")))
        return {**self.software, **machine, "not_shared": getattr(lm, "unshared", None)}

    def _failed(self, cell: Cell, doing: str, error: Exception) -> Event:
        reason = f"{doing}: {type(error).__name__}: {' '.join(str(error).split())[:500]}"
        record(self.study, cell, reason, traceback.format_exc())
        return Event("failed", cell.key, reason)


def record(study: Study, cell: Cell, reason: str, trace: str = "") -> None:
    """Write a cell's error.json."""
    study.write_error(
        cell.key,
        {
            "identity": cell.identity,
            "identity_of": cell.parts,
            "status": "failed",
            "reason": reason,
            "traceback": trace,
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )


def _joint(hashes: Any) -> str:
    return catalog.digest(sorted(set(hashes)))[:20]
