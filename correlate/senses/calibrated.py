"""Sense 2, calibrated: does an easy score give the hard score, with an interval that covers?"""

from __future__ import annotations

import numpy as np
from scipy import stats

from correlate.panel import Floats
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats.holdout import families_out

NAME = "calibrated"


def calibrated(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Leave one family out, predict its hard scores from easy alone, ask how often it covers.

    Supported where the 90 % prediction interval covers within the bounds of claims.yaml and is
    narrower than one that does not know the easy score.
    """
    common = sample.with_compute()
    used = sample if refusal(common, settings) else common
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, sample, reason)
    rule = settings.thresholds.senses[NAME]
    level = float(rule["level"])
    one = np.ones((used.m, 1))
    error, half = _leave_out(np.column_stack([one, used.x]), used, level)
    _, blind = _leave_out(one, used, level)
    covered = np.abs(error) <= half
    coverage, width = float(covered.mean()), float(half.mean() / blind.mean())
    headline = Estimate(
        "coverage", f"share of held-out scores inside their {level:.0%} interval", coverage
    )
    relative = Estimate("relative_width", "interval width relative to no easy score", width)
    shown = f"{coverage:.0%} covered by the {level:.0%} interval, {width:.2f} of the blind width"
    inside = float(rule["coverage_low"]) <= coverage <= float(rule["coverage_high"])
    narrow = width < float(rule["max_relative_width"])
    verdict = Verdict.SUPPORTED if inside and narrow else Verdict.REFUTED
    return SenseResult(
        NAME, verdict, shown, used.m, used.families, headline, (headline, relative),
        sample.warnings,
    )  # fmt: skip


def _leave_out(design: Floats, used: Sample, level: float) -> tuple[Floats, Floats]:
    """Held-out errors and half-widths of their prediction intervals on the scale, (m,) each."""
    error, half = np.empty(used.m), np.empty(used.m)
    for fold in families_out(used.family):
        past, future = design[fold.train], design[fold.test]
        coef, *_ = np.linalg.lstsq(past, used.y[fold.train], rcond=None)
        left = used.y[fold.train] - past @ coef
        free = max(len(left) - design.shape[1], 1)
        spread = np.sqrt(left @ left / free)
        grow = np.einsum("ij,jk,ik->i", future, np.linalg.pinv(past.T @ past), future)
        error[fold.test] = used.y[fold.test] - future @ coef
        half[fold.test] = stats.t.ppf((1 + level) / 2, free) * spread * np.sqrt(1 + grow)
    return error, half
