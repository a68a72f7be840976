"""Sense 2, calibrated: does an easy score give the hard score, with an interval that covers?"""

from __future__ import annotations

from typing import Any

import numpy as np

from correlate.panel import Floats
from correlate.senses.beyond_compute import given
from correlate.senses.forecasts import designs
from correlate.senses.judge import NO_SCALE
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import heldout, intervals, newfamily, resample
from correlate.stats.holdout import families_out

NAME = "calibrated"


def calibrated(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Leave one family out, predict its hard scores from easy alone, ask how often it covers.

    Supported where the interval covers within the bounds of claims.yaml, is narrower than that
    of a forecast blind to easy, saves error over the blind one, and easy still saves error for a
    family left out once compute is known. Where only the last fails, easy stands for compute and
    the verdict is mixed.
    """
    common = sample.with_compute()
    used = sample if refusal(common, settings) else common
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, sample, reason)
    rule = settings.thresholds.senses[NAME]
    level = float(rule["level"])
    one = np.ones((used.m, 1))
    easy = np.column_stack([one, used.x - used.x.mean()])
    left = newfamily.leave_families_out(easy, used.y, used.family, level)
    blind = newfamily.leave_families_out(one, used.y, used.family, level)
    weights = resample.multiplicities(used.families, settings.replicates, rng)
    sizes = np.ones(used.m)
    coverage = _ratio(
        left.covered, sizes, used, weights, settings, "coverage",
        f"share of held-out scores inside their {level:.0%} interval",
    )  # fmt: skip
    wrong = _ratio(
        np.abs(left.error), np.abs(blind.error), used, weights, settings, "relative_error",
        "error relative to a forecast blind to easy",
    )  # fmt: skip
    width = Estimate(
        "relative_width", "interval width relative to a forecast blind to easy",
        float(left.half.mean() / blind.half.mean()),
    )  # fmt: skip
    beside = beside_compute(used, rng, settings)
    verdict, why = _judge(coverage, width, wrong, beside, rule)
    estimates = (coverage, width, wrong, *([beside] if beside else []))
    return SenseResult(
        NAME, verdict, why, used.m, used.families, coverage, estimates, sample.warnings,
        undetectable=NO_SCALE,
    )  # fmt: skip


def beside_compute(used: Sample, rng: np.random.Generator, settings: Settings) -> Estimate | None:
    """Share of compute's squared error, on families left out, that easy and compute save.

    The p-value is one-sided, of the whole procedure, from the null that only a smooth curve of
    compute matters (``stats.heldout``). None where compute is unknown.
    """
    if not np.isfinite(used.log_compute).all() or np.ptp(used.log_compute) == 0:
        return None
    known, folds = designs(used), families_out(used.family, settings.folds)
    once = np.ones((1, used.families))
    value = heldout.saved(known["compute"], known["easy+compute"], used.y, folds, used.family, once)
    p = heldout.p_value(
        known["compute"], used.x, used.y, given(used.log_compute, smooth=True), folds,
        used.family, settings.refits, rng,
    )  # fmt: skip
    return Estimate(
        "saved_over_compute_new_family",
        "share of compute's squared error on families left out saved by easy and compute",
        float(value[0]), p=p, note="one-sided, signs turned by family",
    )  # fmt: skip


def _ratio(
    top: Floats,
    bottom: Floats,
    used: Sample,
    weights: Floats,
    settings: Settings,
    name: str,
    label: str,
) -> Estimate:
    """Sum of ``top`` over sum of ``bottom``, (m,) both, with a family-bootstrap interval."""
    above = weights @ np.bincount(used.family, top)
    below = weights @ np.bincount(used.family, bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = intervals.percentile(above / below, settings.level)
    value = float(top.sum() / bottom.sum()) if bottom.sum() > 0 else float("nan")
    return Estimate(name, label, value, spread.low, spread.high, settings.level)


def _judge(
    coverage: Estimate, width: Estimate, wrong: Estimate, beside: Estimate | None,
    rule: dict[str, Any],
) -> tuple[Verdict, str]:  # fmt: skip
    ends = "" if wrong.low is None else f" [{wrong.low:.2f}, {wrong.high:.2f}]"
    shown = (
        f"the {rule['level']:.0%} interval covers {coverage.value:.0%} of held-out scores; "
        f"width {width.value:.2f} and error {wrong.value:.2f}{ends} of those without easy"
    )
    if wrong.low is None or wrong.high is None or beside is None:
        return Verdict.INSUFFICIENT, f"{shown}; compute is unknown, so easy may stand for it"
    covers = rule["coverage_low"] <= coverage.value <= rule["coverage_high"]
    sharper = wrong.high < 1 and width.value < rule["max_relative_width"]
    added = beside.p is not None and beside.p < rule["alpha"] and beside.value > 0
    if sharper:
        tail = "" if added else f"; beside compute easy adds nothing sure (p = {beside.p:.2f})"
        return (Verdict.SUPPORTED if covers and added else Verdict.MIXED), shown + tail
    if wrong.low > 1 - rule["min_skill"]:
        return Verdict.REFUTED, shown
    return Verdict.INSUFFICIENT, f"{shown}: too uncertain to tell"
