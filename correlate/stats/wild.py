"""Wild cluster bootstrap: one random factor a cluster, Webb's six points or plain signs.

Webb (2014), "Reworking wild bootstrap based inference for clustered errors": with G clusters the
two-point Rademacher weights give only 2^(G-1) distinct replicates; six points give enough from
about five clusters on.
"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints

WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


def webb(clusters: int, replicates: int, rng: np.random.Generator) -> Floats:
    """Webb factors, shape (R, F); mean 0 and variance 1."""
    return np.asarray(rng.choice(WEBB, size=(replicates, clusters)))


def signs(clusters: int, replicates: int, rng: np.random.Generator) -> Floats:
    """Random signs, shape (R, F)."""
    return np.asarray(rng.integers(2, size=(replicates, clusters)) * 2.0 - 1.0)


def null_draws(y: Floats, controls: Floats, cluster: Ints, factors: Floats) -> Floats:
    """Outcomes as they might have been had nothing but ``controls`` mattered, shape (R, m).

    Fitted values of y (m,) on controls (m, k), plus the residuals times each cluster's factor
    (R, F): the null is imposed, dependence within clusters and unequal noise are kept.
    """
    coef, *_ = np.linalg.lstsq(controls, y, rcond=None)
    fitted = controls @ coef
    return np.asarray(fitted + (y - fitted) * factors[:, cluster], dtype=np.float64)
