"""What is still to run, added up: by rung and altogether, against what the machine has."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from eval import cost
from eval.accelerator import Accelerator
from eval.ladder import Rung
from eval.plan import Cell

# of an accelerator's memory that a model and its requests can have
MEMORY_SHARE = 0.95


@dataclass(frozen=True)
class Share:
    """A rung's cells that are to run, and what they take together.

    ``tokens`` are read and written, ``memory`` the largest need of a cell, ``disk`` results and
    download; all in bytes where they are bytes.
    """

    rung: Rung
    cells: tuple[Cell, ...]
    costs: tuple[cost.Cost, ...]
    loading: cost.Loading

    @property
    def tokens(self) -> float:
        """Tokens to process."""
        return sum(c.read + c.written for c in self.costs)

    @property
    def flops(self) -> float:
        """Operations, 2 x active parameters a token."""
        return sum(c.flops for c in self.costs)

    @property
    def hours(self) -> float:
        """Hours on one accelerator, with loading the model once."""
        return self.loading.hours + sum(c.hours for c in self.costs)

    @property
    def memory(self) -> float:
        """Bytes of memory that the hungriest cell needs."""
        return max(c.memory for c in self.costs)

    @property
    def disk(self) -> float:
        """Bytes of results, and of weights to download."""
        return self.loading.download + sum(c.disk for c in self.costs)

    def fits(self, on: Accelerator) -> bool:
        """Whether the rung fits into one accelerator."""
        return self.memory <= on.memory * MEMORY_SHARE


def shares(cells: Iterable[Cell], on: Accelerator) -> list[Share]:
    """One share for each rung among ``cells``, in order; the cells of a rung stand together."""
    return [
        _share(rung, tuple(mine), on) for rung, mine in groupby(cells, key=lambda cell: cell.rung)
    ]


def _share(rung: Rung, cells: tuple[Cell, ...], on: Accelerator) -> Share:
    costs = tuple(cost.predict(rung, cell.benchmark, on) for cell in cells)
    return Share(rung, cells, costs, cost.loading(rung))


def total(found: list[Share]) -> dict[str, float]:
    """Sums over rungs; ``memory`` is the largest."""
    return {
        "cells": sum(len(s.cells) for s in found),
        "tokens": sum(s.tokens for s in found),
        "flops": sum(s.flops for s in found),
        "hours": sum(s.hours for s in found),
        "memory_bytes": max((s.memory for s in found), default=0.0),
        "disk_bytes": sum(s.disk for s in found),
    }
