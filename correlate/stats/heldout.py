"""What one set of predictors saves over another on rungs held out, and how surely.

The statistic is the share of the rival's squared held-out error, on the scale of analysis, that
one more predictor saves. Under the hypothesis that it adds nothing the share is not zero but below
it (a useless column costs something), and families standing on both sides of a split make its
spread hard to write down. So the null is drawn, by turning signs: what a smooth curve of compute
leaves of the predictor is turned round in whole families at random. Where that remainder says
nothing about the outcome, a family's remainder might as well have had the other sign, whatever the
outcomes are and however rungs of a family hang together (cluster sign changes: Canay, Romano &
Shaikh 2017, Econometrica 85(3)). Outcomes stay as they are: drawing them anew from a fitted curve
shrinks what families differ by, and rejected 7-9 % with ten families.

Everything is quadratic in the columns, so replicates are matrix products of family weights or
signs with the moments of each family on either side of a split.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from correlate.panel import Floats, Ints
from correlate.stats import noise, resample, wild
from correlate.stats.holdout import Fold
from correlate.stats.predict import solve

Sides = tuple[Floats, Floats, Floats]
"""Moments of the training and of the tested rungs, (R, q, q) each, and how many are tested (R,)."""


def saved(
    rival: Floats, better: Floats, y: Floats, folds: list[Fold], cluster: Ints, weights: Floats
) -> Floats:
    """Share of ``rival``'s held-out squared error saved by ``better``, (R,).

    Designs (m, k) predict y (m,) in every fold, errors averaged over a fold's tested rungs and
    summed over folds; families count ``weights`` (R, F) times.
    """
    before, after = (
        _summed(_weighted(np.column_stack([d, y]), f, cluster, weights) for f in folds)
        for d in (rival, better)
    )
    return _share(before, after)


def p_value(
    rival: Floats,
    added: Floats,
    y: Floats,
    controls: Floats,
    folds: list[Fold],
    cluster: Ints,
    replicates: int,
    rng: np.random.Generator,
) -> float:
    """One-sided p of the share that ``added`` (m,) saves beside ``rival`` (m, k).

    In the null, what ``controls`` (m, c) leave of ``added`` has either sign in each family.
    """
    clusters = int(cluster.max()) + 1
    signs = np.vstack([np.ones(clusters), wild.signs(clusters, replicates, rng)])
    left = noise.residuals(added, controls)
    columns = np.column_stack([rival, added - left, y])
    one = np.ones((1, clusters))
    before = _summed(_weighted(np.column_stack([rival, y]), f, cluster, one) for f in folds)
    after = _summed(_turned(columns, left, f, cluster, signs) for f in folds)
    share = _share(before, after)
    # The panel's own signs are among those drawn: equal up to rounding is equal.
    return float((1 + (share[1:] >= share[0] - 1e-12).sum()) / (1 + replicates))


def _summed(folds: Iterable[Sides]) -> Floats:
    return np.asarray(np.sum([_error(sides) for sides in folds], axis=0))


def _share(before: Floats, after: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - after / before, dtype=np.float64)


def _weighted(columns: Floats, fold: Fold, cluster: Ints, weights: Floats) -> Sides:
    train, test = (
        resample.weighted_moments(
            resample.cluster_moments(columns * side[:, None], cluster), weights
        )
        for side in (fold.train, fold.test)
    )
    return train, test, weights @ np.bincount(cluster, fold.test)


def _turned(columns: Floats, left: Floats, fold: Fold, cluster: Ints, signs: Floats) -> Sides:
    """Moments with ``left`` (m,) times its family's sign added to the last column but one."""
    x = columns.shape[1] - 2
    made = []
    for side in (fold.train, fold.test):
        fixed = columns.T @ (columns * side[:, None])
        fixed[x, x] += left @ (left * side)
        cross = resample.by_cluster(columns * (left * side)[:, None], cluster)
        turn = np.zeros((len(cross), *fixed.shape))
        turn[:, x, :] = cross
        turn[:, :, x] += cross
        made.append(fixed + resample.weighted_moments(turn, signs))
    return made[0], made[1], np.full(len(signs), float(fold.test.sum()))


def _error(sides: Sides) -> Floats:
    """Mean squared error (R,) on the tested rungs of least squares on the training ones.

    The outcome is the last column; NaN where a replicate tests no rung.
    """
    train, test, tested = sides
    coef = solve(train[:, :-1, :-1], train[:, :-1, -1])
    total = test[:, -1, -1] - 2 * np.einsum("ri,ri->r", coef, test[:, :-1, -1])
    total += np.einsum("ri,rij,rj->r", coef, test[:, :-1, :-1], coef)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(tested > 0, total / tested, np.nan)
