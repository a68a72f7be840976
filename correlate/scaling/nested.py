"""Does a larger model say more than a smaller one? F statistics for many outcomes at once."""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats


def residuals(y: Floats, design: Floats) -> Floats:
    """What least squares on ``design`` (m, q) leaves of the outcomes ``y`` (R, m); same shape."""
    basis, _ = np.linalg.qr(design)
    return np.asarray(y - (y @ basis) @ basis.T, dtype=np.float64)


def f_statistic(y: Floats, small: Floats, large: Floats) -> Floats:
    """F of ``large`` (m, q) over ``small`` (m, p) nested in it, for outcomes (R, m); shape (R,)."""
    m, q = large.shape
    extra = np.linalg.matrix_rank(large) - np.linalg.matrix_rank(small)
    before = (residuals(y, small) ** 2).sum(axis=1)
    after = (residuals(y, large) ** 2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (before - after) / max(extra, 1) / (after / max(m - q, 1))
    return np.asarray(np.where(after > 0, f, np.inf), dtype=np.float64)


def p_value(seen: float, drawn: Floats) -> float:
    """Share of null draws (R,) that reach the statistic seen; never zero."""
    return float((1 + (drawn >= seen).sum()) / (1 + len(drawn)))
