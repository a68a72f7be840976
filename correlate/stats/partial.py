"""Partial correlations and slopes from moments, for all replicates at once.

Moments are (R, q, q) cross-products of columns laid out as [controls..., x, y]; the first control
is the constant where there is one. Controls are removed by the sweep operator (Goodnight 1979),
which skips a control that the others already span instead of failing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats

TOLERANCE = 1e-9
"""A swept pivot below this share of its start is a column already spanned by the others."""


@dataclass(frozen=True)
class Residuals:
    """What is left of x and y once the controls are swept out, in each of R replicates.

    ``xx``, ``xy``, ``yy`` have shape (R,); ``of_x`` and ``of_y`` (R, q) turn the columns into the
    residuals of x and y.
    """

    xx: Floats
    xy: Floats
    yy: Floats
    of_x: Floats
    of_y: Floats

    @property
    def correlation(self) -> Floats:
        """Partial correlation, shape (R,); NaN where a residual does not vary."""
        return _divide(self.xy, np.sqrt(self.xx * self.yy))

    @property
    def slope(self) -> Floats:
        """Slope of y on x given the controls, shape (R,); NaN where x does not vary."""
        return _divide(self.xy, self.xx)


def sweep_out(moments: Floats, controls: int) -> Residuals:
    """Sweep the first ``controls`` columns out of ``moments`` (R, q, q), q = controls + 2."""
    swept = moments.copy()
    start = np.einsum("rii->ri", moments).copy()
    for k in range(controls):
        pivot = swept[:, k, k]
        use = pivot > TOLERANCE * np.maximum(start[:, k], 1e-300)
        inverse = np.where(use, 1 / np.where(use, pivot, 1.0), 0.0)
        row, column = swept[:, k, :].copy(), swept[:, :, k].copy()
        swept -= column[:, :, None] * row[:, None, :] * inverse[:, None, None]
        swept[:, k, :] = row * inverse[:, None]
        swept[:, :, k] = -column * inverse[:, None]
        swept[:, k, k] = inverse
    x, y = controls, controls + 1
    of_x, of_y = _residual_maker(swept, x, controls), _residual_maker(swept, y, controls)
    xx = _positive(swept[:, x, x], start[:, x])
    yy = _positive(swept[:, y, y], start[:, y])
    return Residuals(xx, swept[:, x, y], yy, of_x, of_y)


def correlation_influence(left: Residuals, by_cluster: Floats) -> Floats:
    """Each cluster's influence on each replicate's Fisher z, shape (R, F).

    The derivative of atanh(r) with respect to a cluster's weight; swept controls need no term of
    their own because they minimise the residual sums (the envelope theorem).
    """
    r = left.correlation
    cross = _outer(left.of_x, left.of_y) * _divide(1.0, np.sqrt(left.xx * left.yy))[:, None, None]
    own_x = _outer(left.of_x, left.of_x) * _divide(r / 2, left.xx)[:, None, None]
    own_y = _outer(left.of_y, left.of_y) * _divide(r / 2, left.yy)[:, None, None]
    gradient = (cross - own_x - own_y) * _divide(1.0, 1 - r**2)[:, None, None]
    return _contract(gradient, by_cluster)


def slope_influence(left: Residuals, by_cluster: Floats) -> Floats:
    """Each cluster's influence on each replicate's slope, shape (R, F)."""
    cross = _outer(left.of_x, left.of_y) - left.slope[:, None, None] * _outer(left.of_x, left.of_x)
    return _contract(cross * _divide(1.0, left.xx)[:, None, None], by_cluster)


def influence_error(influence: Floats, weights: Floats) -> Floats:
    """Cluster-robust standard error in each replicate from (R, F) influences, shape (R,).

    With the F/(F - 1) correction; CR1 in the regression literature.
    """
    clusters = weights.shape[1]
    total = np.einsum("rf,rf->r", weights, influence**2)
    return np.asarray(np.sqrt(total * clusters / (clusters - 1)), dtype=np.float64)


def _residual_maker(swept: Floats, target: int, controls: int) -> Floats:
    made = np.zeros(swept.shape[:2])
    made[:, :controls] = -swept[:, :controls, target]
    made[:, target] = 1.0
    return made


def _contract(gradient: Floats, by_cluster: Floats) -> Floats:
    replicates, q, _ = gradient.shape
    return np.asarray(gradient.reshape(replicates, q * q) @ by_cluster.reshape(-1, q * q).T)


def _outer(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, :, None] * b[:, None, :])


def _positive(value: Floats, start: Floats) -> Floats:
    """Sums of squares, NaN where nothing is left but rounding."""
    return np.where(value > TOLERANCE * np.maximum(start, 1e-300), value, np.nan)


def _divide(a: Floats | float, b: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = a / b
    return np.where(np.isfinite(ratio), ratio, np.nan)
