"""One number and its family-bootstrap interval, from columns: the shared step of the senses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from correlate.panel import Floats, Ints
from correlate.stats import intervals, partial, ranks, resample
from correlate.stats.intervals import Spread

Kind = Literal["correlation", "slope"]


@dataclass(frozen=True)
class Resampled:
    """An estimate on its working scale (Fisher's z for correlations) and R replicates of it."""

    value: float
    error: float
    replicates: Floats
    errors: Floats
    kind: Kind

    @property
    def shown(self) -> float:
        """The estimate as printed: a correlation or a slope."""
        return float(np.tanh(self.value)) if self.kind == "correlation" else self.value

    def spread(self, level: float, interval: str) -> Spread:
        """Interval and p-value, on the scale of ``shown``."""
        if self.kind == "correlation" and np.isinf(self.value):
            # Exactly 1 or -1 has no place on Fisher's scale; the replicates still have one.
            return intervals.percentile(np.tanh(self.replicates), level)
        if interval == "percentile":
            found = intervals.percentile(self.replicates, level)
        else:
            found = intervals.student(self.value, self.error, self.replicates, self.errors, level)
        return intervals.through(found, np.tanh) if self.kind == "correlation" else found


def partialled(
    x: Floats, y: Floats, controls: Floats, cluster: Ints, weights: Floats, kind: Kind
) -> Resampled:
    """Partial correlation or slope of y on x (m,) given controls (m, k), resampled by cluster.

    ``weights`` (R, F) are multiplicities; the estimate itself uses equal weights.
    """
    columns = np.column_stack([controls, x, y])
    by_cluster = resample.cluster_moments(columns, cluster)
    one = np.ones((1, weights.shape[1]))
    value, error = _solve(by_cluster, one, controls.shape[1], kind)
    replicates, errors = _solve(by_cluster, weights, controls.shape[1], kind)
    return Resampled(float(value[0]), float(error[0]), replicates, errors, kind)


def spearman(x: Floats, y: Floats, cluster: Ints, weights: Floats) -> Resampled:
    """Spearman's correlation of x and y (m,), resampled by cluster with ranks made anew."""
    one = np.ones((1, weights.shape[1]))
    value, error = ranks.spearman_and_error(x, y, cluster, one)
    replicates, errors = ranks.spearman_and_error(x, y, cluster, weights)
    return Resampled(float(value[0]), float(error[0]), replicates, errors, "correlation")


def _solve(by_cluster: Floats, weights: Floats, controls: int, kind: Kind) -> tuple[Floats, Floats]:
    left = partial.sweep_out(resample.weighted_moments(by_cluster, weights), controls)
    if kind == "slope":
        influence = partial.slope_influence(left, by_cluster)
        return left.slope, partial.influence_error(influence, weights)
    influence = partial.correlation_influence(left, by_cluster)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(left.correlation)
    return z, partial.influence_error(influence, weights)


@dataclass(frozen=True)
class Difference:
    """Difference of two correlations with y and R replicates of it, on the correlation scale."""

    value: float
    error: float
    replicates: Floats
    errors: Floats
    first: float
    second: float


def difference(
    first: Floats, second: Floats, y: Floats, controls: Floats, cluster: Ints, weights: Floats
) -> Difference:
    """Partial correlation of ``first`` and y less that of ``second`` and y, all (m,)."""
    moments = [
        resample.cluster_moments(np.column_stack([controls, x, y]), cluster)
        for x in (first, second)
    ]
    k = controls.shape[1]

    def solve(w: Floats) -> tuple[Floats, Floats, Floats]:
        left = [partial.sweep_out(resample.weighted_moments(mo, w), k) for mo in moments]
        r = [part.correlation for part in left]
        influence = [
            partial.correlation_influence(part, mo) * (1 - part.correlation**2)[:, None]
            for part, mo in zip(left, moments, strict=True)
        ]
        return r[0], r[1], partial.influence_error(influence[0] - influence[1], w)

    a, b, error = solve(np.ones((1, weights.shape[1])))
    ra, rb, errors = solve(weights)
    return Difference(
        float(a[0] - b[0]), float(error[0]), ra - rb, errors, float(a[0]), float(b[0])
    )
