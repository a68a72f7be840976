"""Sense 2, calibrated: does an easy score give the hard score, with an interval that covers?"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import intervals, newfamily, resample

NAME = "calibrated"


def calibrated(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Leave one family out, predict its hard scores from easy alone, ask how often it covers.

    The p-value tests the hypothesis that the interval covers at its nominal rate, against
    outcomes drawn from the fitted model and put through the same procedure. ``skill`` is the
    share of the blind forecast's error that knowing the easy score saves. Supported where the
    interval covers within the bounds of claims.yaml, is narrower than the blind one, and the
    skill's interval lies above zero.
    """
    common = sample.with_compute()
    used = sample if refusal(common, settings) else common
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, sample, reason)
    rule = settings.thresholds.senses[NAME]
    level = float(rule["level"])
    one = np.ones((used.m, 1))
    design = np.column_stack([one, used.x - used.x.mean()])
    null = newfamily.draws(design, used.y, used.family, settings.refits, rng)
    moments = newfamily.FamilyMoments(design, np.vstack([used.y, null]), used.family)
    left = newfamily.leave_families_out(moments, level)
    blind = newfamily.leave_families_out(
        newfamily.FamilyMoments(one, used.y[None, :], used.family), level
    )
    coverage = Estimate(
        "coverage", f"share of held-out scores inside their {level:.0%} interval",
        float(left.coverage[0]), level=level, p=_mid_p(left.coverage),
        note="p: hypothesis that it covers at its nominal rate",
    )  # fmt: skip
    width = Estimate(
        "relative_width", "interval width relative to not knowing the easy score",
        float(left.half[0].mean() / blind.half[0].mean()),
    )  # fmt: skip
    skill = _skill(left.error[0], blind.error[0], used, rng, settings)
    verdict, why = _judge(coverage, width, skill, rule)
    return SenseResult(
        NAME, verdict, why, used.m, used.families, coverage, (coverage, width, skill),
        sample.warnings,
    )  # fmt: skip


def _mid_p(coverage: Floats) -> float:
    """Two-sided mid-p of the first coverage (it moves in steps of 1/m) among the others."""
    seen, null = coverage[0], coverage[1:]
    same = 0.5 * np.isclose(null, seen).mean()
    below, above = (null < seen - 1e-9).mean() + same, (null > seen + 1e-9).mean() + same
    return float(min(1.0, 2 * min(below, above)))


def _skill(
    error: Floats, blind: Floats, used: Sample, rng: np.random.Generator, settings: Settings
) -> Estimate:
    """1 - (mean absolute error) / (that of the blind forecast), family bootstrap of the ratio."""
    weights = resample.multiplicities(used.families, settings.replicates, rng)
    known = weights @ np.bincount(used.family, np.abs(error))
    unknown = weights @ np.bincount(used.family, np.abs(blind))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = intervals.percentile(1 - known / unknown, settings.level)
    value = float(1 - np.abs(error).sum() / np.abs(blind).sum())
    return Estimate(
        "skill", "share of the blind forecast's error saved by the easy score", value,
        spread.low, spread.high, settings.level, spread.p,
    )  # fmt: skip


def _judge(
    coverage: Estimate, width: Estimate, skill: Estimate, rule: dict[str, float]
) -> tuple[Verdict, str]:
    ends = f" [{skill.low:.2f}, {skill.high:.2f}]" if skill.low is not None else ""
    shown = (
        f"the {coverage.level:.0%} interval covers {coverage.value:.0%} of held-out scores, "
        f"{width.value:.2f} as wide as without easy; error saved {skill.value:.2f}{ends}"
    )
    covers = rule["coverage_low"] <= coverage.value <= rule["coverage_high"]
    narrow = width.value < rule["max_relative_width"]
    if skill.low is None or skill.high is None:
        return Verdict.INSUFFICIENT, shown
    if skill.low > 0 and narrow:
        return (Verdict.SUPPORTED if covers else Verdict.MIXED), shown
    if skill.high < rule["min_skill"]:
        return Verdict.REFUTED, shown
    return Verdict.INSUFFICIENT, f"{shown}: too uncertain to tell"
