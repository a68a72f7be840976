"""Sense 6, extrapolates: fitted on the low rungs, does easy predict the high ones better?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.panel import Floats
from correlate.senses.beyond_compute import given
from correlate.senses.forecasts import designs, race
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import intervals, predict, resample, wild
from correlate.stats.holdout import Fold, below, families_out

NAME = "extrapolates"
LEAST = 5
"""Rungs a split needs on either side."""


def extrapolates(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Fit below cutoffs of compute, test above them: is easy worth knowing beside compute?

    The headline is the share of compute's squared held-out error, on the scale of analysis and
    summed over the cutoffs, that easy and compute together save; its interval refits in every
    family bootstrap. Its p-value comes from a wild cluster bootstrap of the whole procedure with
    the null imposed (nothing but a smooth curve of compute matters), so that families standing on
    both sides of a cutoff, and a floor that bends the curve, cannot pass for skill. The table
    ``holdout`` repeats every hold-out under every link, as errors in score.
    """
    used = sample.with_compute()
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, used, reason)
    cutoffs = [float(q) for q in settings.thresholds.senses[NAME]["cutoffs"]]
    folds = below("compute", used.log_compute, cutoffs, LEAST)
    if not folds:
        return refused(NAME, used, f"no cutoff of compute leaves {LEAST} rungs on either side")
    known = designs(used)
    headline = saved_over(used, known, "compute", folds, rng, settings)
    over_mean = saved_over(used, known, "mean", folds, rng, settings)
    later = below("release", used.release, cutoffs, LEAST)
    found = race(used, known, folds, [*families_out(used.family), *later], rng, settings)
    points = [found.gain(link, settings.level) for link in found.links]
    verdict, why = _judge(headline, over_mean, points, settings)
    winners = found.winners()
    return SenseResult(
        NAME, verdict, why, used.m, used.families, headline, (headline, over_mean, *points),
        (*sample.warnings, *_disagreement(winners)),
        {"holdout": found.table, "paired": found.paired, "winners": winners},
    )  # fmt: skip


def saved_over(
    used: Sample,
    known: dict[str, Floats],
    rival: str,
    folds: list[Fold],
    rng: np.random.Generator,
    settings: Settings,
) -> Estimate:
    """Share of ``rival``'s squared held-out error that easy and compute save."""
    base, more = known[rival], known["easy+compute"]
    draws = resample.multiplicities(used.families, settings.refits, rng)[:, used.family]
    by_model = np.vstack([np.ones(used.m), draws])
    outcome = used.y[None, :]
    saved = 1 - _squared(more, outcome, folds, by_model) / _squared(base, outcome, folds, by_model)
    spread = intervals.percentile(saved[1:], settings.level)
    p = null_share(used, base, more, folds, rng, settings.refits) if rival == "compute" else None
    return Estimate(
        f"saved_over_{rival}",
        f"share of the held-out squared error of {rival} alone saved by easy and compute",
        float(saved[0]), spread.low, spread.high, settings.level, p,
        "interval: family bootstrap with refits; p: one-sided wild cluster bootstrap of the null",
    )  # fmt: skip


def null_share(
    used: Sample,
    base: Floats,
    more: Floats,
    folds: list[Fold],
    rng: np.random.Generator,
    replicates: int,
) -> float:
    """Share of null outcomes under which ``more`` saves at least as much as it does."""
    factors = wild.webb(used.families, replicates, rng)
    null = wild.null_draws(used.y, given(used.log_compute, smooth=True), used.family, factors)
    outcomes, even = np.vstack([used.y, null]), np.ones((1, used.m))
    saved = 1 - _squared(more, outcomes, folds, even) / _squared(base, outcomes, folds, even)
    return float((1 + (saved[1:] >= saved[0]).sum()) / (1 + replicates))


def _squared(design: Floats, outcomes: Floats, folds: list[Fold], by_model: Floats) -> Floats:
    """Held-out squared error summed over folds, (R,): many outcomes or many weights (R, m)."""
    total = np.zeros(max(len(outcomes), len(by_model)))
    for fold in folds:
        past, future = design[fold.train], design[fold.test]
        if len(by_model) == 1:
            coef = np.linalg.lstsq(past, outcomes[:, fold.train].T, rcond=None)[0].T
        else:
            coef = predict.least_squares(past, outcomes[0, fold.train], by_model[:, fold.train])
        weights = by_model[:, fold.test]
        miss = (outcomes[:, fold.test] - coef @ future.T) ** 2
        mass = weights.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            total = total + np.where(mass > 0, (weights * miss).sum(axis=1) / mass, np.nan)
    return total


def _judge(
    headline: Estimate, over_mean: Estimate, points: list[Estimate], settings: Settings
) -> tuple[Verdict, str]:
    rule = settings.thresholds.senses[NAME]
    ahead = sum(e.value > 0 for e in points)
    ends = "" if headline.low is None else f" [{headline.low:.2f}, {headline.high:.2f}]"
    shown = (
        f"easy saves {headline.value:.2f}{ends} of compute's held-out error "
        f"(p = {headline.p:.3f}); ahead in score under {ahead} of {len(points)} links"
    )
    found = headline.p is not None and headline.p < float(rule["alpha"])
    if found and headline.value > 0 and over_mean.value > 0:
        sure = headline.low is not None and headline.low > 0
        return (Verdict.SUPPORTED if sure and ahead == len(points) else Verdict.MIXED), shown
    if headline.high is not None and headline.high < float(rule["min_saved"]):
        return Verdict.REFUTED, f"{shown}; less than the {rule['min_saved']:g} claimed"
    return Verdict.INSUFFICIENT, f"{shown}: too uncertain to tell"


def _disagreement(winners: pd.DataFrame) -> list[str]:
    split = winners[winners["links_agree"] == "no"]
    if split.empty:
        return []
    places = ", ".join(split["scheme"] + " " + split["cutoff"])
    return [
        f"the choice of link changes the winner in {len(split)} of {len(winners)} hold-outs "
        f"({places})"
    ]
