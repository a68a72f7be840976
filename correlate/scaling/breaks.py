"""One break or none in a curve against log compute: sup-F with a wild cluster bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats, Ints
from correlate.scaling.nested import p_value
from correlate.stats.resample import by_cluster, compact
from correlate.stats.wild import webb

TRIM = (0.15, 0.85)  # breaks are sought between these quantiles: Andrews (1993)
CANDIDATES = 25
LEAST = 8  # rungs


@dataclass(frozen=True)
class Break:
    """The most likely break; ``at`` is log compute, slopes are per unit of log compute.

    ``power`` is how surely this test finds a kink in the middle of the compute that takes a named
    share of the slope.
    """

    at: float
    before: float
    after: float
    statistic: float
    p: float
    power: float
    rungs: int
    clusters: int


def one_break(
    log_compute: Floats,
    y: Floats,
    cluster: Ints,
    replicates: int,
    rng: np.random.Generator,
    effect: float = 0.5,
    level: float = 0.05,
) -> Break | None:
    """Test a straight line with one kink against none, families having levels of their own.

    The largest F over candidate kinks (Andrews 1993), its p-value from outcomes redrawn under the
    straight line with one Webb factor a cluster (Hansen 2000; Cameron, Gelbach & Miller 2008). The
    power, at ``level``, is from the same draws with a kink that takes the share ``effect`` of the
    line's slope. Arrays (m,). None with fewer than eight rungs or four distinct computes.
    """
    distinct = np.unique(log_compute)
    if len(y) < LEAST or len(distinct) < 4:
        return None
    cluster = compact(cluster)
    x = log_compute - log_compute.mean()
    levels = (cluster[:, None] == np.arange(cluster.max() + 1)).astype(np.float64)
    line = np.column_stack([levels, x])
    if np.linalg.matrix_rank(line) < line.shape[1] or len(y) - line.shape[1] < 2:
        line = np.column_stack([np.ones(len(y)), x])
    inside = distinct[(distinct >= np.quantile(distinct, TRIM[0]))]
    inside = inside[inside <= np.quantile(distinct, TRIM[1])] - log_compute.mean()
    kinks = np.unique(np.quantile(inside, np.linspace(0, 1, min(CANDIDATES, len(inside)))))
    factors = np.vstack([np.ones(cluster.max() + 1), webb(cluster.max() + 1, replicates, rng)])
    basis, _ = np.linalg.qr(line)
    bends = np.maximum(x[:, None] - kinks, 0.0)
    left = _residuals(y, basis)
    each = _f_statistics(left, np.zeros(len(y)), basis, bends, cluster, factors)
    best, top = int(np.argmax(each[0])), each.max(axis=1)
    coef, *_ = np.linalg.lstsq(_kinked(line, x, kinks[best]), y, rcond=None)
    slope = np.linalg.lstsq(line, y, rcond=None)[0][-1]
    lost = -effect * slope * np.maximum(x - (x.min() + x.max()) / 2, 0.0)
    # Residuals are smaller than the noise they estimate; and a test of bent data redraws from
    # residuals that hold the bend.
    noise = left * np.sqrt(len(y) / (len(y) - line.shape[1]))
    bent = _f_statistics(noise, lost, basis, bends, cluster, factors[1:]).max(axis=1)
    seen = noise + _residuals(lost, basis)
    under = _f_statistics(seen, 0.0 * lost, basis, bends, cluster, factors[1:]).max(axis=1)
    reached = len(under) - np.searchsorted(np.sort(under), bent)
    return Break(
        float(kinks[best] + log_compute.mean()), float(coef[-2]), float(coef[-2] + coef[-1]),
        float(top[0]), p_value(float(top[0]), top[1:]),
        float(((1 + reached) / (1 + len(under)) <= level).mean()), len(y), int(cluster.max()) + 1,
    )  # fmt: skip


def _residuals(y: Floats, basis: Floats) -> Floats:
    return np.asarray(y - basis @ (basis.T @ y), dtype=np.float64)


def _f_statistics(
    left: Floats, lost: Floats, basis: Floats, bends: Floats, cluster: Ints, factors: Floats
) -> Floats:
    """F of each of ``bends`` (m, K) over the line, for outcomes redrawn with ``factors`` (R, F).

    An outcome is the line's fit, the residuals ``left`` (m,) times their cluster's factor, and
    ``lost`` (m,). The fit leaves nothing, so that all else follows from sums by cluster. ``basis``
    (m, p) is orthonormal and spans the line. Shape (R, K).
    """
    across = bends - basis @ (basis.T @ bends)
    size = np.linalg.norm(across, axis=0)
    seen = size > 1e-9 * np.linalg.norm(bends, axis=0)
    across = np.where(seen, across / np.where(seen, size, 1.0), 0.0)
    toward = np.column_stack([across, basis])
    sums = by_cluster(np.column_stack([left[:, None] * toward, left**2, left * lost]), cluster)
    parts = factors @ sums[:, :-2] + lost @ toward
    k = bends.shape[1]
    gain, spanned = parts[:, :k] ** 2, (parts[:, k:] ** 2).sum(axis=1)
    total = factors**2 @ sums[:, -2] + 2 * factors @ sums[:, -1] + lost @ lost
    after = (total - spanned)[:, None] - gain
    free = max(len(left) - basis.shape[1] - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(after > 0, gain / (after / free), np.inf), dtype=np.float64)


def _kinked(line: Floats, x: Floats, kink: float) -> Floats:
    """The straight line's design with what is above the kink as one more column."""
    return np.column_stack([line, np.maximum(x - kink, 0.0)])
