"""Spearman's correlation under resampling, ranks recomputed within every replicate.

A replicate repeats whole families, so its mid-ranks follow from weights: the rank of a value is
the weight below it plus half of the weight at it (plus a half that no correlation sees).
Pearson's correlation of those ranks is what ``scipy.stats.spearmanr`` gives on the repeated rows.

Work matrices are (models, replicates), a model a row, and small enough for the processor's cache:
reordering models then copies rows, and a running sum over models adds whole rows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from correlate.panel import Floats, Ints

CHUNK = 1 << 16
"""Entries of one work matrix (8 bytes each)."""


def weighted_spearman(x: Floats, y: Floats, cluster: Ints, weights: Floats) -> Floats:
    """Spearman's correlation of x and y (m,) under cluster weights (R, F), shape (R,).

    NaN where a replicate has one value of x or of y only.
    """
    orders = _Order(x), _Order(y)
    return np.concatenate([_Ranked(orders, cluster, w).correlation for w in _chunks(x, weights)])


def spearman_and_error(
    x: Floats, y: Floats, cluster: Ints, weights: Floats
) -> tuple[Floats, Floats]:
    """Fisher's z of the rank correlation and its cluster-robust error, both (R,).

    The error sums each cluster's influence on z, the derivative of the weighted rank correlation
    with respect to the cluster's weight, in closed form.
    """
    orders = _Order(x), _Order(y)
    m, clusters = len(x), weights.shape[1]
    member = sparse.csr_array((np.ones(m), (cluster, np.arange(m))), shape=(clusters, m))
    parts = [_Ranked(orders, cluster, w).z_and_error(member) for w in _chunks(x, weights)]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _chunks(x: Floats, weights: Floats) -> Iterator[Floats]:
    """Cluster weights (F, r) of r replicates at a time."""
    step = max(8, CHUNK // len(x))
    for start in range(0, len(weights), step):
        yield np.ascontiguousarray(weights[start : start + step].T)


class _Ranked:
    """Ranks of x and y (m,) under one chunk of weights (F, r), and sums over them."""

    def __init__(self, orders: tuple[_Order, _Order], cluster: Ints, weights: Floats) -> None:
        self.weights, self.orders = weights, orders
        self.by_model = weights[cluster]
        self.a, self.b = (-order.sign_sums(self.by_model) for order in orders)
        self.wa, self.wb = self.by_model * self.a, self.by_model * self.b
        self.xy = np.einsum("mr,mr->r", self.wa, self.b)
        self.xx = np.einsum("mr,mr->r", self.wa, self.a)
        self.yy = np.einsum("mr,mr->r", self.wb, self.b)

    @property
    def correlation(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            r = self.xy / np.sqrt(self.xx * self.yy)
        return np.where((self.xx > 0) & (self.yy > 0), r, np.nan)

    def z_and_error(self, member: sparse.csr_array) -> tuple[Floats, Floats]:
        """Fisher's z and its error (r,); ``member`` (F, m) sums models by cluster."""
        r = self.correlation
        with np.errstate(divide="ignore", invalid="ignore"):
            cross = 1 / np.sqrt(self.xx * self.yy)
            own_x, own_y = r / 2 / self.xx, r / 2 / self.yy
            # d r / d w_i: rung i's own term, and what its weight does to the ranks of others.
            of = self.a * self.b
            of *= cross
            of -= self.a**2 * own_x
            of -= self.b**2 * own_y
            of += self.orders[0].sign_sums(self.wb * cross - self.wa * (2 * own_x))
            of += self.orders[1].sign_sums(self.wa * cross - self.wb * (2 * own_y))
            influence = (member @ of) / (1 - r**2)
            clusters = len(self.weights)
            total = np.einsum("fr,fr->r", self.weights, influence**2)
            error = np.sqrt(total * clusters / (clusters - 1))
            return np.arctanh(r), error


class _Order:
    """The order of values (m,), for sums over what lies above and below, ties apart.

    A running sum over models is taken in about sqrt(m) blocks side by side, then across blocks:
    few, long vector operations. Sorted position s lies in row ``(s % size) * blocks + s // size``
    of the work matrix; a last row of zeros stands for "nothing below".
    """

    def __init__(self, values: Floats) -> None:
        m = len(values)
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        self.blocks = int(np.ceil(np.sqrt(m)))
        self.size = -(-m // self.blocks)
        row = np.arange(m)
        row = (row % self.size) * self.blocks + row // self.size
        self.source = np.zeros(self.size * self.blocks, dtype=np.intp)  # rows past m count nowhere
        self.source[row] = order
        padded = np.append(row, self.size * self.blocks)  # position -1: the row of zeros
        place = np.empty(m, dtype=np.intp)
        place[order] = np.arange(m)
        self.below = padded[np.searchsorted(ordered, ordered, side="left") - 1][place]
        self.through = padded[np.searchsorted(ordered, ordered, side="right") - 1][place]
        self.last = row[m - 1]

    def sign_sums(self, terms: Floats) -> Floats:
        """Half the sum of ``terms`` (m, r) over larger values less that over smaller ones."""
        r = terms.shape[1]
        sums = np.empty((self.size * self.blocks + 1, r))
        np.take(terms, self.source, axis=0, out=sums[:-1], mode="clip")
        sums[-1] = 0.0
        work = sums[:-1].reshape(self.size, self.blocks, r)
        for j in range(1, self.size):
            work[j] += work[j - 1]
        before = np.cumsum(work[-1, :-1], axis=0)
        work[:, 1:] += before
        half = np.take(sums, self.below, axis=0)
        half += np.take(sums, self.through, axis=0)
        return np.asarray((sums[self.last] - half) / 2)
