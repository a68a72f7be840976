"""Sense 6, extrapolates: fitted on the low rungs, does easy predict the high ones better?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.panel import Floats
from correlate.senses.beyond_compute import given
from correlate.senses.forecasts import designs, race
from correlate.senses.judge import NO_SCALE
from correlate.senses.result import Estimate, SenseResult, Verdict
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import heldout, intervals, resample
from correlate.stats.holdout import Fold, below, families_out

NAME = "extrapolates"
LEAST = 5
"""Rungs a split needs on either side."""


def extrapolates(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Fit below cutoffs of compute, test above them: is easy worth knowing beside compute?

    The headline is the share of compute's squared held-out error, on the scale of analysis and
    summed over the cutoffs, that easy and compute together save; its interval refits in every
    family bootstrap. Its p-value is that of the whole procedure under the null that nothing but
    a smooth curve of compute matters (``stats.heldout``), so that families standing on both sides
    of a cutoff, and a floor that bends the curve, cannot pass for skill. The table
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
    left_out = families_out(used.family, settings.folds)
    found = race(used, known, folds, [*left_out, *later], rng, settings)
    points = [found.gain(link, settings.level) for link in found.links]
    verdict, why = _judge(headline, over_mean, points, settings)
    winners = found.winners()
    return SenseResult(
        NAME, verdict, why, used.m, used.families, headline, (headline, over_mean, *points),
        (*sample.warnings, *_disagreement(winners)),
        undetectable=NO_SCALE,
        tables={"holdout": found.table, "paired": found.paired, "winners": winners},
    )  # fmt: skip


def saved_over(
    used: Sample,
    known: dict[str, Floats],
    rival: str,
    folds: list[Fold],
    rng: np.random.Generator,
    settings: Settings,
) -> Estimate:
    """Share of ``rival``'s squared held-out error that easy and compute save."""  # fmt: skip
    base, more = known[rival], known["easy+compute"]
    draws = resample.multiplicities(used.families, settings.refits, rng)
    weights = np.vstack([np.ones(used.families), draws])
    saved = heldout.saved(base, more, used.y, folds, used.family, weights)
    spread = intervals.percentile(saved[1:], settings.level)
    p = decide(used, known, folds, rng, settings) if rival == "compute" else None
    return Estimate(
        f"saved_over_{rival}",
        f"share of the held-out squared error of {rival} alone saved by easy and compute",
        float(saved[0]), spread.low, spread.high, settings.level, p,
        "interval: family bootstrap with refits; p: one-sided, signs turned by family",
    )  # fmt: skip


def decide(
    used: Sample,
    known: dict[str, Floats],
    folds: list[Fold],
    rng: np.random.Generator,
    settings: Settings,
) -> float:
    """The p-value the verdict rests on: does easy save error beside compute?"""  # fmt: skip
    curve = given(used.log_compute, smooth=True)
    return heldout.p_value(
        known["compute"], used.x, used.y, curve, folds, used.family, settings.refits, rng,
    )  # fmt: skip


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
