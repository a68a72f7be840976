"""Item noise: how much of what varies is the items drawn, and what a noise-free score would say.

Spearman (1904) divides a correlation by the root of the two reliabilities; SIMEX (Cook & Stefanski
1994) adds noise in steps and reads the trend back to none. The first is used, the second checks it.
"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints

LOW = 0.6
"""Reliability below which a correlation is mostly about the items."""


def leverage(controls: Floats, cluster: Ints | None = None) -> Floats:
    """Share of each rung's noise that the controls (and family means) take up, shape (m,).

    ``controls`` (m, k); with ``cluster`` they are deviations from family means.
    """
    taken = np.einsum("mi,ij,mj->m", controls, np.linalg.pinv(controls.T @ controls), controls)
    if cluster is not None:
        taken = taken + 1 / np.bincount(cluster)[cluster]
    return np.asarray(np.minimum(taken, 1.0), dtype=np.float64)


def reliability(residual: Floats, noise: Floats, taken: Floats) -> float:
    """Share of the residuals' (m,) sum of squares that is not item noise, within [0, 1].

    ``noise`` (m,) are item-noise variances, ``taken`` (m,) the shares the controls absorb. NaN
    where the noise is unknown or nothing varies.
    """
    total = float(residual @ residual)
    if total <= 0 or not np.isfinite(noise).all():
        return float("nan")
    return float(np.clip(1 - (noise * (1 - taken)).sum() / total, 0.0, 1.0))


def residuals(values: Floats, controls: Floats) -> Floats:
    """Values (m,) less their least-squares fit on controls (m, k); unchanged for k = 0."""
    if controls.shape[1] == 0:
        return values
    coef, *_ = np.linalg.lstsq(controls, values, rcond=None)
    return np.asarray(values - controls @ coef, dtype=np.float64)


def simex(
    x: Floats,
    y: Floats,
    x_noise: Floats,
    y_noise: Floats,
    controls: Floats,
    rng: np.random.Generator,
    draws: int = 200,
) -> float:
    """Partial correlation of x and y (m,) given controls, extrapolated to no item noise.

    Noise of 0.5, 1, 1.5 and 2 times the item variance is added ``draws`` times each; the mean
    correlations lie on a parabola that is read off at -1.
    """  # fmt: skip
    added = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    means = [
        _noisy(x, y, factor * x_noise, factor * y_noise, controls, rng, draws if factor else 1)
        for factor in added
    ]
    return float(np.clip(np.polyval(np.polyfit(added, means, 2), -1.0), -1.0, 1.0))


def _noisy(
    x: Floats,
    y: Floats,
    x_noise: Floats,
    y_noise: Floats,
    controls: Floats,
    rng: np.random.Generator,
    draws: int,
) -> float:
    """Mean partial correlation with noise of these variances added."""  # fmt: skip
    base = np.linalg.qr(controls)[0] if controls.shape[1] else np.zeros((len(x), 0))
    left = []
    for values, noise in ((x, x_noise), (y, y_noise)):
        made = values + np.sqrt(noise) * rng.standard_normal((draws, len(x)))
        left.append(made - (made @ base) @ base.T)
    a, b = left
    cross = np.einsum("dm,dm->d", a, b)
    size = np.sqrt(np.einsum("dm,dm->d", a, a) * np.einsum("dm,dm->d", b, b))
    return float((cross / size).mean())
