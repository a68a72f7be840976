"""A forecast of held-out scores, and what it loses: error, log score, coverage, width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from correlate.panel import Floats

NEAR = 0.005
"""Half-width of the bin a loss is scored in; a rate's bin is half an item."""


@dataclass(frozen=True)
class Target:
    """What is predicted over m rungs: ``score`` (m,), its ``scale`` (m,) and ``items`` (m,).

    ``scale`` is the empirical logit; for a loss (``rate`` False) it is the signed loss, and
    ``score`` is the same.
    """

    score: Floats
    scale: Floats
    items: Floats
    chance: float
    rate: bool


@dataclass(frozen=True)
class Forecast:
    """Predictions for t tested rungs in R replicates.

    ``centre`` (R, t) and ``spread`` (R, 1) describe a normal on the working scale: logits of
    (p - floor)/(1 - floor) where ``logistic``, the score itself otherwise.
    """

    centre: Floats
    spread: Floats
    logistic: bool
    floor: float = 0.0

    def to_score(self, working: Floats) -> Floats:
        """Working scale to score, any shape."""
        if not self.logistic:
            return working
        return np.asarray(self.floor + (1 - self.floor) * special.expit(working))

    def to_working(self, score: Floats) -> Floats:
        """Score to working scale, any shape; scores at or beyond an end become infinite."""
        if not self.logistic:
            return score
        inner = np.clip((score - self.floor) / (1 - self.floor), 0, 1)
        return np.asarray(special.logit(inner), dtype=np.float64)


def losses(found: Forecast, target: Target, test: np.ndarray, level: float) -> dict[str, Floats]:
    """Per replicate and tested rung, (R, t): ``mae``, ``log_score``, ``coverage``, ``width``.

    The log score is the log probability the forecast gives to the observed count, k items of n,
    so that links on different scales compare; for a loss, to within 0.005 of it. Probabilities
    below 1e-12 count as 1e-12.
    """
    y = target.score[test]
    half = 0.5 / target.items[test] if target.rate else np.full(len(y), NEAR)
    lower, upper = y - half, y + half
    if target.rate:
        lower, upper = np.where(lower <= 0, -np.inf, lower), np.where(upper >= 1, np.inf, upper)
    reach = special.ndtri((1 + level) / 2) * found.spread
    low, high = found.to_score(found.centre - reach), found.to_score(found.centre + reach)
    point = found.to_score(found.centre)
    if target.rate:
        low, high, point = (np.clip(v, 0, 1) for v in (low, high, point))
    mass = special.ndtr((found.to_working(upper) - found.centre) / found.spread)
    mass = mass - special.ndtr((found.to_working(lower) - found.centre) / found.spread)
    return {
        "mae": np.abs(y - point),
        "log_score": np.log(np.maximum(mass, 1e-12)),
        "coverage": ((upper >= low) & (lower <= high)).astype(np.float64),
        "width": high - low,
    }
