"""Estimates whose families and items are resampled together, where item scores are at hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from correlate.panel import Floats
from correlate.senses.result import Estimate
from correlate.senses.sample import Sample
from correlate.senses.settings import Settings
from correlate.stats import items, resample

Statistic = Callable[[Floats, Floats, Floats], Floats]
"""Fisher's z (R,) of easy and hard (R, m) under weights (R, m)."""


def with_items(
    used: Sample,
    name: str,
    label: str,
    statistic: Statistic,
    rng: np.random.Generator,
    settings: Settings,
) -> list[Estimate]:
    """The statistic with an interval over families and items; nothing where items are missing."""
    easy, hard = used.easy.answers, used.hard.answers
    if easy is None or hard is None or settings.correct_chance:
        return []
    weights = resample.multiplicities(used.families, settings.replicates, rng)[:, used.family]
    x, y = (items.logits(a, settings.replicates, rng) for a in (easy, hard))
    value = float(statistic(used.x[None], used.y[None], np.ones((1, used.m)))[0])
    spread = items.spread(value, statistic(x, y, weights), settings.level)
    return [
        Estimate(
            name, f"{label}, families and items resampled together", float(np.tanh(value)),
            spread.low, spread.high, settings.level,
            note=f"{easy.shape[1]} and {hard.shape[1]} items shared by all rungs",
        )
    ]  # fmt: skip
