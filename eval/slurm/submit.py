"""The executor that hands work to Slurm: parcels as job arrays, and a job that comes last."""

import os
import shlex
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from eval import accelerator as accelerators
from eval import score
from eval.accelerator import Accelerator
from eval.errors import InputError
from eval.job import Event, Work
from eval.plan import Cell
from eval.slurm import queue, record
from eval.slurm.options import Options
from eval.slurm.pack import Parcel, parcels
from eval.slurm.record import Record
from eval.slurm.task import Finish, Task
from eval.store import Key, Study
from eval.suite import Suite

ROOT = Path(__file__).parents[2]  # of this package; nodes see it on the shared file system

# rungs this small leave cores idle in between; a process a core serves better than threads
ONE_CORE_PARAMS = 5e7


@dataclass(frozen=True)
class Cluster:
    """All that a round needs, on this machine or later on a node.

    ``fill`` is the share of a job's time that predicted hours may take.
    """

    suite: Suite
    study: Study
    settings: score.Settings
    options: Options
    finish: Options
    on: Accelerator
    fill: float
    report: Literal["afterany", "afterok"] | None = None


@dataclass(frozen=True)
class Array:
    """Parcels that ask for the same, submitted at once."""

    parcels: tuple[Parcel, ...]
    options: Options

    @property
    def cells(self) -> list[Cell]:
        """All cells, task by task."""
        return [cell for parcel in self.parcels for cell in parcel.cells]


def accelerator(name: str | None, options: Options) -> Accelerator:
    """What predicted hours are for: the one named, else a common one, else the CPU cores."""
    if name:
        return accelerators.load(name)
    if options.gpus:
        return accelerators.load("a100-80gb")
    core = accelerators.load(accelerators.CPU)
    return core.model_copy(update={"flops": core.flops * options.cores})


def execute(work: Work, cluster: Cluster) -> Generator[Event, None, None]:
    """The executor: submits what is not in the queue yet; an event says which job has a cell.

    Raises
    ------
    InputError
        If Slurm does not answer, has no room, or refuses the options.
    """
    cells = [cell for job in work.jobs for cell in job.cells]
    queued = in_queue(cluster.study)
    for cell in (cell for cell in cells if cell.key in queued):
        yield Event("elsewhere", cell.key, f"in the queue as job {queued[cell.key]}")
    yield from round_of(cluster, [c for c in cells if c.key not in queued], frozenset())


def in_queue(study: Study) -> dict[Key, str]:
    """Cells that jobs still have to come to, by job id."""
    records = record.read(study)
    if not records:
        return {}
    states = queue.states([entry.job for entry in records])
    if states is None:
        raise InputError("--slurm: squeue: no answer, so what is queued is unknown; try again")
    return {
        Key(*name.split("/")): entry.id(number)
        for entry in records
        for number, names in enumerate(entry.tasks)
        if entry.id(number) in states
        for name in names
    }


def round_of(
    cluster: Cluster, cells: Iterable[Cell], hungry: frozenset[Key]
) -> Generator[Event, None, None]:
    """Submit cells as far as the queue has room, and the job that sees to the rest.

    ``hungry`` cells get twice the memory and accelerators.
    """
    cells = list(cells)
    if not cells:
        return
    arrays, waiting = arrange(cluster, cells, hungry, room=queue.room() - 1)
    if not arrays:
        raise InputError("--slurm: the queue has no room for you now; cancel jobs or try later")
    entries: list[Record] = []
    try:
        for array in arrays:
            tasks = [_task(cluster, parcel) for parcel in array.parcels]
            keys = [[cell.key for cell in parcel.cells] for parcel in array.parcels]
            entries.append(_submit(cluster, array.options, tasks, keys, cluster.study.name))
        ran = tuple(cell for array in arrays for cell in array.cells)
        last = Finish(cluster, ran, tuple(waiting), hungry)
        options = after(cluster.finish, [entry.job for entry in entries])
        end = _submit(cluster, options, [last], [[]], f"{cluster.study.name}-finish")
    except InputError:
        queue.cancel([entry.job for entry in entries])  # all of a round or nothing
        raise
    for array, entry in zip(arrays, entries, strict=True):
        for number, parcel in enumerate(array.parcels):
            for cell in parcel.cells:
                yield Event("queued", cell.key, f"job {entry.id(number)}")
    yield from (Event("queued", cell.key, f"after job {end.job}") for cell in waiting)


