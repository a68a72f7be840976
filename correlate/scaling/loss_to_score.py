"""From loss to score, one task at a time: a logistic curve that starts at the guessing floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from correlate.panel import Column, Floats, Ints
from correlate.stats.intervals import Spread, percentile
from correlate.stats.predict import binomial, least_squares
from correlate.stats.resample import compact, multiplicities


@dataclass(frozen=True)
class Lift:
    """One task's curve; ``slope`` is logits (or the task's own loss) gained per unit of loss saved.

    ``ends`` is the interval of the slope over resampled clusters.
    """

    benchmark: str
    slope: float
    intercept: float
    ends: Spread
    rungs: int
    clusters: int
    chance: float
    is_rate: bool

    def score(self, loss: Floats) -> Floats:
        """The curve at ``loss`` (k,), in the task's own unit."""
        index = self.intercept - self.slope * loss
        if not self.is_rate:
            return np.asarray(-index, dtype=np.float64)
        return np.asarray(self.chance + (1 - self.chance) * expit(index), dtype=np.float64)


def lift(
    loss: Floats,
    column: Column,
    cluster: Ints,
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> Lift:
    """Fit p = c + (1 - c) expit(a - b loss) by binomial likelihood; resample clusters for b.

    Arrays (m,); rungs with both loss and score are used. A task that is itself a loss is fitted
    by least squares. Task metrics through an intermediate loss: Bhagia et al. (2024, arXiv
    2412.04403), with the floor of Schaeffer et al. (2023, arXiv 2304.15004).
    """
    keep = np.isfinite(loss) & np.isfinite(column.score)
    own, y, family = loss[keep], column.score[keep], compact(cluster[keep])
    clusters = int(family.max()) + 1
    counts = multiplicities(clusters, replicates, rng)[:, family]
    weights = np.vstack([np.ones(len(y)), counts])
    design = np.column_stack([np.ones(len(y)), -own])
    if column.is_rate:
        coef = binomial(design, y, weights, column.chance)
    else:
        coef = least_squares(design, -y, weights)
    return Lift(
        column.benchmark, float(coef[0, 1]), float(coef[0, 0]), percentile(coef[1:, 1], level),
        len(y), clusters, column.chance, column.is_rate,
    )  # fmt: skip
