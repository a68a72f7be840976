"""Sense 3, beyond compute: does easy say about hard what training compute does not?"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats
from correlate.senses.both import with_items
from correlate.senses.corrected import correct
from correlate.senses.judge import detectable, judge
from correlate.senses.result import Estimate, SenseResult
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import clustered, controls, family, items, noise, resample

NAME = "beyond_compute"


def beyond_compute(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Partial correlation of hard and easy given log compute.

    The verdict rests on the correlation given a smooth curve of log compute. The one given a
    straight line stands beside it: where floors bend both benchmarks against compute, it takes
    the shared bend for a relation (results/calibration).
    """
    used = sample.with_compute()
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, used, reason)
    if np.ptp(used.log_compute) == 0:
        return refused(
            NAME, used, "every rung has the same training compute: nothing to hold fixed"
        )
    weights = resample.multiplicities(used.families, settings.replicates, rng)
    curve = given(used.log_compute, smooth=True)
    headline = _partial(
        used, curve, weights, settings, "partial_given_compute_smooth",
        "partial correlation given a smooth curve of log compute",
    )  # fmt: skip
    straight = _partial(
        used, given(used.log_compute, smooth=False), weights, settings, "partial_given_compute",
        "partial correlation given log compute",
    )  # fmt: skip
    cleaned = correct(
        headline, "given compute", (used.x, used.y), (used.x_noise, used.y_noise), curve
    )
    checks = _checks(used, curve, rng, settings) if settings.checks else []
    both = with_items(
        used, "partial_items", "partial correlation given a smooth curve of log compute",
        lambda x, y, w: items.partial(x, y, curve, w), rng, settings,
    )  # fmt: skip
    verdict, why = judge(
        headline, settings.thresholds.effect(NAME), "partial correlation given compute",
        cleaned.corrected,
    )  # fmt: skip
    return SenseResult(
        NAME, verdict, why, used.m, used.families, headline,
        (headline, straight, *both, *_params_tokens(used, rng, settings), *cleaned.estimates,
         *checks),
        (*sample.warnings, *cleaned.warnings), detectable(headline),
    )  # fmt: skip


def given(log_compute: Floats, smooth: bool) -> Floats:
    """Control columns (m, k) with a constant first."""
    basis = controls.smooth(log_compute) if smooth else controls.linear(log_compute)
    return np.column_stack([np.ones(len(log_compute)), basis])


def _checks(
    used: Sample, curve: Floats, rng: np.random.Generator, settings: Settings
) -> list[Estimate]:
    """The same question put to other methods; none of them decides."""
    slope = clustered.cr2(used.y, used.x, curve, used.family, settings.level)
    made = [
        Estimate(
            "slope_given_compute_smooth", "slope of hard on easy given compute (logits)",
            slope.value, slope.low, slope.high, settings.level, slope.p,
            f"CR2, {slope.free:.1f} degrees of freedom",
        ),
        Estimate(
            "slope_wild", "the same, wild cluster bootstrap", slope.value,
            p=clustered.wild_p(
                used.y, used.x, curve, used.family, min(settings.replicates, 1999), rng
            ),
            note="restricted, Webb weights",
        ),
    ]  # fmt: skip
    if np.isfinite(used.x_noise).all() and np.isfinite(used.y_noise).all():
        clean = noise.simex(used.x, used.y, used.x_noise, used.y_noise, curve, rng)
        label = "partial correlation given compute, item noise extrapolated away"
        made.append(Estimate("simex", label, clean, note="SIMEX, quadratic"))
    return made


def _partial(
    used: Sample, columns: Floats, weights: Floats, settings: Settings, name: str, label: str
) -> Estimate:
    found = family.partialled(used.x, used.y, columns, used.family, weights, "correlation")
    spread = found.spread(settings.level, settings.interval)
    return Estimate(
        name, label, found.shown, spread.low, spread.high, settings.level, spread.p,
        f"family bootstrap, {settings.interval}",
    )  # fmt: skip


def _params_tokens(used: Sample, rng: np.random.Generator, settings: Settings) -> list[Estimate]:
    """Given log N and log D apart, where both are known."""
    known = used.where(np.isfinite(used.log_params) & np.isfinite(used.log_tokens))
    if refusal(known, settings):
        return []
    both = [controls.linear(v) for v in (known.log_params, known.log_tokens)]
    columns = np.column_stack([np.ones(known.m), *both])
    weights = resample.multiplicities(known.families, settings.replicates, rng)
    return [
        _partial(
            known, columns, weights, settings, "partial_given_params_tokens",
            "partial correlation given log parameters and log tokens",
        )
    ]  # fmt: skip
