"""Predicting a rung of a family never seen: leave one family out, with intervals that know it.

The model is y = X b + family + rung, both parts random. Its variances come from sums of squares
within and between families (Searle, Casella & McCulloch 1992, 3.6), so that every fold follows
from the moments of the whole less those of one family, for many outcomes at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from correlate.panel import Floats, Ints


@dataclass(frozen=True)
class Fitted:
    """Coefficients (k, q) and variances (k,) of k fits, ``vcov`` (k, q, q) and free families."""

    coef: Floats
    within: Floats
    between: Floats
    vcov: Floats
    free: int


class FamilyMoments:
    """Moments of a design (m, q) and outcomes (R, m) by family, ready to leave families out."""

    def __init__(self, design: Floats, outcomes: Floats, cluster: Ints) -> None:
        self.design, self.outcomes, self.cluster = design, outcomes, cluster
        self.sizes = np.bincount(cluster).astype(np.float64)
        member = np.eye(len(self.sizes))[cluster]  # (m, F)
        self.sum_x = member.T @ design  # (F, q)
        self.sum_y = outcomes @ member  # (R, F)
        self.xx = np.einsum("mf,mi,mj->fij", member, design, design)
        self.xy = np.einsum("rm,mi,mf->rfi", outcomes, design, member, optimize=True)
        self.yy = (outcomes**2) @ member  # (R, F)

    def fit(self, keep: np.ndarray) -> Fitted:
        """Fit on the families where ``keep`` (F,) holds, for every outcome."""
        sizes, sum_x, sum_y = self.sizes[keep], self.sum_x[keep], self.sum_y[:, keep]
        xx, xy = self.xx[keep].sum(axis=0), self.xy[:, keep].sum(axis=1)
        inverse = np.linalg.pinv(xx)
        coef = xy @ inverse
        total = self.yy[:, keep].sum(axis=1) - np.einsum("ri,ri->r", coef, xy)
        residual = sum_y - coef @ sum_x.T
        between = (residual**2 / sizes).sum(axis=1)
        families, m, q = len(sizes), sizes.sum(), self.design.shape[1]
        # Families of one rung leave nothing within; the split then does not matter either.
        free = max(families - q, 1)
        own = np.maximum(total - between, 0.0) / max(m - families, 1.0)
        if m == families:
            own = np.zeros_like(own)
        typical = (m - (sizes**2).sum() / m) / max(families - 1, 1)
        shared = np.maximum(between / free - own, 0.0) / max(typical, 1.0)
        outer = sum_x.T @ sum_x
        meat = own[:, None, None] * xx + shared[:, None, None] * outer
        return Fitted(coef, own, shared, inverse @ meat @ inverse, free)


@dataclass(frozen=True)
class LeftOut:
    """Held-out errors, (R, m), and half-widths of their prediction intervals, (R, m)."""

    error: Floats
    half: Floats

    @property
    def coverage(self) -> Floats:
        """Share of rungs inside their interval, (R,)."""
        return np.asarray((np.abs(self.error) <= self.half).mean(axis=1), dtype=np.float64)


def leave_families_out(moments: FamilyMoments, level: float, groups: int = 60) -> LeftOut:
    """Predict every family from the others; beyond ``groups`` families, several at a time."""
    families = len(moments.sizes)
    fold_of = np.arange(families) % min(groups, families)
    error, half = np.empty_like(moments.outcomes), np.empty_like(moments.outcomes)
    for fold in range(int(fold_of.max()) + 1):
        found = moments.fit(fold_of != fold)
        rows = np.flatnonzero(fold_of[moments.cluster] == fold)
        x = moments.design[rows]
        grow = np.einsum("mi,rij,mj->rm", x, found.vcov, x, optimize=True)
        variance = (found.within + found.between)[:, None] + grow
        error[:, rows] = moments.outcomes[:, rows] - found.coef @ x.T
        half[:, rows] = stats.t.ppf((1 + level) / 2, found.free) * np.sqrt(variance)
    return LeftOut(error, half)


def draws(design: Floats, y: Floats, cluster: Ints, size: int, rng: np.random.Generator) -> Floats:
    """Outcomes (size, m) drawn from the model fitted to y (m,): the null that it is right."""
    found = FamilyMoments(design, y[None, :], cluster).fit(np.ones(int(cluster.max()) + 1, bool))
    shared = rng.standard_normal((size, int(cluster.max()) + 1))[:, cluster]
    own = rng.standard_normal((size, len(y)))
    scale = np.sqrt(found.between[0]) * shared + np.sqrt(found.within[0]) * own
    return np.asarray(design @ found.coef[0] + scale, dtype=np.float64)
