"""Sense 1, rank: does the order of models on easy give their order on hard?"""

from __future__ import annotations

import numpy as np
from scipy import stats

from correlate.senses.both import with_items
from correlate.senses.corrected import correct
from correlate.senses.judge import detectable, judge
from correlate.senses.result import Estimate, SenseResult
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import family, items, resample

NAME = "rank"


def rank(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Spearman's correlation over rungs, with a family-bootstrap interval.

    Uses the rungs with known compute, so that every sense speaks of the same rungs; where those
    are too few, all rungs with both scores. Pearson's correlations are given for comparison,
    with the p-value that takes models for independent: it is wrong, and shown to be seen so.
    """
    common = sample.with_compute()
    used = sample if refusal(common, settings) else common
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, sample, reason)
    weights = resample.multiplicities(used.families, settings.replicates, rng)
    found = family.spearman(used.x, used.y, used.family, weights)
    spread = found.spread(settings.level, settings.interval)
    headline = Estimate(
        "spearman", "Spearman correlation", found.shown, spread.low, spread.high,
        settings.level, spread.p, f"family bootstrap, {settings.interval}",
    )  # fmt: skip
    pearson = _pearson(used, weights, settings)
    cleaned = correct(
        pearson[1], "on the logit scale", (used.x, used.y), (used.x_noise, used.y_noise),
        np.ones((used.m, 1)),
    )  # fmt: skip
    both = with_items(
        used, "spearman_items", "Spearman correlation", items.spearman, rng, settings
    )  # fmt: skip
    verdict, why = judge(headline, settings.thresholds.effect(NAME), "Spearman correlation")
    return SenseResult(
        NAME, verdict, why, used.m, used.families, headline,
        (headline, *both, *pearson, *cleaned.estimates, *_all_rungs(sample, used)),
        (*sample.warnings, *cleaned.warnings), detectable(headline),
    )  # fmt: skip


def _pearson(used: Sample, weights: np.ndarray, settings: Settings) -> list[Estimate]:
    raw_x, raw_y = used.easy.score, used.hard.score
    if not used.easy.higher_is_better:
        raw_x = -raw_x
    if not used.hard.higher_is_better:
        raw_y = -raw_y
    constant = np.ones((used.m, 1))
    found = family.partialled(used.x, used.y, constant, used.family, weights, "correlation")
    spread = found.spread(settings.level, settings.interval)
    naive = stats.pearsonr(used.x, used.y)
    return [
        Estimate("pearson_raw", "Pearson r of raw scores", float(stats.pearsonr(raw_x, raw_y)[0])),
        Estimate(
            "pearson_logit", "Pearson r on the logit scale", found.shown, spread.low, spread.high,
            settings.level, spread.p,
        ),
        Estimate(
            "pearson_naive", "the same, as if models were independent", float(naive[0]),
            p=float(naive[1]), note="not to be believed: rungs of one family are not independent",
        ),
        Estimate("kendall", "Kendall tau-b", float(stats.kendalltau(used.x, used.y)[0])),
    ]  # fmt: skip


def _all_rungs(sample: Sample, used: Sample) -> list[Estimate]:
    if used.m == sample.m:
        return []
    value = float(stats.spearmanr(sample.x, sample.y)[0])
    note = f"{sample.m} rungs, those of unknown compute among them"
    return [Estimate("spearman_all", "Spearman correlation, all rungs", value, note=note)]
