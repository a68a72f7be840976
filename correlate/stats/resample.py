"""Resampling whole clusters: weights for the bootstrap, and moments under them.

A resample of families is a vector of multiplicities. Sums over models under R resamples are one
matrix product of the (R, F) multiplicities with the (F, .) sums of each family, so nothing loops
over replicates.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from correlate.panel import Floats, Ints

CHUNK = 1 << 16
"""Draws made at a time: few enough for the processor's cache."""


def multiplicities(clusters: int, replicates: int, rng: np.random.Generator) -> Floats:
    """How often each cluster is drawn in each bootstrap replicate, shape (R, F); rows sum to F."""
    drawn = np.empty((replicates, clusters))
    step = max(1, CHUNK // clusters)
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        picks = rng.integers(clusters, size=(rows, clusters)) + clusters * np.arange(rows)[:, None]
        counts = np.bincount(picks.ravel(), minlength=rows * clusters)
        drawn[start : start + rows] = counts.reshape(rows, clusters)
    return drawn


def cluster_moments(columns: Floats, cluster: Ints) -> Floats:
    """Cross-products of ``columns`` (m, q) summed within clusters, shape (F, q, q)."""
    m, q = columns.shape
    products = (columns[:, :, None] * columns[:, None, :]).reshape(m, q * q)
    return by_cluster(products, cluster).reshape(-1, q, q)


def by_cluster(columns: Floats, cluster: Ints) -> Floats:
    """``columns`` (m, k) summed within clusters, shape (F, k)."""
    m = len(cluster)
    shape = (int(cluster.max()) + 1, m)
    member = sparse.csr_array((np.ones(m), (cluster, np.arange(m))), shape=shape)
    return np.asarray(member @ columns)


def weighted_moments(by_cluster: Floats, weights: Floats) -> Floats:
    """Moments under each replicate's weights: (F, q, q) and (R, F) to (R, q, q)."""
    clusters, q, _ = by_cluster.shape
    return (weights @ by_cluster.reshape(clusters, q * q)).reshape(-1, q, q)


def demean(columns: Floats, cluster: Ints) -> Floats:
    """Columns (m,) or (m, q) less their cluster means, same shape."""
    flat = columns.reshape(len(columns), -1)
    means = by_cluster(flat, cluster) / np.bincount(cluster)[:, None]
    return (flat - means[cluster]).reshape(columns.shape)


def compact(codes: Ints) -> Ints:
    """Codes renumbered 0..k-1 without gaps, shape (m,)."""
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
