"""eval cancel: stop what a study still has in Slurm's queue."""

import json as jsons

import typer

from eval import request
from eval.errors import InputError
from eval.slurm import queue, record


def command(study: request.StudyFolder, json: request.Json = False) -> None:
    """Cancel the study's jobs, waiting or running; finished cells stay, running again goes on.

    Example: python -m eval cancel results/pythia
    """
    found = request.study(study)
    jobs = [entry.job for entry in record.read(found)]
    states = queue.states(jobs)
    # the last job first: it would hand in what had found no room
    left = [job for job in reversed(jobs) if any(_of(task, job) for task in states or ())]
    if states is None or not queue.cancel(left):
        raise InputError(f"{study}: jobs: Slurm does not answer here; cancel where it does")
    if json:
        typer.echo(jsons.dumps({"study": str(study), "cancelled": left}, indent=1))
        return
    said = f"{len(left)} jobs cancelled: {', '.join(left)}" if left else "no jobs in the queue"
    typer.echo(f"{study}: {said}")


def _of(task: str, job: str) -> bool:
    return task.partition("_")[0] == job
