"""Monotone regression in one index, for all replicates at once.

Adjacent violators are pooled (Ayer et al. 1955), every maximal falling run of every replicate in
one step, until none is left: a handful of passes over arrays that shrink. Rungs of equal index
share one level, as in scikit-learn's ``IsotonicRegression``; between levels the fit is linear, and
constant beyond the ends.
"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints


def isotonic(old: Floats, y: Floats, weights: Floats, new: Floats) -> Floats:
    """Fit y (n,) on indices ``old`` under weights (R, n), read off at ``new``: shape (R, t).

    Indices are (R, n) and (R, t), or (1, n) and (1, t) where every replicate shares them. Rungs of
    weight zero are not there; a replicate without any weight gives NaN.
    """
    replicates, n = weights.shape
    index = np.concatenate([old, new], axis=1)
    order = np.argsort(index, axis=1, kind="stable")
    ordered = np.take_along_axis(index, order, axis=1)
    first = np.ones(ordered.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    # Groups of equal index, numbered through all rows of ``index``.
    group = np.empty(index.shape, dtype=np.int64)
    np.put_along_axis(group, order, (np.cumsum(first.ravel()) - 1).reshape(first.shape), axis=1)
    at = ordered[first]
    counts = first.sum(axis=1)
    if len(index) < replicates:  # one index for all: the same groups again in every replicate
        group = group + len(at) * np.arange(replicates)[:, None]
        at, counts = np.tile(at, replicates), np.repeat(counts, replicates)
    begin = np.asarray(np.cumsum(counts) - counts, dtype=np.int64)
    member = group[:, :n].ravel()
    mass, total = (
        np.asarray(np.bincount(member, terms.ravel(), minlength=len(at)), dtype=np.float64)
        for terms in (weights, weights * y)
    )
    made = _read(mass, total, np.repeat(begin, counts), np.repeat(begin + counts, counts), at)
    return np.take(made, group[:, n:])


def _read(mass: Floats, total: Floats, begin: Ints, end: Ints, at: Floats) -> Floats:
    """The fit at every group (g,), those without weight between their neighbours.

    A group's replicate owns the groups from ``begin`` up to ``end``.
    """
    held = mass > 0
    node = np.flatnonzero(held)
    if not len(node):
        return np.full(len(at), np.nan)
    level = _pool(total[node], mass[node], begin[node])
    if len(node) == len(held):
        return level
    found = np.empty(len(at))
    found[node] = level
    gap = np.flatnonzero(~held)
    after: Ints = (np.cumsum(held) - held)[gap]  # nodes before the gap: the number of the next
    right, left = np.minimum(after, len(node) - 1), np.maximum(after - 1, 0)
    has_right = (after < len(node)) & (node[right] < end[gap])
    has_left = (after > 0) & (node[left] >= begin[gap])
    left, right = np.where(has_left, left, right), np.where(has_right, right, left)
    low, high = at[node[left]], at[node[right]]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, (at[gap] - low) / (high - low), 0.0)
    inside = level[left] + share * (level[right] - level[left])
    found[gap] = np.where(has_left | has_right, inside, np.nan)
    return found


def _pool(total: Floats, mass: Floats, row: Ints) -> Floats:
    """Levels (k,) of nodes in order of index, row by row: sums, weights and rows, all (k,)."""
    block = np.arange(len(total))
    while True:
        mean = total / mass
        start = np.ones(len(mean), dtype=bool)
        start[1:] = (mean[1:] > mean[:-1]) | (row[1:] != row[:-1])
        if start.all():
            return np.asarray(mean[block])
        block = (np.cumsum(start) - 1)[block]
        begin = np.flatnonzero(start)
        total, mass = np.add.reduceat(total, begin), np.add.reduceat(mass, begin)
        row = row[begin]
