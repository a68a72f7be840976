"""What the print figures say, read off the numbers they were drawn from."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from correlate.panel import Column
from correlate.writeup import fit, folder, page
from correlate.writeup.prints import coverage, forests, gains, holdout, paper, scores


@pytest.fixture(scope="module")
def contest(made_writeup):
    return made_writeup.evidence[0]


def column(score, chance=0.0):
    m = len(score)
    return Column("b", "reasoning", score, np.full(m, 1000.0), np.full(m, np.nan), chance, 1.0)


def test_the_guess_rate_curve_finds_the_floor_and_slope_it_was_made_with():
    x = np.linspace(-3, 3, 40)
    made = 0.25 + 0.75 * expit(0.5 + 1.2 * x)
    found = fit.guess_rate(x, x, column(made, chance=0.25))
    np.testing.assert_allclose(found, made, atol=2e-3)
    assert fit.guess_rate(x, x, column(made)) is None  # no floor, no such curve


def test_the_band_is_the_textbooks_prediction_interval():
    rng = np.random.default_rng(3)
    x = rng.normal(size=30)
    y = 0.4 + x + rng.normal(0, 0.3, 30)
    found = fit.through(x, y, np.array([0.0]), column(expit(y)))
    design = np.column_stack([np.ones(30), x])
    beta, left, *_ = np.linalg.lstsq(design, y, rcond=None)
    from scipy import stats

    reach = stats.t.ppf(0.95, 28) * np.sqrt(
        left[0] / 28 * (1 + np.linalg.inv(design.T @ design)[0, 0])
    )
    np.testing.assert_allclose(logit(found.low), beta[0] - reach, rtol=1e-8)
    np.testing.assert_allclose(logit(found.high), beta[0] + reach, rtol=1e-8)


def test_the_holdout_is_fitted_below_the_cutoff_and_misses_as_said(contest, made_writeup):
    drawn = holdout.holdout(contest, made_writeup.families)
    easy = drawn.data[drawn.data["predictor"] == "easy"]
    flops = dict(zip(contest.aligned.models, np.exp(contest.aligned.log_compute), strict=True))
    low, high = (easy[easy["kind"] == kind] for kind in ("fitted", "tested"))
    assert max(flops[m] for m in low["model"]) < min(flops[m] for m in high["model"])
    assert len(low) + len(high) == 36  # four rungs have no compute
    # the same line by hand: empirical logits of n = 200 items
    z = {
        k: [np.log((200 * v + 0.5) / (200 - 200 * v + 0.5)) for v in (d["across"] / 100, d["hard"])]
         for k, d in (("low", low), ("high", high))}  # fmt: skip
    line = sm.OLS(z["low"][1].to_numpy(), sm.add_constant(z["low"][0].to_numpy())).fit()
    ahead = expit(line.predict(sm.add_constant(z["high"][0].to_numpy())))
    missed = np.abs(ahead - high["hard"].to_numpy()).mean()
    assert high["error"].iloc[0] == pytest.approx(missed, rel=1e-6)
    assert low["error"].isna().all()


def test_gains_are_steps_between_neighbours_of_a_family(contest, made_writeup):
    data = gains.gains(contest, made_writeup.families).data
    assert len(data) == 9 * 3  # nine families of known compute, four sizes each
    assert (data["compute_ratio"].round(6) == 4).all()
    assert (data["lower"].str[:5] == data["upper"].str[:5]).all()
    by = dict(zip(contest.aligned.models, contest.aligned.easy.score, strict=True))
    assert list(data["easy"]) == [by[m] for m in data["upper"]]
    assert list(data["easy_from"]) == [by[m] for m in data["lower"]]


def test_the_forest_has_every_sense_and_leaves_refused_numbers_blank(made_writeup):
    data = forests.forest(made_writeup.evidence).data
    assert len(data) == 7 * 3
    lemma = data[data["hard"] == "lemma"]
    assert lemma[["value", "low", "high"]].isna().all(axis=None)
    assert set(lemma["verdict"]) == {"insufficient"}


def test_calibration_counts_the_held_out_scores_inside(made_writeup):
    data = coverage.calibration(made_writeup.evidence).data
    for _, own in data.groupby("hard"):
        assert (own["held"].diff().dropna() >= 0).all()  # a wider interval holds no less
        assert own["models"].iloc[0] == 40
        held = own["held"] * own["models"]
        np.testing.assert_allclose(held, held.round())


def test_along_loss_the_better_rung_stands_to_the_right(made_writeup):
    e = made_writeup.evidence[0]
    own = page.rows_of(e, e.aligned.hard)
    own = own.assign(**{scores.LOSS: np.linspace(2.0, 1.0, len(own))})
    drawn = scores.curve(own, e.aligned.hard, made_writeup.families, scores.LOSS)
    left, right = drawn.figure.axes[0].get_xlim()
    assert left > right
    assert drawn.name == "curve-contest-loss"
    assert page.beside_loss(e, e.aligned.hard).empty  # the made panel has no loss


def test_the_floor_is_drawn_where_there_is_one(made_writeup):
    quiz, contest = made_writeup.evidence[1], made_writeup.evidence[0]
    for e, drawn in ((quiz, True), (contest, False)):
        figure = scores.curve(
            page.rows_of(e, e.aligned.hard), e.aligned.hard, made_writeup.families
        ).figure
        texts = [t.get_text() for t in figure.axes[0].texts]
        assert ("chance" in texts) is drawn


def test_names_beside_a_plot_do_not_lie_on_each_other():
    figure, (axes,) = paper.sheet()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    paper.beside(axes, [(0.5, 0.5 + i / 1000, f"f{i}", "black") for i in range(5)])
    heights = []
    for text in axes.texts:
        y = axes.transData.transform(text.xy)[1] * 72 / figure.dpi + text.xyann[1]
        heights.append(y)
    assert (np.abs(np.diff(sorted(heights))) >= paper.LINE - 1e-6).all()


def test_every_csv_says_what_its_rows_are(made_writeup):
    with paper.paper():
        for drawing in folder.drawings(made_writeup):
            if not drawing.name.startswith("curve"):
                assert isinstance(drawing.data, pd.DataFrame)
                assert drawing.data["kind"].notna().all(), drawing.name
