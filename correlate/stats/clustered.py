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
from correlate.stats import noise, resample, wild


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
    clusters = int(cluster.max()) + 1
    scores, sizes = np.empty(clusters), np.empty(clusters)
    pulls = np.empty((clusters, design.shape[1]))
    for same in _of_one_size(cluster):  # (c, n): rows of c clusters of n
        own = design[same]
        hat = own @ bread @ own.transpose(0, 2, 1)
        adjusted = _inverse_root(np.eye(same.shape[1]) - hat) @ to_slope[same][:, :, None]
        which = cluster[same[:, 0]]
        scores[which] = np.einsum("cn,cn->c", adjusted[:, :, 0], residual[same])
        sizes[which] = np.einsum("cn,cn->c", adjusted[:, :, 0], adjusted[:, :, 0])
        pulls[which] = np.einsum("cnq,cn->cq", own, adjusted[:, :, 0])
    error = float(np.sqrt((scores**2).sum()))
    # Cross-products of what each cluster's score does to the outcomes, (I - hat)'s columns.
    gram = np.diag(sizes) - pulls @ bread @ pulls.T
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

    Every replicate's t has its own cluster-robust error. An outcome is the fit under the null plus
    residuals times one factor a cluster, so all it needs are sums by cluster (Roodman, Nielsen,
    MacKinnon & Webb 2019, Stata Journal 19(1), 5.1).
    """  # fmt: skip
    clusters = int(cluster.max()) + 1
    factors = np.vstack([np.ones(clusters), wild.webb(clusters, replicates, rng)])
    left = noise.residuals(y, controls)
    design = np.column_stack([x, controls])
    bread = np.linalg.pinv(design.T @ design)
    to_slope = design @ bread[:, 0]
    sums = resample.by_cluster(
        np.column_stack([design * left[:, None], to_slope * left, to_slope[:, None] * design]),
        cluster,
    )
    q = design.shape[1]
    # The controls' part of the outcome leaves no residual: only ``left`` has to be fitted anew.
    coef = factors @ sums[:, :q] @ bread
    scores = factors * sums[:, q] - coef @ sums[:, q + 1 :].T
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(coef[:, 0]) / np.sqrt((scores**2).sum(axis=1))
    t = np.where(np.isfinite(t), t, 0.0)
    return float((1 + (t[1:] >= t[0] - 1e-12).sum()) / (1 + replicates))


def _of_one_size(cluster: Ints) -> list[Ints]:
    """Row numbers of all clusters of each size, arrays (clusters, size)."""
    sizes = np.bincount(cluster)
    order = np.argsort(cluster, kind="stable")
    size = sizes[cluster[order]]
    return [order[size == n].reshape(-1, n) for n in np.unique(size)]


def _inverse_root(matrix: Floats) -> Floats:
    """Symmetric inverse roots (c, n, n); directions the design explains whole are left out."""
    value, vector = np.linalg.eigh(matrix)
    root = np.where(value > 1e-10, 1 / np.sqrt(np.maximum(value, 1e-10)), 0.0)
    return np.asarray((vector * root[:, None, :]) @ vector.transpose(0, 2, 1))
