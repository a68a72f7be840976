"""Sense 6, extrapolates: fitted on low rungs, does easy predict the high ones better?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from correlate.panel import Floats
from correlate.senses.judge import judge
from correlate.senses.result import Estimate, SenseResult
from correlate.senses.sample import Sample, refusal, refused
from correlate.senses.settings import Settings
from correlate.stats import intervals, resample
from correlate.stats.holdout import Fold, below

NAME = "extrapolates"


def extrapolates(sample: Sample, rng: np.random.Generator, settings: Settings) -> SenseResult:
    """Fit below a cutoff of compute, test above it; compare absolute errors, paired.

    The headline is the mean absolute error (on the scale of analysis) of compute alone less that
    of easy and compute, with a family bootstrap over the tested families.
    """
    used = sample.with_compute()
    reason = refusal(used, settings)
    if reason:
        return refused(NAME, used, reason)
    cutoffs = list(settings.thresholds.senses[NAME]["cutoffs"])
    folds = below("compute", used.log_compute, cutoffs, least=5)
    if not folds:
        return refused(NAME, used, "no cutoff of compute leaves five rungs on either side")
    designs = _designs(used)
    table, losses = [], {}
    for fold in folds:
        for name, design in designs.items():
            miss = np.abs(_errors(design, used.y, fold))
            losses[fold.name, name] = miss
            table.append(
                {"cutoff": fold.name, "predictor": name, "mae": miss.mean(), "n": len(miss)}
            )
    middle = folds[len(folds) // 2]
    gain = losses[middle.name, "compute"] - losses[middle.name, "easy+compute"]
    cluster = resample.compact(used.family[middle.test])
    weights = resample.multiplicities(int(cluster.max()) + 1, settings.refits, rng)
    sums = np.bincount(cluster, gain)
    sizes = np.bincount(cluster)
    spread = intervals.percentile((weights @ sums) / (weights @ sizes), settings.level)
    headline = Estimate(
        "mae_gain_over_compute", "held-out error of compute alone less that of easy and compute",
        float(gain.mean()), spread.low, spread.high, settings.level, spread.p,
    )  # fmt: skip
    verdict, why = judge(headline, 0.0, "error saved over compute alone")
    return SenseResult(
        NAME, verdict, why, used.m, used.families, headline, (headline,), sample.warnings,
        {"holdout": pd.DataFrame(table)},
    )  # fmt: skip


def _designs(used: Sample) -> dict[str, Floats]:
    one = np.ones(used.m)
    c = used.log_compute - used.log_compute.mean()
    return {
        "mean": one[:, None],
        "compute": np.column_stack([one, c]),
        "easy": np.column_stack([one, used.x]),
        "easy+compute": np.column_stack([one, used.x, c]),
    }


def _errors(design: Floats, y: Floats, fold: Fold) -> Floats:
    coef, *_ = np.linalg.lstsq(design[fold.train], y[fold.train], rcond=None)
    return np.asarray(y[fold.test] - design[fold.test] @ coef, dtype=np.float64)
