"""The curve through a scatter: hard on easy, straight on the scale of analysis, with a band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy.special import expit

from correlate.evidence import Evidence
from correlate.panel import Column, Floats
from correlate.senses.settings import Settings
from correlate.stats.links import on_scale

LEVEL = 0.90


@dataclass(frozen=True)
class Fit:
    """Hard scores foreseen over a grid of easy scores; all arrays (k,), in the scores' units."""

    easy: Floats
    hard: Floats
    low: Floats
    high: Floats


def fit(evidence: Evidence, k: int = 60) -> Fit | None:
    """Least squares on the scale of analysis (empirical logit, or the loss itself).

    The band is the 90 % prediction interval for one more model. None where the order of the pair
    could not be told: a line there would say what the verdict refuses to say.
    """
    rank = evidence.results.get("rank")
    if rank is None or rank.headline is None:
        return None
    a, settings = evidence.aligned, Settings()
    x, y = (
        on_scale(c, settings.correct_chance, settings.assumed_items)[0] for c in (a.easy, a.hard)
    )
    model = sm.OLS(y, sm.add_constant(x)).fit()
    grid = np.linspace(x.min(), x.max(), k)
    frame = model.get_prediction(sm.add_constant(grid)).summary_frame(alpha=1 - LEVEL)
    hard, low, high = (
        _back(a.hard, frame[c].to_numpy()) for c in ("mean", "obs_ci_lower", "obs_ci_upper")
    )
    easy = _back(a.easy, grid)
    order = np.argsort(easy)
    return Fit(easy[order], hard[order], np.minimum(low, high)[order], np.maximum(low, high)[order])


def _back(column: Column, scaled: Floats) -> Floats:
    """From the scale of analysis to the score's own unit."""
    if column.is_rate:
        return np.asarray(expit(scaled), dtype=np.float64)
    return np.asarray(scaled if column.higher_is_better else -scaled, dtype=np.float64)
