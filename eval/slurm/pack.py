"""Cells into jobs of a cluster, by predicted cost: what fits one time limit goes together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eval import budget
from eval.accelerator import Accelerator
from eval.budget import Share
from eval.job import Job
from eval.plan import Cell


@dataclass(frozen=True)
class Parcel:
    """What one task of an array does. ``hours`` are predicted, ``gpus`` what its models need.

    A model that one accelerator cannot hold has the parcel to itself; otherwise each accelerator
    of the task works off jobs on its own.
    """

    jobs: tuple[Job, ...]
    hours: float
    gpus: int

    @property
    def cells(self) -> list[Cell]:
        """All cells of the parcel."""
        return [cell for job in self.jobs for cell in job.cells]


def parcels(
    cells: Iterable[Cell], on: Accelerator, hours: float, gpus: int, least_gpus: int = 1
) -> list[Parcel]:
    """Parcels of at most ``hours`` each on tasks of ``gpus`` accelerators (0: CPU cores).

    Loading a model is counted once for every parcel it is in; a single cell that takes longer
    than ``hours`` stands alone. Largest rungs come first; the cells of a rung stand together.
    ``least_gpus`` is what every model gets at least, where there are accelerators.
    """
    alone: list[Parcel] = []
    small: list[tuple[float, Job]] = []
    for share in budget.shares(cells, on):
        needed = max(_accelerators(share, on), least_gpus) if gpus else 1
        for size, job in _pieces(share, hours):
            if needed > 1:
                alone.append(Parcel((job,), size, needed))
            else:
                small.append((size, job))
    together = _first_fit(small, hours, gpus)
    return sorted([*alone, *together], key=lambda parcel: (-parcel.gpus, -parcel.hours))


def _accelerators(share: Share, on: Accelerator) -> int:
    """Accelerators that a rung needs, a power of two as tensor and pipeline splits like it."""
    count = 1
    while share.memory > count * on.memory * budget.MEMORY_SHARE:
        count *= 2
    return count


def _pieces(share: Share, hours: float) -> Iterator[tuple[float, Job]]:
    """A rung's cells cut into jobs of at most ``hours`` with loading, in order."""
    loading = share.loading.hours
    size, piece = loading, list[Cell]()
    for cell, cost in zip(share.cells, share.costs, strict=True):
        if piece and size + cost.hours > hours:
            yield size, Job(tuple(piece))
            size, piece = loading, []
        size += cost.hours
        piece.append(cell)
    if piece:
        yield size, Job(tuple(piece))


def _first_fit(pieces: list[tuple[float, Job]], hours: float, gpus: int) -> list[Parcel]:
    """First fit, largest first (within 11/9 of the fewest bins; Johnson 1973).

    A task of several accelerators has that many times the hours, but takes no less time than
    its longest job.
    """
    sizes: list[float] = []
    bins: list[list[Job]] = []
    room = hours * max(1, gpus)
    for size, job in sorted(pieces, key=lambda piece: -piece[0]):
        at = next((i for i, used in enumerate(sizes) if used + size <= room), None)
        if at is None:
            sizes.append(size)
            bins.append([job])
        else:
            sizes[at] += size
            bins[at].append(job)
    return [
        Parcel(tuple(jobs), size / max(1, gpus), gpus)
        for size, jobs in zip(sizes, bins, strict=True)
    ]
