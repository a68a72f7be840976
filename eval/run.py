"""Drive a plan: here, in one process or several, or through Slurm; each does a rung at a time."""

import os
import sys
from collections.abc import Generator
from functools import partial
from itertools import groupby
from pathlib import Path

from eval import score, scores
from eval.job import Event, Executor, Job, Work, here
from eval.plan import Cell, Plan
from eval.workers import crew

# a rung this small leaves a core idle in between; more processes serve better than threads
ONE_CORE_PARAMS = 5e7

# what CUDA goes through, in this order on bare Linux, below Windows, and with AMD's ROCm
DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def run(
    plan: Plan, settings: score.Settings, executor: Executor, retry_failed: bool = False
) -> Generator[Event, None, None]:
    """Score what the plan still wants; each cell is on disk before its event is given.

    Stopping at any moment loses only cells in progress. Other runs may be at work on the study.
    """
    cells = plan.to_run(retry_failed)
    if cells:
        yield from executor(work(plan, settings, cells))


def work(plan: Plan, settings: score.Settings, cells: list[Cell]) -> Work:
    """What an executor needs to score ``cells`` of the plan."""
    names = tuple(dict.fromkeys(cell.benchmark.name for cell in cells))
    return Work(plan.suite, plan.study, settings, names, tuple(pack(cells)))


def local(workers: int) -> Executor:
    """The executor of this machine; one worker is this process itself."""
    return here if workers == 1 else partial(crew, size=workers)


def pack(cells: list[Cell]) -> list[Job]:
    """A job for each rung, the largest first, so that no long one is left for the end."""
    jobs = [Job(tuple(mine)) for _, mine in groupby(cells, key=lambda cell: cell.rung.name)]
    return sorted(jobs, key=lambda job: -sum(cost(cell) for cell in job.cells))


def cost(cell: Cell) -> float:
    """Relative cost of a cell, for order and time left; the last term is overhead per token."""
    return (cell.rung.active_params or cell.rung.params or 1e9) + 1e6


def default_workers(plan: Plan, device: str | None) -> int:
    """A process for each accelerator; without any, one for each core if all rungs are small."""
    accelerators = _accelerators() if device in (None, "cuda") else 0
    if accelerators:
        return accelerators
    small = all((cell.rung.params or 1e9) < ONE_CORE_PARAMS for cell in plan.cells)
    return len(os.sched_getaffinity(0)) if small and device in (None, "cpu") else 1


def finish(plan: Plan) -> None:
    """Derive scores.csv from the cells on disk, and clear away what runs left that were cut off."""
    plan.study.sweep()
    scores.write(plan.study)


def _accelerators() -> int:
    """How many there are; without a driver none, and torch, slow to import, is not asked."""
    if sys.platform == "linux" and not any(Path(path).exists() for path in DRIVERS):
        return 0
    import torch

    return int(torch.cuda.device_count())
