"""The loss law against laws that are known."""

import numpy as np
import pytest

from correlate.errors import InputError
from correlate.scaling import loss_law
from correlate.scaling.token_budget import share_below, shortfall

N = np.repeat(np.geomspace(7e7, 1.6e10, 5), 4)
D = np.tile(np.geomspace(1e9, 1e12, 4), 5)
TRUE = loss_law.LossLaw(1.69, 406.4, 410.7, 0.34, 0.28, 0.0)


@pytest.fixture(scope="module")
def found():
    return loss_law.fit(N, D, TRUE.loss(N, D))


def test_the_law_that_made_the_losses_is_found(found):
    assert (found.alpha, found.beta) == pytest.approx((0.34, 0.28), abs=1e-4)
    assert found.irreducible == pytest.approx(1.69, abs=1e-3)
    np.testing.assert_allclose(found.loss(N, D), TRUE.loss(N, D), rtol=1e-5)


def test_a_wild_rung_moves_it_little(found):
    losses = TRUE.loss(N, D)
    losses[3] *= 1.5  # Huber's loss is there for this
    bent = loss_law.fit(N, D, losses)
    assert bent.alpha == pytest.approx(found.alpha, abs=0.02)


def test_gradient_is_that_of_the_objective():
    from scipy.optimize import check_grad

    rows = (np.log(N), np.log(D), np.log(TRUE.loss(N, D)))
    at = np.array([5.0, 6.0, 0.4, 0.3, 0.31])
    w = np.linspace(0.5, 2, len(N))
    value = lambda t: loss_law._objective(t, *rows, w)[0]  # noqa: E731
    slope = lambda t: loss_law._objective(t, *rows, w)[1]  # noqa: E731
    assert check_grad(value, slope, at) < 1e-3 * np.abs(slope(at)).max()


def test_best_split_is_where_the_loss_is_least():
    compute = 1e22
    sizes = np.geomspace(1e8, 1e12, 4001)
    best = sizes[np.argmin(TRUE.loss(sizes, compute / 6 / sizes))]
    got = TRUE.tokens_per_parameter(np.array([compute]))[0]
    assert got == pytest.approx(compute / 6 / best**2, rel=0.02)


def test_bootstrap_spreads_with_the_noise(found):
    rng = np.random.default_rng(3)
    noisy = TRUE.loss(N, D) * np.exp(rng.normal(0, 0.01, len(N)))
    law = loss_law.fit(N, D, noisy)
    runs = np.arange(len(N))
    draws = loss_law.bootstrap(law, N, D, noisy, runs, 30, np.random.default_rng(1))
    again = loss_law.bootstrap(law, N, D, noisy, runs, 30, np.random.default_rng(1))
    alphas = np.array([d.alpha for d in draws])
    assert alphas.std() > 0.003
    assert alphas.min() < 0.34 < alphas.max()
    assert [d.alpha for d in again] == list(alphas)


@pytest.mark.parametrize(
    ("n", "d", "loss", "says"),
    [
        (N[:4], D[:4], TRUE.loss(N[:4], D[:4]), "cannot tell size from data"),
        (N, np.full(len(N), 1e9), TRUE.loss(N, D), "1 token counts"),
        (N, D, -TRUE.loss(N, D), "must be positive"),
    ],
)
def test_what_cannot_be_fitted_is_refused(n, d, loss, says):
    with pytest.raises(InputError, match=says):
        loss_law.fit(n, d, loss)


def test_shortfall_against_twenty_and_against_the_law():
    params, tokens = np.array([1e9, 1e9]), np.array([1e10, 4e10])
    assert list(shortfall(params, tokens)) == [0.5, 2.0]
    best = TRUE.tokens_per_parameter(6 * params * tokens)
    np.testing.assert_allclose(shortfall(params, tokens, TRUE), tokens / params / best)


def test_share_below_counts_rungs_and_resamples_families():
    ratio = np.array([0.5, 0.5, 2.0, 2.0])
    share, ends = share_below(ratio, np.array([0, 0, 1, 1]), 0.95, 500, np.random.default_rng(0))
    assert share == 0.5
    assert (ends.low, ends.high) == (0.0, 1.0)  # two families say next to nothing
