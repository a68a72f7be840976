"""One rung's share of a run: load it once, score its cells, write each; events tell how it goes.

A cell is looked at, scored and written under its lock, so that runs on one study, on whatever
machines, share the work and never do a cell twice.
"""

import resource
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any, Literal

from eval import catalog, score
from eval.ahead import Ahead
from eval.cell import score_cell
from eval.ladder import Rung
from eval.locks import Lock
from eval.plan import Cell, state
from eval.store import Key, Study, Unwritable
from eval.suite import Suite


@dataclass(frozen=True)
class Job:
    """A rung's cells that are to be scored, in order. All cells share one rung."""

    cells: tuple[Cell, ...]

    @property
    def rung(self) -> Rung:
        """The rung of all its cells."""
        return self.cells[0].rung


@dataclass(frozen=True)
class Event:
    """Something happened to a cell: it started, was written, or failed (``text`` says why).

    ``elsewhere``: another run has done the cell, or is at it. ``queued``: it waits for Slurm.
    ``items`` of its ``all_items`` were scored.
    """

    what: Literal["started", "done", "failed", "elsewhere", "queued"]
    key: Key
    text: str = ""
    seconds: float = 0.0
    items: int = 0
    all_items: int = 0


@dataclass(frozen=True)
class Work:
    """What an executor gets: the jobs, in order, and what all of them share.

    ``names`` are the benchmarks whose tasks the jobs need.
    """

    suite: Suite
    study: Study
    settings: score.Settings
    names: tuple[str, ...]
    jobs: tuple[Job, ...]


Executor = Callable[[Work], Generator[Event, None, None]]
"""Does the work, here or elsewhere: in this process, in several, or through Slurm."""


def here(work: Work) -> Generator[Event, None, None]:
    """The executor that does all in this process, one job after another."""
    scorer = Scorer(work)
    for job, after in zip_longest(work.jobs, work.jobs[1:]):
        yield from scorer(job, after.rung if after else None)


class Scorer:
    """Scores jobs one after another; holds what all share: the study, the tasks, the settings."""

    def __init__(self, work: Work) -> None:
        self.study = work.study
        self.settings = work.settings
        self.tasks = catalog.open_tasks(work.suite, list(work.names))
        score.settle(work.settings.engine)
        self.ahead = Ahead()

    def __call__(self, job: Job, after: Rung | None = None) -> Iterator[Event]:
        """Score the job. No exception of a model or a task leaves: it fails its cell.

        ``after`` is the rung that is likely next on this machine; it is brought in meanwhile.
        """
        self.ahead.stop()
        load = Once(lambda: self._load(job.rung, after))
        for cell in job.cells:
            lock = self.study.lock(cell.key)
            if lock is None:
                yield Event("elsewhere", cell.key, f"held by {self.study.holder(cell.key)}")
                continue
            with lock:
                if done_since(self.study, cell):
                    yield Event("elsewhere", cell.key, "another run has done it")
                    continue
                yield Event("started", cell.key)
                yield self._try(cell, load, lock)
        load.forget()
        score.free()

    def _load(self, rung: Rung, after: Rung | None) -> Any:
        lm = score.load(rung, self.settings)
        self.ahead.bring(after, self.settings.engine)  # not before: the disk was this model's
        return lm

    def _try(self, cell: Cell, load: "Once", lock: Lock) -> Event:
        doing = "loading the model"
        try:
            lm = load()
            doing = "scoring"
            return self._score(cell, lm, lock)
        except Unwritable:
            raise
        except Exception as error:
            return self._failed(cell, doing, error)

    def _score(self, cell: Cell, lm: Any, lock: Lock) -> Event:
        task = self.tasks[cell.benchmark.name]
        done = score_cell(cell, lm, task, self.study, self.settings)
        if not lock.held():
            return Event("elsewhere", cell.key, f"taken over by {self.study.holder(cell.key)}")
        self.study.write_cell(cell.key, done.result, done.table)
        return Event("done", cell.key, done.text, done.seconds, done.items, done.all_items)

    def _failed(self, cell: Cell, doing: str, error: Exception) -> Event:
        reason = f"{doing}: {type(error).__name__}: {' '.join(str(error).split())[:500]}"
        record(self.study, cell, reason, traceback.format_exc(), out_of_memory(error))
        return Event("failed", cell.key, reason)


class Once:
    """Calls a function when first asked, and gives its result, or its exception, ever after."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._result: Any = None
        self._error: Exception | None = None

    def __call__(self) -> Any:
        if self._error is not None:
            raise self._error
        if self._result is None:
            try:
                self._result = self._function()
            except Exception as error:
                self._error = error
                raise
        return self._result

    def forget(self) -> None:
        """Let go of the result."""
        self._result = None


def done_since(study: Study, cell: Cell) -> bool:
    """Whether another run has done or failed the cell since it was planned."""
    now = state(study, cell.key, cell.identity, cell.full)
    return now == "done" or (now == "failed" and cell.state != "failed")


def out_of_memory(error: BaseException) -> bool:
    """Whether more memory may help: Python's and CUDA's error, and the one torch has on CPUs."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"MemoryError", "OutOfMemoryError"}) or "can't allocate mem" in str(error)


def record(
    study: Study, cell: Cell, reason: str, trace: str = "", out_of_memory: bool = False
) -> None:
    """Write a cell's error.json."""
    study.write_error(
        cell.key,
        {
            "identity": cell.identity,
            "identity_of": cell.parts,
            "status": "failed",
            "reason": reason,
            "traceback": trace,
            "out_of_memory": out_of_memory,
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
