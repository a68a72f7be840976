"""Sense 4, within family: does it hold inside a family, not only between families?"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats
from correlate.senses.beyond_compute import given
from correlate.senses.corrected import correct
from correlate.senses.judge import detectable, judge
from correlate.senses.result import Estimate, SenseResult
from correlate.senses.sample import Sample, by_run, inside, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import controls, family, mixed, resample

NAME = "within_family"


def within_family(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Correlation of deviations from the family mean, plain and given log compute.

    Families of one rung say nothing here and are left out. Resampled by family, or by training
    run where families are too few and runs have checkpoints (``sample.by_run``). The verdict rests
    on the correlation given a smooth curve of log compute, itself taken within the family.
    """
    used = sample.with_compute().repeated()
    reason = refusal(used, settings, within=True)
    if reason:
        return refused(NAME, used, reason)
    x, y = resample.demean(used.x, used.family), resample.demean(used.y, used.family)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return refused(NAME, used, "scores do not vary within any family")
    runs = by_run(used, settings)
    cluster = used.run if runs else used.family
    # A resample of families leaves each family's mean in place; one of runs has to fit it anew.
    none = np.eye(used.families)[used.family] if runs else np.zeros((used.m, 0))
    weights = resample.multiplicities(int(cluster.max()) + 1, settings.replicates, rng)
    curve = resample.demean(controls.smooth(used.log_compute), used.family)
    line = resample.demean(controls.linear(used.log_compute), used.family)
    kinds: tuple[tuple[str, str, Floats], ...] = (
        ("within_family_given_compute_smooth",
         "within-family partial correlation given a smooth curve of log compute",
         np.column_stack([none, curve])),
        ("within_family_given_compute",
         "within-family partial correlation given log compute", np.column_stack([none, line])),
        ("within_family", "within-family correlation", none),
    )  # fmt: skip
    estimates = []
    for name, label, columns in kinds:
        found = family.partialled(x, y, columns, cluster, weights, "correlation")
        spread = found.spread(settings.level, settings.interval)
        estimates.append(
            Estimate(name, label, found.shown, spread.low, spread.high, settings.level, spread.p)
        )
    cleaned = correct(
        estimates[0], "inside families given compute", (x, y), (used.x_noise, used.y_noise),
        curve, used.family,
    )  # fmt: skip
    verdict, why = judge(
        estimates[0], settings.thresholds.effect(NAME), "within-family correlation given compute",
        cleaned.corrected,
    )  # fmt: skip
    between = _between(sample.with_compute())
    beside = [between] if np.isfinite(between.value) else []
    beside += [*cleaned.estimates, *(_mixed(used) if settings.checks else [])]
    said = [*sample.warnings, *([inside(used)] if runs else []), *_reversal(between, estimates)]
    return SenseResult(
        NAME, verdict, why, used.m, used.families, estimates[0],
        (*estimates, *beside), (*said, *cleaned.warnings),
        detectable(estimates[0]),
    )  # fmt: skip


def _mixed(used: Sample) -> list[Estimate]:
    """Slope of hard on easy given compute with a random intercept a family.

    Left out where compute and easy span one another.
    """
    design = np.column_stack([given(used.log_compute, smooth=True), used.x])
    try:
        fit = mixed.random_intercept(design, used.y, used.family)
    except np.linalg.LinAlgError:
        return []
    value, error = float(fit.coef[-1]), float(fit.error[-1])
    if not np.isfinite(error):
        return []
    label = "slope of hard on easy given compute, random intercept a family (logits)"
    low, high = value - 1.96 * error, value + 1.96 * error
    return [Estimate("mixed_slope", label, value, low, high, note="REML, model-based error")]


def _between(used: Sample) -> Estimate:
    """Correlation of family means, one point a family."""
    sizes = np.bincount(used.family, minlength=used.families)
    mean_x = np.bincount(used.family, used.x) / sizes
    mean_y = np.bincount(used.family, used.y) / sizes
    value = float(np.corrcoef(mean_x, mean_y)[0, 1]) if used.families > 2 else float("nan")
    return Estimate("between_family", "correlation of family means", value)


def _reversal(between: Estimate, estimates: list[Estimate]) -> list[str]:
    inside = estimates[0]
    if between.value * inside.value < 0:
        unsure = inside.low is None or inside.high is None or inside.low <= 0 <= inside.high
        tail = ", though that may be zero" if unsure else ""
        return [
            f"sign reversal: {between.value:.2f} between families, {inside.value:.2f} within them "
            f"at equal compute (Simpson's paradox){tail}"
        ]
    return []
