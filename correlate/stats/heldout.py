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

import numpy as np

from correlate.panel import Floats, Ints
from correlate.stats import noise, resample, wild
from correlate.stats.holdout import Fold
from correlate.stats.predict import solve

Moments = tuple[Floats, Floats, Floats]
"""Of the training and of the tested rungs of every split, (R, K, q, q), and rungs tested (R, K)."""


def saved(
    rival: Floats, better: Floats, y: Floats, folds: list[Fold], cluster: Ints, weights: Floats
) -> Floats:
    """Share of ``rival``'s held-out squared error saved by ``better``, (R,).

    Designs (m, k) predict y (m,) in every fold, errors averaged over a fold's tested rungs and
    summed over folds; families count ``weights`` (R, F) times.
    """
    before, after = (
        _error(_weighted(np.column_stack([design, y]), folds, cluster, weights))
        for design in (rival, better)
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
    alone = np.column_stack([rival, y])
    before = _error(_weighted(alone, folds, cluster, np.ones((1, clusters))))
    both = np.column_stack([rival, added - left, y])
    share = _share(before, _error(_turned(both, left, folds, cluster, signs)))
    # The panel's own signs are among those drawn: equal up to rounding is equal.
    return float((1 + (share[1:] >= share[0] - 1e-12).sum()) / (1 + replicates))


def _share(before: Floats, after: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - after / before, dtype=np.float64)


def _sides(folds: list[Fold]) -> tuple[Floats, Floats]:
    """Who is fitted and who is tested in each split, (K, m) both."""
    train, test = (np.array([getattr(f, side) for f in folds]) for side in ("train", "test"))
    return train.astype(np.float64), test.astype(np.float64)


def _by_split(terms: Floats, side: Floats, cluster: Ints, weights: Floats) -> Floats:
    """Sums of ``terms`` (m, k) over one side of each split under family weights, (R, K, k)."""
    each = terms[:, None, :] * np.ascontiguousarray(side.T)[:, :, None]
    sums = resample.by_cluster(each.reshape(len(terms), -1), cluster)
    return (weights @ sums).reshape(len(weights), len(side), -1)


def _weighted(columns: Floats, folds: list[Fold], cluster: Ints, weights: Floats) -> Moments:
    m, q = columns.shape
    products = (columns[:, :, None] * columns[:, None, :]).reshape(m, q * q)
    train, test = (
        _by_split(products, side, cluster, weights).reshape(len(weights), len(folds), q, q)
        for side in _sides(folds)
    )
    return train, test, _by_split(np.ones((m, 1)), _sides(folds)[1], cluster, weights)[:, :, 0]


def _turned(
    columns: Floats, left: Floats, folds: list[Fold], cluster: Ints, signs: Floats
) -> Moments:
    """Moments with ``left`` (m,) times its family's sign added to the last column but one."""
    m, q = columns.shape
    x = q - 2
    products = (columns[:, :, None] * columns[:, None, :]).reshape(m, q * q)
    made = []
    sides = _sides(folds)
    for side in sides:
        fixed = (side @ products).reshape(-1, q, q)
        fixed[:, x, x] += side @ left**2
        turn = _by_split(columns * left[:, None], side, cluster, signs)
        moments = np.repeat(fixed[None], len(signs), axis=0)
        moments[:, :, x, :] += turn
        moments[:, :, :, x] += turn
        made.append(moments)
    return made[0], made[1], np.broadcast_to(sides[1].sum(axis=1), made[0].shape[:2])


def _error(moments: Moments) -> Floats:
    """Squared error on the tested rungs of least squares on the training ones, (R,).

    The mean over each split's tested rungs, summed over splits. The outcome is the last column;
    NaN where a replicate tests no rung of a split.
    """
    train, test, tested = (part.reshape(-1, *part.shape[2:]) for part in moments)
    coef = solve(train[:, :-1, :-1], train[:, :-1, -1])
    total = test[:, -1, -1] - 2 * np.einsum("ri,ri->r", coef, test[:, :-1, -1])
    total += np.einsum("ri,rij,rj->r", coef, test[:, :-1, :-1], coef)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(tested > 0, total / tested, np.nan)
    return np.asarray(mean.reshape(moments[2].shape).sum(axis=1))
