"""Drive a plan: here, in one process or several, each with one rung at a time."""

import os
from collections.abc import Generator
from itertools import groupby

from eval import score, scores
from eval.job import Event, Job, Scorer
from eval.plan import Cell, Plan
from eval.workers import crew

# a rung this small leaves a core idle in between; more processes serve better than threads
ONE_CORE_PARAMS = 5e7


def run(
    plan: Plan, settings: score.Settings, workers: int, retry_failed: bool = False
) -> Generator[Event, None, None]:
    """Score what the plan still wants; each cell is on disk before its event is given.

    The study's lock must be held. Stopping at any moment loses only cells in progress.
    """
    cells = plan.to_run(retry_failed)
    if not cells:
        return
    names = list(dict.fromkeys(cell.benchmark.name for cell in cells))
    jobs = pack(cells)
    if min(workers, len(jobs)) == 1:
        scorer = Scorer(plan.suite, names, plan.study, settings)
        for job in jobs:
            yield from scorer(job)
    else:
        yield from crew(plan, names, settings, jobs, min(workers, len(jobs)))


def pack(cells: list[Cell]) -> list[Job]:
    """A job for each rung, the largest first, so that no long one is left for the end."""
    jobs = [Job(tuple(mine)) for _, mine in groupby(cells, key=lambda cell: cell.rung.name)]
    return sorted(jobs, key=lambda job: -sum(cost(cell) for cell in job.cells))


def cost(cell: Cell) -> float:
    """Relative cost of a cell, for order and time left; the last term is overhead per token."""
    return (cell.rung.active_params or cell.rung.params or 1e9) + 1e6


def default_workers(plan: Plan, device: str | None) -> int:
    """A process for each core where all rungs are small and there is no accelerator, else one."""
    small = all((cell.rung.params or 1e9) < ONE_CORE_PARAMS for cell in plan.cells)
    if not small or (device or "cpu") != "cpu" or (device is None and _accelerated()):
        return 1
    return len(os.sched_getaffinity(0))


def finish(plan: Plan) -> None:
    """Derive scores.csv from the cells on disk."""
    scores.write(plan.study)


def _accelerated() -> bool:
    import torch

    return bool(torch.cuda.is_available())
