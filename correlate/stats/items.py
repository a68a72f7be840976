"""Families and items resampled together: what a correlation would be with other models and items.

Every model answers the same items, so an item drawn twice is drawn twice for all of them: one
vector of item multiplicities a replicate, and its scores are a matrix product of multiplicities
and answers. Scores then differ between replicates, and so do their ranks and residuals; all
replicates are taken at once. (Two-way "pigeonhole" bootstrap: Owen 2007, Annals of Applied
Statistics 1(2).)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from correlate.panel import Floats
from correlate.stats import intervals, links, resample
from correlate.stats.intervals import Spread
from correlate.stats.predict import solve

CHUNK = 1 << 22
"""Entries of the (replicates, items) work matrix held at once."""


def logits(answers: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    """Empirical logits of resampled items, (R, m), from answers (m, J) between 0 and 1."""
    items = answers.shape[1]
    return np.concatenate(
        [_scaled(draws @ answers.T, items) for draws in _drawn(items, replicates, rng)]
    )


def _drawn(items: int, replicates: int, rng: np.random.Generator) -> Iterator[Floats]:
    step = max(1, CHUNK // items)
    for start in range(0, replicates, step):
        yield resample.multiplicities(items, min(step, replicates - start), rng)


def _scaled(successes: Floats, items: int) -> Floats:
    return links.empirical_logit(successes, np.asarray(float(items)))


def spearman(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Fisher's z of Spearman's correlation in each replicate: (R, m) values and weights, (R,)."""
    return _z(_ranks(x, weights), _ranks(y, weights), weights)


def partial(x: Floats, y: Floats, controls: Floats, weights: Floats) -> Floats:
    """Fisher's z of the partial correlation given controls (m, k) with a constant, (R,)."""
    m, k = controls.shape
    products = (controls[:, :, None] * controls[:, None, :]).reshape(m, k * k)
    gram = (weights @ products).reshape(-1, k, k)
    left = [v - solve(gram, (weights * v) @ controls) @ controls.T for v in (x, y)]
    return _z(left[0], left[1], weights)


def spread(value: float, replicates: Floats, level: float) -> Spread:
    """Interval of a correlation around Fisher z ``value`` from replicates' z (R,).

    A replicate holds the item noise twice, that of the panel and its own, and so lies lower;
    replicates are moved to have the panel's value as their median.
    """
    finite = replicates[np.isfinite(replicates)]
    if not len(finite):
        return intervals.NOTHING
    moved = replicates + (value - float(np.median(finite)))
    return intervals.through(intervals.percentile(moved, level), np.tanh)


def _ranks(values: Floats, weights: Floats) -> Floats:
    """Mid-ranks under weights, (R, m): the weight below a value plus half of the weight at it."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    w = np.take_along_axis(weights, order, axis=1)
    first = np.ones(values.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(first.ravel()) - 1
    mass = np.bincount(group, w.ravel())
    above = np.cumsum(mass) - mass / 2
    ranks = above[group].reshape(values.shape)
    ranks -= (np.cumsum(weights.sum(axis=1)) - weights.sum(axis=1))[:, None]
    placed = np.empty_like(ranks)
    np.put_along_axis(placed, order, ranks, axis=1)
    return placed


def _z(a: Floats, b: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    a = a - (weights * a).sum(axis=1, keepdims=True) / total
    b = b - (weights * b).sum(axis=1, keepdims=True) / total
    cross, xx, yy = ((weights * p * q).sum(axis=1) for p, q in ((a, b), (a, a), (b, b)))
    flat = (xx <= 1e-12 * total[:, 0]) | (yy <= 1e-12 * total[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(flat, np.nan, np.arctanh(cross / np.sqrt(xx * yy)))
