"""A regression slope with few clusters: CR2 errors, Satterthwaite degrees, wild bootstrap.

CR2 and its degrees of freedom: Bell & McCaffrey (2002), Survey Methodology 28(2); the form used is
that of Imbens & Kolesár (2016), Review of Economics and Statistics 98(4). The wild cluster
bootstrap-t imposes the null (WCR): Cameron, Gelbach & Miller (2008), with Webb's weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from correlate.panel import Floats, Ints
from correlate.stats import wild


@dataclass(frozen=True)
class Slope:
    """A slope, its CR2 error, degrees of freedom, interval and p-value."""

    value: float
    error: float
    free: float
    low: float
    high: float
    p: float


def cr2(y: Floats, x: Floats, controls: Floats, cluster: Ints, level: float) -> Slope:
    """Slope of y on x (m,) given controls (m, k), clustered by ``cluster`` (m,)."""
    design = np.column_stack([x, controls])
    bread = np.linalg.pinv(design.T @ design)
    residual = y - design @ (bread @ design.T @ y)
    to_slope = design @ bread[:, 0]  # (m,): how each outcome enters the slope
    score, spread = 0.0, []
    for g in range(int(cluster.max()) + 1):
        rows = np.flatnonzero(cluster == g)
        hat = design[rows] @ bread @ design[rows].T
        adjusted = _inverse_root(np.eye(len(rows)) - hat) @ to_slope[rows]
        score += float(adjusted @ residual[rows]) ** 2
        reach = -design @ (bread @ (design[rows].T @ adjusted))
        reach[rows] += adjusted
        spread.append(reach)
    error = float(np.sqrt(score))
    gram = np.array(spread) @ np.array(spread).T
    free = float(np.trace(gram) ** 2 / (gram**2).sum())
    value = float(to_slope @ y)
    half = float(stats.t.ppf((1 + level) / 2, free)) * error
    p = float(2 * stats.t.sf(abs(value) / error, free)) if error > 0 else float("nan")
    return Slope(value, error, free, value - half, value + half, p)


def wild_p(
    y: Floats,
    x: Floats,
    controls: Floats,
    cluster: Ints,
    replicates: int,
    rng: np.random.Generator,
) -> float:
    """Two-sided p of the slope of y on x by the restricted wild cluster bootstrap-t.

    Every replicate's t has its own cluster-robust error.
    """  # fmt: skip
    factors = wild.webb(int(cluster.max()) + 1, replicates, rng)
    outcomes = np.vstack([y, wild.null_draws(y, controls, cluster, factors)])
    t = np.abs(_cluster_t(outcomes, x, controls, cluster))
    return float((1 + (t[1:] >= t[0] - 1e-12).sum()) / (1 + replicates))


def _cluster_t(outcomes: Floats, x: Floats, controls: Floats, cluster: Ints) -> Floats:
    """t statistics (R,) of the slope for outcomes (R, m), with CR1-type errors."""
    design = np.column_stack([x, controls])
    bread = np.linalg.pinv(design.T @ design)
    to_slope = design @ bread[:, 0]
    residual = outcomes - (outcomes @ design) @ bread @ design.T
    member = np.eye(int(cluster.max()) + 1)[cluster]
    scores = (residual * to_slope) @ member
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (outcomes @ to_slope) / np.sqrt((scores**2).sum(axis=1))
    return np.where(np.isfinite(t), t, 0.0)


def _inverse_root(matrix: Floats) -> Floats:
    """Symmetric inverse square root; directions the design explains whole are left out."""
    value, vector = np.linalg.eigh(matrix)
    root = np.where(value > 1e-10, 1 / np.sqrt(np.maximum(value, 1e-10)), 0.0)
    return np.asarray((vector * root) @ vector.T)
