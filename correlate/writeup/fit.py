"""The curve through a scatter: straight on the scale of analysis, with a prediction band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from scipy.special import expit

from correlate.evidence import Evidence
from correlate.panel import Column, Floats
from correlate.senses.settings import Settings
from correlate.stats.links import on_scale
from correlate.stats.predict import binomial

LEVEL = 0.90


@dataclass(frozen=True)
class Fit:
    """Hard scores foreseen over a grid of a predictor; all arrays (k,).

    ``across`` is in the predictor's unit, the others in the hard score's. ``guess`` is the curve
    that starts at the chance level, None where there is no such level.
    """

    across: Floats
    hard: Floats
    low: Floats
    high: Floats
    guess: Floats | None = None


def through(x: Floats, y: Floats, grid: Floats, hard: Column) -> Fit:
    """Least squares of y (m,) on x (m,), both on the scale of analysis, read off at ``grid`` (k,).

    The band is the 90 % prediction interval for one more model.
    """
    model = sm.OLS(y, sm.add_constant(x)).fit()
    ahead = model.get_prediction(sm.add_constant(grid, has_constant="add"))
    frame = ahead.summary_frame(alpha=1 - LEVEL)
    mid, low, high = (
        back(hard, frame[c].to_numpy()) for c in ("mean", "obs_ci_lower", "obs_ci_upper")
    )
    return Fit(grid, mid, np.minimum(low, high), np.maximum(low, high))


def fit(evidence: Evidence, k: int = 60) -> Fit | None:
    """Hard on easy, over the range of the easy scores.

    None where the order of the pair could not be told: a line there would say what the verdict
    refuses to say.
    """
    rank = evidence.results.get("rank")
    if rank is None or rank.headline is None:
        return None
    a, settings = evidence.aligned, Settings()
    x, y = (
        on_scale(c, settings.correct_chance, settings.assumed_items)[0] for c in (a.easy, a.hard)
    )
    grid = np.linspace(x.min(), x.max(), k)
    line, easy = through(x, y, grid, a.hard), back(a.easy, grid)
    curve = guess_rate(x, grid, a.hard)
    order = np.argsort(easy)
    return Fit(
        easy[order], line.hard[order], line.low[order], line.high[order],
        None if curve is None else curve[order],
    )  # fmt: skip


def guess_rate(x: Floats, grid: Floats, hard: Column) -> Floats | None:
    """p = c + (1 - c) expit(a + b x) by binomial likelihood, at ``grid`` (k,); None without c."""
    if not hard.is_rate or hard.chance <= 0:
        return None
    design = np.column_stack([np.ones(len(x)), x])
    coef = binomial(design, hard.score, np.ones((1, len(x))), hard.chance)[0]
    return np.asarray(hard.chance + (1 - hard.chance) * expit(coef[0] + coef[1] * grid))


def back(column: Column, scaled: Floats) -> Floats:
    """From the scale of analysis to the score's own unit."""
    if column.is_rate:
        return np.asarray(expit(scaled), dtype=np.float64)
    return np.asarray(scaled if column.higher_is_better else -scaled, dtype=np.float64)
