"""Spearman's correlation under resampling, ranks recomputed within every replicate.

A replicate repeats whole families, so its mid-ranks follow from weights: the rank of a value is
the weight below it plus half of the weight at it (plus a half that no correlation sees).
Pearson's correlation of those ranks is what ``scipy.stats.spearmanr`` gives on the repeated rows.
"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints
from correlate.stats import resample

CHUNK = 2_000_000
"""Entries of the (replicates, models) work matrices held at once (8 bytes each)."""


def weighted_spearman(x: Floats, y: Floats, cluster: Ints, weights: Floats) -> Floats:
    """Spearman's correlation of x and y (m,) under cluster weights (R, F), shape (R,).

    NaN where a replicate has one value of x or of y only.
    """
    return np.concatenate([_Ranked(x, y, cluster, w).correlation for w in _chunks(x, weights)])


def spearman_and_error(
    x: Floats, y: Floats, cluster: Ints, weights: Floats
) -> tuple[Floats, Floats]:
    """Fisher's z of the rank correlation and its cluster-robust error, both (R,).

    The error sums each cluster's influence on z, the derivative of the weighted rank correlation
    with respect to the cluster's weight, in closed form.
    """
    parts = [_Ranked(x, y, cluster, w).z_and_error() for w in _chunks(x, weights)]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _chunks(x: Floats, weights: Floats) -> list[Floats]:
    step = max(1, CHUNK // len(x))
    return [weights[start : start + step] for start in range(0, len(weights), step)]


class _Ranked:
    """Ranks of x and y (m,) under one chunk of weights (R, F), and sums over them."""

    def __init__(self, x: Floats, y: Floats, cluster: Ints, weights: Floats) -> None:
        self.weights, self.cluster = weights, cluster
        self.by_model = weights[:, cluster]
        self.order_x, self.order_y = _Order(x), _Order(y)
        self.a = -self.order_x.sign_sums(self.by_model)
        self.b = -self.order_y.sign_sums(self.by_model)
        self.wa, self.wb = self.by_model * self.a, self.by_model * self.b
        self.xy = np.einsum("rm,rm->r", self.wa, self.b)
        self.xx = np.einsum("rm,rm->r", self.wa, self.a)
        self.yy = np.einsum("rm,rm->r", self.wb, self.b)

    @property
    def correlation(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            r = self.xy / np.sqrt(self.xx * self.yy)
        return np.where((self.xx > 0) & (self.yy > 0), r, np.nan)

    def z_and_error(self) -> tuple[Floats, Floats]:
        r = self.correlation
        with np.errstate(divide="ignore", invalid="ignore"):
            of_xy = self.a * self.b + self.order_x.sign_sums(self.wb)
            of_xy += self.order_y.sign_sums(self.wa)
            of_xy /= np.sqrt(self.xx * self.yy)[:, None]
            of_xx = self.a**2 + 2 * self.order_x.sign_sums(self.wa)
            of_xy -= of_xx * (r / 2 / self.xx)[:, None]
            of_yy = self.b**2 + 2 * self.order_y.sign_sums(self.wb)
            of_xy -= of_yy * (r / 2 / self.yy)[:, None]
            influence = resample.sum_by_cluster(of_xy, self.cluster) / (1 - r**2)[:, None]
            clusters = self.weights.shape[1]
            total = np.einsum("rf,rf->r", self.weights, influence**2)
            error = np.sqrt(total * clusters / (clusters - 1))
            return np.arctanh(r), error


class _Order:
    """The order of values (m,), ties grouped, for sums over what lies above and below."""

    def __init__(self, values: Floats) -> None:
        levels, self.place = np.unique(values, return_inverse=True)
        self.order = np.argsort(self.place, kind="stable")
        self.starts = np.searchsorted(self.place[self.order], np.arange(len(levels)))
        self.ties = len(levels) < len(values)

    def sign_sums(self, terms: Floats) -> Floats:
        """Half the sum of ``terms`` (R, m) over larger values less that over smaller ones."""
        at = terms[:, self.order]
        if self.ties:
            at = np.add.reduceat(at, self.starts, axis=1)
        below = np.cumsum(at, axis=1)
        half = below[:, -1:] / 2 - below + at / 2
        return np.asarray(half[:, self.place])
