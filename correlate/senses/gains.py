"""Sense 5, gains: from one rung to the next, does a larger easy gain bring a larger hard gain?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from correlate.panel import Floats, Ints
from correlate.senses.corrected import correct
from correlate.senses.judge import detectable, judge
from correlate.senses.result import Estimate, SenseResult
from correlate.senses.sample import Sample, by_run, inside, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import controls, family, resample

NAME = "gains"


@dataclass(frozen=True)
class Steps:
    """Neighbouring rungs of a family: indices of the lower and the upper one, shape (s,)."""

    lower: Ints
    upper: Ints

    def where(self, keep: np.ndarray) -> Steps:
        """The steps for which ``keep`` (s,) holds."""
        return Steps(self.lower[keep], self.upper[keep])

    def difference(self, values: Floats) -> Floats:
        """Upper less lower, along the first axis."""
        return np.asarray(values[self.upper] - values[self.lower], dtype=np.float64)

    def total(self, values: Floats) -> Floats:
        """Upper and lower together: the noise variance of a difference."""
        return np.asarray(values[self.upper] + values[self.lower], dtype=np.float64)


def steps(sample: Sample) -> Steps:
    """Pair neighbouring rungs of each family.

    Along a run, checkpoints follow one another by compute. Between runs of a family the last
    checkpoints follow one another by compute, so that no step compares the end of one training
    with the beginning of another.
    """
    order = np.lexsort((sample.log_compute, sample.run, sample.family))
    run, fam = sample.run[order], sample.family[order]
    same_run = run[1:] == run[:-1]
    last = order[np.r_[~same_run, True]] if len(order) else order
    last = last[np.lexsort((sample.log_compute[last], sample.family[last]))]
    same_family = sample.family[last][1:] == sample.family[last][:-1]
    along = np.flatnonzero(same_run & (fam[1:] == fam[:-1]))
    lower = np.concatenate([order[along], last[:-1][same_family]])
    upper = np.concatenate([order[along + 1], last[1:][same_family]])
    return Steps(lower.astype(np.int64), upper.astype(np.int64))


def gains(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Slope of hard gains on easy gains between neighbours, with and without gains in compute.

    Resampled by family, or by training run where families are too few and runs have checkpoints
    (``sample.by_run``); steps from one run to another are then left out.

    The verdict rests on the standardised slope (the partial correlation of the two gains) given
    the change of a smooth curve of log compute over the step.
    """
    used = sample.with_compute().repeated()
    reason = refusal(used, settings, within=True)
    if reason:
        return refused(NAME, used, reason)
    runs = by_run(used, settings)
    step = steps(used)
    if runs:
        # a step from one run to another would tie two clusters together
        step = step.where(used.run[step.lower] == used.run[step.upper])
    dx, dy = step.difference(used.x), step.difference(used.y)
    if np.ptp(dx) == 0 or np.ptp(dy) == 0:
        return refused(NAME, used, "gains do not vary from step to step")
    cluster = resample.compact((used.run if runs else used.family)[step.lower])
    root = np.sqrt(step_weights(used, step, dy))[:, None]
    one = np.ones((len(dx), 1))
    curve = np.column_stack([one, step.difference(controls.smooth(used.log_compute))])
    line = np.column_stack([one, step.difference(controls.linear(used.log_compute))])
    weights = resample.multiplicities(int(cluster.max()) + 1, settings.replicates, rng)

    def estimate(name: str, label: str, columns: Floats, kind: family.Kind) -> Estimate:
        found = family.partialled(
            root[:, 0] * dx, root[:, 0] * dy, root * columns, cluster, weights, kind
        )
        spread = found.spread(settings.level, settings.interval)
        return Estimate(name, label, found.shown, spread.low, spread.high, settings.level, spread.p)

    headline = estimate(
        "gains_standardised_given_compute_smooth",
        "standardised slope of gains given the gain in a smooth curve of log compute",
        curve, "correlation",
    )  # fmt: skip
    estimates = (
        headline,
        estimate("gains_slope", "slope of logit gains", one, "slope"),
        estimate(
            "gains_slope_given_compute", "slope of logit gains given the gain in log compute",
            line, "slope",
        ),
    )  # fmt: skip
    squared = root[:, 0] ** 2
    cleaned = correct(
        headline, "in gains given compute", (root[:, 0] * dx, root[:, 0] * dy),
        (squared * step.total(used.x_noise), squared * step.total(used.y_noise)), root * curve,
    )  # fmt: skip
    verdict, why = judge(
        headline, settings.thresholds.effect(NAME), "slope of standardised gains given compute",
        cleaned.corrected,
    )  # fmt: skip
    return SenseResult(
        NAME, verdict, f"{why}; {len(dx)} steps", used.m, used.families, headline,
        (*estimates, *cleaned.estimates),
        (*sample.warnings, *([inside(used)] if runs else []), *cleaned.warnings),
        detectable(headline),
    )  # fmt: skip


def step_weights(sample: Sample, step: Steps, dy: Floats) -> Floats:
    """Inverse-variance weights of the hard gains, shape (s,), mean 1.

    A gain's variance is the item noise of its two scores plus the variance of true gains, the
    latter by moments (DerSimonian & Laird 1986, the unweighted form), but at least half of what
    gains vary by: near a floor the logit's noise is overstated (a score of 0 counts as variance 2
    though it hardly moves), the moments leave next to nothing for true gains, and the weight falls
    on the steps of a few families, whose interval then covers too little. Equal weights where the
    items are unknown.
    """
    noise = step.total(sample.y_noise)
    if not np.isfinite(noise).all():
        return np.ones(len(dy))
    seen = float(np.var(dy, ddof=1))
    true = max(seen - float(noise.mean()), 0.5 * seen)
    weight = 1 / (noise + true)
    return np.asarray(weight / weight.mean(), dtype=np.float64)
