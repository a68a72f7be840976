"""From replicates to an interval and a p-value.

``student`` is the symmetric bootstrap-t (Hall 1988): the quantile of |t*| over replicates, each
with its own standard error, times the standard error of the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats


@dataclass(frozen=True)
class Spread:
    """Interval ends and a two-sided p-value against zero; None where a method gives none."""

    low: float | None
    high: float | None
    p: float | None


NOTHING = Spread(None, None, None)


def percentile(replicates: Floats, level: float) -> Spread:
    """Percentile interval of the finite replicates (R,); p is twice the smaller tail at zero."""
    finite = replicates[np.isfinite(replicates)]
    if len(finite) < 0.5 * len(replicates) or len(finite) < 20:
        return NOTHING
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    tail = min((finite <= 0).sum(), (finite >= 0).sum()) + 1
    return Spread(float(low), float(high), float(min(1.0, 2 * tail / (len(finite) + 1))))


def student(value: float, error: float, replicates: Floats, errors: Floats, level: float) -> Spread:
    """Symmetric bootstrap-t around ``value`` from replicates and their errors, both (R,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs((replicates - value) / errors)
    t = t[np.isfinite(t)]
    if len(t) < 0.5 * len(replicates) or len(t) < 20 or not np.isfinite(error) or error <= 0:
        return NOTHING
    reach = float(np.quantile(t, level)) * error
    exceed = int((t >= abs(value) / error).sum()) + 1
    return Spread(value - reach, value + reach, exceed / (len(t) + 1))


def through(spread: Spread, transform: np.ufunc) -> Spread:
    """The interval carried through a monotone transform (tanh for Fisher's z)."""
    if spread.low is None or spread.high is None:
        return spread
    return Spread(float(transform(spread.low)), float(transform(spread.high)), spread.p)
