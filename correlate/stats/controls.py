"""What compute already says: columns that stand for log compute in a regression."""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats


def linear(log_compute: Floats) -> Floats:
    """Standardised log compute, shape (m, 1)."""
    spread = log_compute.std()
    return ((log_compute - log_compute.mean()) / (spread if spread > 0 else 1.0))[:, None]


def smooth(log_compute: Floats, knots: int = 4) -> Floats:
    """Natural cubic spline of log compute, shape (m, knots - 1), standardised columns.

    Knots at evenly spaced quantiles (Harrell 2015, Regression Modeling Strategies, 2.4.5). A
    score that leaves its floor or nears its ceiling bends against log compute; a straight line
    leaves the same bend in both benchmarks, and their residuals then correlate though nothing
    but compute is shared. Falls back to fewer knots where compute takes few values.
    """
    z = linear(log_compute)[:, 0]
    share = {3: [0.1, 0.5, 0.9], 4: [0.05, 0.35, 0.65, 0.95]}
    distinct = len(np.unique(z))
    if distinct < 4:
        return z[:, None]
    at = np.unique(np.quantile(z, share[knots if distinct >= 8 else 3]))
    if len(at) < 3:
        return z[:, None]
    last, before = at[-1], at[-2]
    cubes = [
        _cube(z - k)
        - _cube(z - before) * (last - k) / (last - before)
        + _cube(z - last) * (before - k) / (last - before)
        for k in at[:-2]
    ]
    columns = np.column_stack([z, *cubes])
    spread = columns.std(axis=0)
    return (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _cube(values: Floats) -> Floats:
    return np.asarray(np.maximum(values, 0.0) ** 3, dtype=np.float64)
