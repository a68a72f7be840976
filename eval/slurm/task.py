"""What runs on the nodes: a parcel of cells, and the job that comes last.

Nothing of a job needs saving when it is preempted, requeued or runs out of time: what is
finished lies in the study, and the same job started again does what is missing.
"""

import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval import score, scores, standing
from eval.job import Work
from eval.plan import Cell
from eval.slurm import queue, record
from eval.store import Key
from eval.workers import crew

if TYPE_CHECKING:
    from eval.slurm.submit import Cluster


@dataclass(frozen=True)
class Task:
    """Scores its work in ``workers`` processes; a process that dies fails one cell."""

    work: Work
    workers: int

    def __call__(self) -> dict[str, int]:
        """Counts of how cells ended; one line of each goes to the log."""
        score.quiet()
        ended: Counter[str] = Counter()
        with closing(crew(self.work, self.workers)) as events:
            for event in events:
                ended[event.what] += 1
                print(event.what, event.key, event.text, flush=True)
        return dict(ended)

    def checkpoint(self) -> Any:
        """For submitit, when time runs out: the same again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@dataclass(frozen=True)
class Finish:
    """Runs when all arrays of a round have ended, however they did.

    Cells that found no room in the queue are submitted now, and those that ran out of memory
    once more with more of it; ``hungry`` are the cells that have had that already. When nothing
    is left to submit, scores.csv is derived and the report written.
    """

    cluster: "Cluster"
    cells: tuple[Cell, ...]
    waiting: tuple[Cell, ...]
    hungry: frozenset[Key]

    def __call__(self) -> None:
        """The next round, or the end."""
        from eval.slurm import submit

        lacking = self._out_of_memory() - self.hungry
        starved = [replace(cell, state="failed") for cell in self.cells if cell.key in lacking]
        again = (*self.waiting, *starved)
        if again:
            hungry = self.hungry | {cell.key for cell in starved}
            for event in submit.round_of(self.cluster, again, hungry):
                print(event.what, event.key, event.text, flush=True)
        study = self.cluster.study
        study.sweep()
        scores.write(study)
        if self.cluster.report and not again:
            self._report()

    def _out_of_memory(self) -> set[Key]:
        """Cells that failed for want of memory, or whose whole job did."""
        study = self.cluster.study
        mine = {cell.key for cell in self.cells}
        found = {key for key in mine if (study.error(key) or {}).get("out_of_memory")}
        for entry in record.read(study):
            for number, names in enumerate(entry.tasks):
                keys = {Key(*name.split("/")) for name in names} & mine
                left = {key for key in keys if not study.cell(key).is_dir()}
                if left:
                    ended = queue.state(entry.id(number), entry.cluster)
                    found |= left if ended and ended.name == "OUT_OF_MEMORY" else set()
        return found

    def _report(self) -> None:
        study = self.cluster.study
        counts = standing.look(study).counts()
        if self.cluster.report == "afterok" and counts["done"] < sum(counts.values()):
            print("no report: not all cells are done", flush=True)
            return
        # the packages meet on disk alone, so the report is a command
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", "correlate", "report", str(study.folder)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": paths})
