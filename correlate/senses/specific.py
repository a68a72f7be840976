"""Sense 7, specific: does grade-school maths predict better than an easy task that is no maths?"""

from __future__ import annotations

import numpy as np

from correlate.senses.beyond_compute import given
from correlate.senses.judge import detectable, judge
from correlate.senses.result import Estimate, SenseResult
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import family, intervals, resample

NAME = "specific"


def specific(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Partial correlation of hard with easy less that with the placebo, given compute.

    Both correlations are resampled with the same families, so what they share cancels.
    """
    if sample.placebo is None:
        return refused(NAME, sample, "no placebo benchmark was named")
    used = sample.with_compute()
    used = used.where(np.isfinite(used.placebo)) if used.placebo is not None else used
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, used, reason)
    placebo = np.asarray(used.placebo)
    if np.ptp(placebo) == 0 or np.ptp(used.log_compute) == 0:
        return refused(NAME, used, "the placebo or the compute does not vary")
    weights = resample.multiplicities(used.families, settings.replicates, rng)
    curve = given(used.log_compute, smooth=True)
    pair = family.difference(used.x, placebo, used.y, curve, used.family, weights)
    if settings.interval == "percentile":
        spread = intervals.percentile(pair.replicates, settings.level)
    else:
        spread = intervals.student(
            pair.value, pair.error, pair.replicates, pair.errors, settings.level
        )
    headline = Estimate(
        "easy_less_placebo", "partial correlation of easy less that of the placebo",
        pair.value, spread.low, spread.high, settings.level, spread.p,
    )  # fmt: skip
    parts = (
        Estimate("partial_easy", "partial correlation of easy", pair.first),
        Estimate("partial_placebo", "partial correlation of the placebo", pair.second),
    )
    verdict, why = judge(
        headline, settings.thresholds.effect(NAME), "difference of partial correlations"
    )
    return SenseResult(
        NAME, verdict, why, used.m, used.families, headline, (headline, *parts), sample.warnings,
        detectable(headline, difference=True),
    )  # fmt: skip
