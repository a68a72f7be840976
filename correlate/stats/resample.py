"""Resampling whole clusters: weights for the bootstrap and the jackknife, and moments under them.

A resample of families is a vector of multiplicities. Sums over models under R resamples are one
matrix product of the (R, F) multiplicities with the (F, .) sums of each family, so nothing loops
over replicates.
"""

from __future__ import annotations

import numpy as np

from correlate.panel import Floats, Ints


def multiplicities(clusters: int, replicates: int, rng: np.random.Generator) -> Floats:
    """How often each cluster is drawn in each bootstrap replicate, shape (R, F); rows sum to F."""
    even = np.full(clusters, 1 / clusters)
    return rng.multinomial(clusters, even, size=replicates).astype(np.float64)


def leave_one_out(clusters: int) -> Floats:
    """Weights of the delete-one-cluster jackknife, shape (F, F)."""
    return np.ones((clusters, clusters)) - np.eye(clusters)


def cluster_moments(columns: Floats, cluster: Ints) -> Floats:
    """Cross-products of ``columns`` (m, q) summed within clusters, shape (F, q, q)."""
    m, q = columns.shape
    products = (columns[:, :, None] * columns[:, None, :]).reshape(m, q * q)
    sums = np.zeros((int(cluster.max()) + 1, q * q))
    np.add.at(sums, cluster, products)
    return sums.reshape(-1, q, q)


def weighted_moments(by_cluster: Floats, weights: Floats) -> Floats:
    """Moments under each replicate's weights: (F, q, q) and (R, F) to (R, q, q)."""
    clusters, q, _ = by_cluster.shape
    return (weights @ by_cluster.reshape(clusters, q * q)).reshape(-1, q, q)


def sum_by_cluster(terms: Floats, cluster: Ints) -> Floats:
    """Sums of the columns of ``terms`` (R, m) within clusters, shape (R, F)."""
    if (np.diff(cluster) < 0).any():
        order = np.argsort(cluster, kind="stable")
        terms, cluster = terms[:, order], cluster[order]
    starts = np.searchsorted(cluster, np.arange(int(cluster[-1]) + 1))
    return np.asarray(np.add.reduceat(terms, starts, axis=1), dtype=np.float64)


def demean(columns: Floats, cluster: Ints) -> Floats:
    """Columns (m,) or (m, q) less their cluster means, same shape."""
    flat = columns.reshape(len(columns), -1)
    clusters = int(cluster.max()) + 1
    sums = np.zeros((clusters, flat.shape[1]))
    np.add.at(sums, cluster, flat)
    means = sums / np.bincount(cluster, minlength=clusters)[:, None]
    return (flat - means[cluster]).reshape(columns.shape)


def compact(codes: Ints) -> Ints:
    """Codes renumbered 0..k-1 without gaps, shape (m,)."""
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
