"""Tokens per parameter against what would have been best for the compute spent."""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints
from correlate.scaling.loss_law import LossLaw
from correlate.stats.intervals import Spread, percentile
from correlate.stats.resample import multiplicities

RULE = 20.0  # tokens per parameter: Hoffmann et al. (2022), as it is commonly quoted


def shortfall(params: Floats, tokens: Floats, law: LossLaw | None = None) -> Floats:
    """Tokens per parameter over the optimum, shape (m,); below 1 is under-trained.

    The optimum is that of ``law`` at each rung's compute, or 20 tokens a parameter without one.
    """
    best = RULE if law is None else law.tokens_per_parameter(6 * params * tokens)
    return np.asarray(tokens / params / best, dtype=np.float64)


def share_below(
    ratio: Floats, cluster: Ints, level: float, replicates: int, rng: np.random.Generator
) -> tuple[float, Spread]:
    """Share of rungs with ``ratio`` (m,) under 1, and its cluster-bootstrap interval."""
    under = np.bincount(cluster, ratio < 1)
    sizes = np.bincount(cluster)
    counts = multiplicities(len(sizes), replicates, rng)
    draws = (counts @ under) / (counts @ sizes)
    return float(under.sum() / sizes.sum()), percentile(draws, level)
