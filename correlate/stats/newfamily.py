"""Predicting a rung of a family never seen: leave one family out, with intervals that know it.

The model is y = X b + family + rung, both parts random. Its variances come from sums of squares
within and between families (Searle, Casella & McCulloch 1992, Variance Components, 3.6), so that
every fold follows from the moments of the whole less those of the families left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from correlate.panel import Floats, Ints
from correlate.stats.holdout import families_out


@dataclass(frozen=True)
class Fitted:
    """Coefficients (q,), their covariance (q, q), the two variances, and free families."""

    coef: Floats
    vcov: Floats
    within: float
    between: float
    free: int


@dataclass(frozen=True)
class LeftOut:
    """Held-out errors (m,) and half-widths of their prediction intervals (m,)."""

    error: Floats
    half: Floats

    @property
    def covered(self) -> Floats:
        """1.0 where a rung lies inside its interval, (m,)."""
        return np.asarray(np.abs(self.error) <= self.half, dtype=np.float64)


def fit(design: Floats, y: Floats, cluster: Ints) -> Fitted:
    """Fit the model to design (m, q), y (m,) and family codes (m,)."""
    m, q = design.shape
    member = np.unique(cluster, return_inverse=True)[1]
    sizes = np.bincount(member).astype(np.float64)
    families = len(sizes)
    inverse = np.linalg.pinv(design.T @ design, hermitian=True)
    coef = inverse @ design.T @ y
    residual = y - design @ coef
    between = float((np.bincount(member, residual) ** 2 / sizes).sum())
    total = float(residual @ residual)
    free = max(families - q, 1)
    own = max(total - between, 0.0) / (m - families) if m > families else 0.0
    typical = (m - (sizes**2).sum() / m) / max(families - 1, 1)
    shared = max(between / free - own, 0.0) / max(typical, 1.0)
    sums = np.column_stack([np.bincount(member, column) for column in design.T])
    meat = own * design.T @ design + shared * sums.T @ sums
    return Fitted(coef, inverse @ meat @ inverse, own, shared, free)


def leave_families_out(design: Floats, y: Floats, cluster: Ints, level: float) -> LeftOut:
    """Predict every family from the others; t intervals with free families less coefficients."""
    error, half = np.empty(len(y)), np.empty(len(y))
    for fold in families_out(cluster):
        found = fit(design[fold.train], y[fold.train], cluster[fold.train])
        ahead = design[fold.test]
        grow = np.einsum("mi,ij,mj->m", ahead, found.vcov, ahead)
        reach = special.stdtrit(found.free, (1 + level) / 2)
        error[fold.test] = y[fold.test] - ahead @ found.coef
        half[fold.test] = reach * np.sqrt(found.within + found.between + grow)
    return LeftOut(error, half)