def arrange(
    cluster: Cluster, cells: Iterable[Cell], hungry: frozenset[Key], room: int
) -> tuple[list[Array], list[Cell]]:
    """Arrays of at most ``room`` tasks altogether, and the cells that found no room."""
    hours = cluster.options.minutes / 60 * cluster.fill
    gpus = cluster.options.gpus
    cells = list(cells)
    plain = parcels((c for c in cells if c.key not in hungry), cluster.on, hours, gpus)
    more = parcels((c for c in cells if c.key in hungry), cluster.on, hours, gpus, least_gpus=2)
    wanted = [(False, parcel) for parcel in plain] + [(True, parcel) for parcel in more]
    waiting = [cell for _, parcel in wanted[max(0, room) :] for cell in parcel.cells]
    arrays = []
    kinds = groupby(wanted[: max(0, room)], key=lambda one: (one[0], one[1].gpus))
    for (starved, count), group in kinds:
        options = cluster.options.with_more_memory() if starved else cluster.options
        options = options.with_gpus(count) if gpus else options
        mine = [parcel for _, parcel in group]
        most = queue.largest_array()
        arrays += [Array(tuple(mine[i : i + most]), options) for i in range(0, len(mine), most)]
    return arrays, waiting


def after(options: Options, jobs: list[str]) -> Options:
    """Options of a job that starts when ``jobs`` have ended, however they did.

    It may submit jobs itself, which srun would keep it from.
    """
    return replace(
        options,
        parameters={**options.parameters, "use_srun": False},
        more={**options.more, "dependency": f"afterany:{':'.join(jobs)}"},
    )


def scripts(cluster: Cluster, cells: Iterable[Cell]) -> Iterator[str]:
    """The sbatch scripts that a round would submit, without asking Slurm for more than limits."""
    from submitit.slurm.slurm import _make_sbatch_string

    arrays, waiting = arrange(cluster, cells, frozenset(), room=queue.room() - 1)
    last = after(cluster.finish, [f"ARRAY{i + 1}" for i in range(len(arrays))])
    name = cluster.study.name
    folder = record.folder(cluster.study)
    for options, title, count, about in [
        *((a.options, name, len(a.parcels), _about(a)) for a in arrays),
        (last, f"{name}-finish", 1, f"the last job; {len(waiting)} cells wait for it"),
    ]:
        command = f"{_python(options)} -u -m submitit.core._submit {shlex.quote(str(folder))}"
        given = {**_parameters(options, title), "map_count": count if count > 1 else None}
        text = _make_sbatch_string(command=command, folder=folder, **given)
        yield f"# {about}\n{text}"


def _about(array: Array) -> str:
    hours = max(parcel.hours for parcel in array.parcels)
    return (
        f"{len(array.parcels)} tasks, {len(array.cells)} cells; "
        f"{hours:.2g} predicted hours the longest"
    )


def _task(cluster: Cluster, parcel: Parcel) -> Task:
    names = tuple(dict.fromkeys(cell.benchmark.name for cell in parcel.cells))
    settings, workers = cluster.settings, 1
    if len(parcel.jobs) == 1 and parcel.gpus > 1:
        settings = replace(settings, spread=parcel.gpus)
    elif parcel.gpus:
        workers = parcel.gpus
    elif all((cell.rung.params or 1e9) < ONE_CORE_PARAMS for cell in parcel.cells):
        workers = cluster.options.cores
    return Task(Work(cluster.suite, cluster.study, settings, names, parcel.jobs), workers)


def _submit(
    cluster: Cluster, options: Options, tasks: list[Any], keys: list[list[Key]], name: str
) -> Record:
    """Submit tasks, as an array where there are several, and keep which cells each has."""
    import submitit

    folder = record.folder(cluster.study)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        executor = submitit.SlurmExecutor(
            folder, max_num_timeout=options.requeues, python=_python(options)
        )
    except RuntimeError as error:
        raise InputError(
            "--slurm: srun: not found; run where jobs can be submitted, or add --dry-run"
        ) from error
    executor.update_parameters(**_parameters(options, name))
    try:
        jobs = executor.submit_array(tasks)
    except (submitit.core.utils.FailedJobError, submitit.core.utils.FailedSubmissionError) as error:
        said = [line for line in str(error).splitlines() if "sbatch: " in line]
        reason = (said or str(error).splitlines())[-1].strip()
        raise InputError(f"--slurm: {reason}; correct the options") from error
    job = str(jobs[0].job_id.split("_")[0])
    return record.write(cluster.study, job, queue.here(), len(tasks) > 1, keys)


def _parameters(options: Options, name: str) -> dict[str, Any]:
    """Options as submitit takes them."""
    given = dict(options.parameters)
    path = f'export PYTHONPATH="{ROOT}${{PYTHONPATH:+{os.pathsep}$PYTHONPATH}}"'
    return {
        **given,
        "job_name": given.get("job_name", name),
        "wckey": given.get("wckey"),  # submitit's own default is refused where keys are checked
        "time": options.minutes,
        "setup": [*given.get("setup", []), path],
        "additional_parameters": {"requeue": True, **options.more},
    }


def _python(options: Options) -> str:
    return options.python or shlex.quote(sys.executable)
