"""Loss to score, breaks and offsets on curves whose truth is known."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit

from correlate.panel import Column
from correlate.scaling.breaks import one_break
from correlate.scaling.loss_to_score import lift
from correlate.scaling.nested import f_statistic
from correlate.scaling.offsets import offsets


def column(score, chance=0.25, rate=True):
    score = np.asarray(score, dtype=float)
    m = len(score)
    ceiling = 1.0 if rate else np.inf
    return Column(
        "task",
        "reasoning",
        score,
        np.full(m, 500.0),
        np.full(m, np.nan),
        chance,
        ceiling,
        rate,
        rate,
    )


def test_lift_finds_the_curve_above_the_floor():
    loss = np.linspace(3.5, 1.5, 24)
    score = 0.25 + 0.75 * expit(6 - 3 * loss)
    family = np.repeat(np.arange(8), 3)
    got = lift(loss, column(score), family, 0.95, 200, np.random.default_rng(0))
    assert (got.slope, got.intercept) == pytest.approx((3, 6), rel=0.01)
    assert got.ends.low is not None
    assert got.ends.low > 0
    np.testing.assert_allclose(got.score(loss), score, atol=1e-3)


def test_a_loss_on_a_loss_is_a_straight_line():
    loss = np.linspace(3.5, 1.5, 12)
    task = column(0.5 + 0.4 * loss, 0.0, rate=False)
    got = lift(loss, task, np.arange(12), 0.95, 99, np.random.default_rng(0))
    assert got.slope == pytest.approx(0.4)
    np.testing.assert_allclose(got.score(loss), 0.5 + 0.4 * loss)


def test_f_is_that_of_statsmodels():
    rng = np.random.default_rng(2)
    small = np.column_stack([np.ones(30), rng.normal(size=30)])
    large = np.column_stack([small, rng.normal(size=(30, 2))])
    y = rng.normal(size=30)
    theirs, _, _ = sm.OLS(y, large).fit().compare_f_test(sm.OLS(y, small).fit())
    assert f_statistic(y[None], small, large)[0] == pytest.approx(theirs)


def curve(rng, kink, families=12, rungs=6, noise=0.15):
    x = np.tile(np.linspace(0, 10, rungs), families) + rng.normal(0, 0.2, families * rungs)
    family = np.repeat(np.arange(families), rungs)
    y = 0.5 * x + kink * np.maximum(x - 5, 0) + rng.normal(0, 0.5, families)[family]
    return x, y + rng.normal(0, noise, len(x)), family


def test_a_break_is_found_where_it_is():
    rng = np.random.default_rng(5)
    found = one_break(*curve(rng, kink=-0.5), 399, rng)
    assert found.p < 0.01
    assert found.at == pytest.approx(5, abs=1)
    assert (found.before, found.after) == pytest.approx((0.5, 0.0), abs=0.1)


def test_straight_curves_break_no_more_often_than_they_should():
    rng = np.random.default_rng(11)
    trials = 150
    rejected = sum(one_break(*curve(rng, kink=0.0), 99, rng).p <= 0.05 for _ in range(trials))
    assert rejected <= stats.binom.interval(0.999, trials, 0.05)[1]


def test_the_statistic_is_the_largest_f_of_explicit_designs():
    x, y, family = curve(np.random.default_rng(3), kink=-0.1)
    found = one_break(x, y, family, 99, np.random.default_rng(0))
    levels = (family[:, None] == np.arange(12)).astype(float)
    line = np.column_stack([levels, x])
    kinked = np.column_stack([line, np.maximum(x - found.at, 0)])
    assert found.statistic == pytest.approx(f_statistic(y[None], line, kinked)[0])
    inside = x[(x >= np.quantile(x, 0.15)) & (x <= np.quantile(x, 0.85))]
    others = np.quantile(inside, np.linspace(0, 1, 25))
    designs = [np.column_stack([line, np.maximum(x - k, 0)]) for k in others]
    assert found.statistic == pytest.approx(max(f_statistic(y[None], line, d)[0] for d in designs))


def test_power_is_how_often_the_kink_is_found():
    rng = np.random.default_rng(7)
    drawn = [curve(rng, kink=0.0, noise=0.8) for _ in range(150)]
    claimed, found = [], 0
    for x, y, family in drawn:
        claimed.append(one_break(x, y, family, 199, rng, effect=0.5).power)
        bent = y - 0.25 * np.maximum(x - (x.min() + x.max()) / 2, 0)  # half of the slope
        found += one_break(x, bent, family, 199, rng).p <= 0.05
    # 0.12: three standard errors of a rate over 150 panels
    assert np.mean(claimed) == pytest.approx(found / 150, abs=0.12)
    assert 0.2 < found / 150 < 0.95  # neither end, where anything would agree
    assert one_break(*drawn[0], 199, rng, effect=0.0).power < 0.2


def test_too_little_for_a_break():
    x = np.array([1.0, 2, 3, 4])
    assert one_break(x, x, np.arange(4), 99, np.random.default_rng(0)) is None


def grouped(rng, shift):
    families = 16
    family = np.repeat(np.arange(families), 4)
    x = np.tile(np.linspace(0, 6, 4), families) + rng.normal(0, 0.3, families * 4)
    group = np.where(family % 2, "mamba", "llama")
    y = 0.4 * x + shift * (family % 2) + rng.normal(0, 0.2, families)[family]
    return list(group), x, y + rng.normal(0, 0.1, len(x)), family


def test_an_offset_is_measured_from_the_larger_group():
    rng = np.random.default_rng(8)
    got = offsets(*grouped(rng, 1.0), 3, 0.95, 399, rng)
    assert got.p < 0.01
    assert list(got.table["group"]) == ["llama", "mamba"]
    assert got.table["offset"].iloc[1] == pytest.approx(1.0, abs=0.3)
    assert list(got.table["families"]) == [8, 8]


def test_no_offset_is_found_no_more_often_than_it_should():
    rng = np.random.default_rng(21)
    trials = 150
    rejected = sum(offsets(*grouped(rng, 0.0), 3, 0.95, 99, rng).p <= 0.05 for _ in range(trials))
    assert rejected <= stats.binom.interval(0.999, trials, 0.05)[1]


def test_one_group_has_nothing_to_be_compared_with():
    rng = np.random.default_rng(1)
    group, x, y, family = grouped(rng, 0.0)
    assert offsets(["llama"] * len(group), x, y, family, 3, 0.95, 99, rng) is None
