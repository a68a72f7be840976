"""Fit below, look far above: what a straight line says of rungs of much more compute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from correlate.panel import Floats, Ints
from correlate.stats.intervals import Spread, percentile
from correlate.stats.predict import least_squares
from correlate.stats.resample import compact, multiplicities


@dataclass(frozen=True)
class Ahead:
    """Forecast of the rungs above a gap in compute by a line fitted below it.

    ``bias`` is the mean of score less forecast on the scale of analysis: below zero the rungs
    fall short of the line. ``gain`` is their mean score less the mean of the top fitted rungs.
    """

    fitted: int
    tested: int
    families: int
    coverage: float
    bias: float
    ends: Spread
    gain: float


def ahead(
    predictor: Floats,
    y: Floats,
    log_compute: Floats,
    family: Ints,
    factor: float,
    least: tuple[int, int],
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> Ahead | None:
    """Fit y on ``predictor`` where compute is at most 1/``factor`` of the rungs tested.

    The split is the one with most rungs on its smaller side; None where no split leaves
    ``least`` (fitted, tested) rungs. Arrays (m,). The interval of the bias
    resamples families and refits.
    """
    starts = np.unique(log_compute)
    sizes = np.array(
        [((log_compute <= s - np.log(factor)).sum(), (log_compute >= s).sum()) for s in starts]
    )
    able = (sizes >= np.array(least)).all(axis=1)
    if not able.any():
        return None
    cut = starts[np.argmax(np.where(able, sizes.min(axis=1), -1))]
    low, top = log_compute <= cut - np.log(factor), log_compute >= cut
    if np.ptp(predictor[low]) == 0:
        return None
    design = np.column_stack([np.ones(low.sum()), predictor[low]])
    coef, *_ = np.linalg.lstsq(design, y[low], rcond=None)
    free = int(low.sum()) - 2
    left = y[low] - design @ coef
    spread = np.sqrt(left @ left / free)
    future = np.column_stack([np.ones(top.sum()), predictor[top]])
    grow = np.einsum("ij,jk,ik->i", future, np.linalg.pinv(design.T @ design), future)
    half = stats.t.ppf((1 + level) / 2, free) * spread * np.sqrt(1 + grow)
    miss = y[top] - future @ coef
    cluster = compact(family)
    counts = multiplicities(int(cluster.max()) + 1, replicates, rng)[:, cluster]
    refitted = least_squares(design, y[low], counts[:, low])
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = (counts[:, top] * (y[top] - refitted @ future.T)).sum(1) / counts[:, top].sum(1)
    near = np.argsort(log_compute[low])[-max(3, int(low.sum()) // 4) :]
    return Ahead(
        int(low.sum()), int(top.sum()), len(np.unique(family[top])),
        float((np.abs(miss) <= half).mean()), float(miss.mean()), percentile(drawn, level),
        float(y[top].mean() - y[low][near].mean()),
    )  # fmt: skip
