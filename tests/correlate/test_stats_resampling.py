"""Family bootstraps as matrix products give the numbers of a plain loop over replicates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from correlate.stats import family, intervals, partial, ranks, resample


@pytest.fixture
def drawn():
    """Sixty rungs of fifteen families with tied scores, one control, thirty resamples."""
    rng = np.random.default_rng(3)
    clusters = np.sort(np.r_[np.arange(15), rng.integers(15, size=45)])
    control = rng.normal(size=60)
    x = (control + rng.normal(size=60)).round(1)
    y = (x + control + rng.normal(size=60)).round(1)
    return x, y, control, clusters, resample.multiplicities(15, 30, rng)


def repeated(weights, clusters):
    """Row numbers of the resampled panel, families repeated whole."""
    return np.repeat(np.arange(len(clusters)), weights[clusters].astype(int))


def plain_partial(x, y, control):
    design = np.column_stack([np.ones(len(x)), control])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (x, y)]
    return stats.pearsonr(*left)[0]


def test_multiplicities_draw_as_many_families_as_there_are():
    weights = resample.multiplicities(7, 100, np.random.default_rng(0))
    assert weights.shape == (100, 7)
    assert (weights.sum(axis=1) == 7).all()


def test_rank_correlation_equals_scipy_on_every_resample(drawn):
    x, y, _, clusters, weights = drawn
    rows = [repeated(w, clusters) for w in weights]
    expected = [stats.spearmanr(x[i], y[i])[0] for i in rows]
    assert np.allclose(ranks.weighted_spearman(x, y, clusters, weights), expected, atol=1e-12)


def test_partial_correlation_equals_least_squares_on_every_resample(drawn):
    x, y, control, clusters, weights = drawn
    rows = [repeated(w, clusters) for w in weights]
    expected = [plain_partial(x[i], y[i], control[i]) for i in rows]
    design = np.column_stack([np.ones(60), control])
    found = family.partialled(x, y, design, clusters, weights, "correlation")
    assert np.allclose(np.tanh(found.replicates), expected, atol=1e-10)
    assert found.shown == pytest.approx(plain_partial(x, y, control), abs=1e-12)


@pytest.mark.parametrize("which", ["rank", "partial"])
def test_influence_is_the_derivative_with_respect_to_a_family_weight(drawn, which):
    x, y, control, clusters, _ = drawn
    design = np.column_stack([np.ones(60), control])

    def z(weights):
        if which == "rank":
            return np.arctanh(ranks.weighted_spearman(x, y, clusters, weights))
        return family.partialled(x, y, design, clusters, weights, "correlation").replicates

    step = 1e-5
    one = np.ones((1, 15))
    slopes = (z(one + step * np.eye(15)) - z(one - step * np.eye(15))) / (2 * step)
    error = np.sqrt(15 / 14 * np.sum(slopes**2))
    if which == "rank":
        found = ranks.spearman_and_error(x, y, clusters, one)[1][0]
    else:
        found = family.partialled(x, y, design, clusters, one, "correlation").error
    assert found == pytest.approx(error, rel=1e-6)


def test_sweep_skips_a_control_the_others_already_span(drawn):
    x, y, control, clusters, weights = drawn
    once = np.column_stack([np.ones(60), control])
    twice = np.column_stack([once, 2 * control + 1])
    a = family.partialled(x, y, once, clusters, weights, "correlation")
    b = family.partialled(x, y, twice, clusters, weights, "correlation")
    assert np.allclose(a.replicates, b.replicates, atol=1e-8)


def test_constant_column_has_no_correlation():
    x, y = np.zeros(10), np.arange(10.0)
    clusters = np.arange(10)
    moments = resample.cluster_moments(np.column_stack([np.ones(10), x, y]), clusters)
    left = partial.sweep_out(resample.weighted_moments(moments, np.ones((1, 10))), 1)
    assert np.isnan(left.correlation).all()
    assert np.isnan(ranks.weighted_spearman(x, y, clusters, np.ones((1, 10)))).all()


@given(st.lists(st.integers(0, 4), min_size=4, max_size=25), st.integers(0, 2**32 - 1))
def test_weighted_ranks_hold_for_any_ties(values, seed):
    rng = np.random.default_rng(seed)
    x = np.array(values, float)
    y = rng.permutation(x)
    clusters = np.arange(len(x)) // 2
    weights = resample.multiplicities(int(clusters.max()) + 1, 5, rng)
    for got, w in zip(ranks.weighted_spearman(x, y, clusters, weights), weights, strict=True):
        rows = repeated(w, clusters)
        if np.ptp(x[rows]) == 0 or np.ptp(y[rows]) == 0:
            assert np.isnan(got)
        else:
            assert got == pytest.approx(stats.spearmanr(x[rows], y[rows])[0], abs=1e-9)


def test_bootstrap_t_by_hand():
    # |t*| are 1, 2, 3, ... 100 and the error is 2: the 95 % point is 95.05, the reach twice that.
    replicates = np.arange(1.0, 101.0)
    found = intervals.student(0.0, 2.0, replicates, np.ones(100), 0.95)
    assert found.high == pytest.approx(2 * 95.05)
    assert found.low == pytest.approx(-2 * 95.05)
    assert found.p == pytest.approx(1.0)


def test_no_interval_from_replicates_that_mostly_fail():
    replicates = np.full(100, np.nan)
    assert intervals.percentile(replicates, 0.95) == intervals.NOTHING
    assert intervals.student(0.0, 1.0, replicates, replicates, 0.95) == intervals.NOTHING
