"""What one set of predictors saves over another on rungs held out, and how surely.

The statistic is the share of the rival's squared held-out error, on the scale of analysis, that
the richer predictors save. Under the hypothesis that easy adds nothing it is not zero but below
it (a useless column costs something), and families standing on both sides of a split make its
spread hard to write down. So the null is drawn: outcomes are made anew from a smooth curve of
compute and residuals with random signs and sizes by family, and put through every split.
"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints
from correlate.stats import predict, wild
from correlate.stats.holdout import Fold


def squared_error(
    design: Floats, outcomes: Floats, folds: list[Fold], by_model: Floats | None = None
) -> Floats:
    """Mean squared held-out error summed over folds, (R,).

    Either R outcomes (R, m) with equal weights, or one outcome (1, m) under R weights (R, m).
    """
    total = np.zeros(len(outcomes) if by_model is None else len(by_model))
    for fold in folds:
        past, future = design[fold.train], design[fold.test]
        if by_model is None:
            # Products with rows of zeros instead of a copy of the training outcomes.
            cross = outcomes @ np.where(fold.train[:, None], design, 0.0)
            coef = cross @ np.linalg.pinv(past.T @ past, hermitian=True)
            miss = outcomes[:, np.flatnonzero(fold.test)] - coef @ future.T
            total += np.einsum("rm,rm->r", miss, miss) / len(future)
            continue
        coef = predict.least_squares(past, outcomes[0, fold.train], by_model[:, fold.train])
        weights = by_model[:, fold.test]
        miss = (outcomes[:, fold.test] - coef @ future.T) ** 2
        mass = weights.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            total += np.where(mass > 0, (weights * miss).sum(axis=1) / mass, np.nan)
    return total


def saved(
    rival: Floats,
    better: Floats,
    outcomes: Floats,
    folds: list[Fold],
    by_model: Floats | None = None,
) -> Floats:
    """Share of ``rival``'s held-out squared error saved by ``better``, (R,)."""
    before = squared_error(rival, outcomes, folds, by_model)
    after = squared_error(better, outcomes, folds, by_model)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - after / before, dtype=np.float64)


def p_value(
    rival: Floats,
    better: Floats,
    y: Floats,
    controls: Floats,
    folds: list[Fold],
    cluster: Ints,
    replicates: int,
    rng: np.random.Generator,
) -> float:
    """One-sided p of ``saved`` by a wild cluster bootstrap in which only ``controls`` count."""
    factors = wild.webb(int(cluster.max()) + 1, replicates, rng)
    null = wild.null_draws(y, controls, cluster, factors)
    share = saved(rival, better, np.vstack([y, null]), folds)
    return float((1 + (share[1:] >= share[0]).sum()) / (1 + replicates))
