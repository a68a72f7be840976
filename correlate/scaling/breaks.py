"""One break or none in a curve against log compute: sup-F with a wild cluster bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats, Ints
from correlate.scaling.nested import f_statistic, p_value
from correlate.stats.resample import compact
from correlate.stats.wild import null_draws, webb

TRIM = (0.15, 0.85)  # breaks are sought between these quantiles: Andrews (1993)
CANDIDATES = 25
LEAST = 8  # rungs


@dataclass(frozen=True)
class Break:
    """The most likely break; ``at`` is log compute, slopes are per unit of log compute."""

    at: float
    before: float
    after: float
    statistic: float
    p: float
    rungs: int
    clusters: int


def one_break(
    log_compute: Floats, y: Floats, cluster: Ints, replicates: int, rng: np.random.Generator
) -> Break | None:
    """Test a straight line with one kink against none, families having levels of their own.

    The largest F over candidate kinks (Andrews 1993), its p-value from outcomes redrawn under the
    straight line with one Webb factor a cluster (Hansen 2000; Cameron, Gelbach & Miller 2008).
    Arrays (m,). None with fewer than eight rungs or four distinct computes.
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
    factors = webb(int(cluster.max()) + 1, replicates, rng)
    outcomes = np.vstack([y, null_draws(y, line, cluster, factors)])
    each = np.array([f_statistic(outcomes, line, _kinked(line, x, k)) for k in kinks])
    best = int(np.argmax(each[:, 0]))
    coef, *_ = np.linalg.lstsq(_kinked(line, x, kinks[best]), y, rcond=None)
    top = each.max(axis=0)
    return Break(
        float(kinks[best] + log_compute.mean()), float(coef[-2]), float(coef[-2] + coef[-1]),
        float(top[0]), p_value(float(top[0]), top[1:]), len(y), int(cluster.max()) + 1,
    )  # fmt: skip


def _kinked(line: Floats, x: Floats, kink: float) -> Floats:
    """The straight line's design with what is above the kink as one more column."""
    return np.column_stack([line, np.maximum(x - kink, 0.0)])
