"""A claim card, and the rule it is judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy import stats
from statsmodels.stats.multitest import multipletests

from correlate.senses.result import Estimate, Verdict

THRESHOLDS = Path(__file__).parents[1] / "claims.yaml"


@dataclass(frozen=True)
class Part:
    """One thing a card's verdict is made of: a sense of 'predicts', a task, a pair.

    ``agree``, ``told`` and ``of`` count what stands behind it: supported, not insufficient, all.
    """

    name: str
    verdict: Verdict
    reason: str
    agree: int = 0
    told: int = 0
    of: int = 1


@dataclass(frozen=True)
class Card:
    """One claim with its verdict. ``evidence`` has a row for everything the verdict rests on.

    ``power`` is the median power, over that evidence, to see the effect the card names; None
    where the card names none. ``change`` says what would change the verdict.
    """

    name: str
    claim: str
    verdict: Verdict
    reason: str
    models: int
    families: int
    change: str
    parts: tuple[Part, ...] = ()
    power: float | None = None
    evidence: pd.DataFrame = field(default_factory=pd.DataFrame)


@cache
def rules() -> dict[str, dict[str, Any]]:
    """The ``claims`` section of claims.yaml, by card."""
    return dict(yaml.safe_load(THRESHOLDS.read_text(encoding="utf-8"))["claims"])


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several: agreement keeps it, disagreement is mixed.

    Verdicts that are ``insufficient`` do not vote; where no other is left, nothing is known.
    """
    voting = {v for v in verdicts if v is not Verdict.INSUFFICIENT}
    if not voting:
        return Verdict.INSUFFICIENT
    return voting.pop() if len(voting) == 1 else Verdict.MIXED


def insufficient(name: str, reason: str, change: str, models: int = 0, families: int = 0) -> Card:
    """The card whose claim these data cannot judge."""
    claim = rules()[name]["claim"]
    return Card(name, claim, Verdict.INSUFFICIENT, reason, models, families, change)


def holm(p: list[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; NaN stays NaN and is not counted."""
    values = np.asarray(p, dtype=np.float64)
    known = np.isfinite(values)
    out = np.full(len(values), np.nan)
    if known.any():
        out[known] = multipletests(values[known], method="holm")[1]
    return [float(v) for v in out]


def power(estimate: Estimate | None, effect: float, alpha: float = 0.05) -> float | None:
    """Power to tell ``effect``, a correlation, from zero, read off the interval's width.

    On Fisher's scale the interval's half-width over the normal quantile is the standard error;
    None where there is no interval or it reaches an end of the scale.
    """
    if estimate is None or estimate.low is None or estimate.high is None:
        return None
    if not -1 < estimate.low < estimate.high < 1:
        return None
    wide = np.arctanh(estimate.high) - np.arctanh(estimate.low)
    error = wide / 2 / stats.norm.ppf((1 + estimate.level) / 2)
    return float(stats.norm.cdf(np.arctanh(effect) / error - stats.norm.ppf(1 - alpha / 2)))
