"""Does a larger model say more than a smaller one? F statistics for many outcomes at once."""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats


def sum_of_squares(y: Floats, design: Floats) -> Floats:
    """Residual sums of squares of the outcomes ``y`` (R, m) on ``design``; shape (R,)."""
    basis, _ = np.linalg.qr(design)
    return np.asarray((y**2).sum(axis=1) - ((y @ basis) ** 2).sum(axis=1), dtype=np.float64)


def f_statistic(y: Floats, small: Floats, large: Floats) -> Floats:
    """F of ``large`` (m, q) over ``small`` (m, p) nested in it, for outcomes (R, m); shape (R,)."""
    m, q = large.shape
    extra = np.linalg.matrix_rank(large) - np.linalg.matrix_rank(small)
    before, after = sum_of_squares(y, small), sum_of_squares(y, large)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = (before - after) / max(extra, 1) / (after / max(m - q, 1))
    return np.asarray(np.where(after > 0, f, np.inf), dtype=np.float64)


def p_value(seen: float, drawn: Floats) -> float:
    """Share of null draws (R,) that reach the statistic seen; never zero."""
    return float((1 + (drawn >= seen).sum()) / (1 + len(drawn)))
