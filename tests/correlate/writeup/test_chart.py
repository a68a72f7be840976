"""Geometry of the page's charts."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlate.writeup import chart, forest, plots


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_are_round_few_and_inside(low, width):
    high = low + width
    ticks = chart.steps(low, high)
    assert 1 <= len(ticks) <= 7
    slack = 1e-6 * width + 1e-9
    assert all(low - slack <= t <= high + slack for t in ticks)
    if len(ticks) > 1:
        step = ticks[1] - ticks[0]
        assert np.isclose(step / 10 ** np.floor(np.log10(step * 1.0001)), [1, 2, 5]).any()


def test_a_scale_maps_its_ends():
    up = chart.Scale(0, 1, 260, 12)
    assert (up(0), up(1), up(0.5)) == (260, 12, 136)


def test_labels_do_not_lie_on_each_other():
    labels = [chart.Label(50, 20 + i, "family") for i in range(4)]
    placed = chart.spread(labels, gap=11, high=45)
    ys = [label.y for label in placed]
    assert len(placed) == 3  # the fourth has no room left
    assert all(b - a >= 11 for a, b in pairwise(ys))


def test_radius_grows_with_compute_and_is_smallest_where_unknown():
    r = chart.radii(np.array([1.0, 2.0, 3.0, np.nan]))
    assert r[0] < r[1] < r[2]
    assert r[3] == r[0]


def test_scatter_puts_each_model_where_its_scores_are(made_writeup):
    e = made_writeup.evidence[0]
    drawn = plots.scatter(e, made_writeup.families)
    assert len(drawn.dots) == e.aligned.m == 40
    assert sum(d.hollow for d in drawn.dots) == 4  # the family of unknown compute
    by_easy = sorted(drawn.dots, key=lambda d: d.tip)
    order = np.argsort(e.aligned.models)
    xs = np.array([d.x for d in by_easy])
    assert np.corrcoef(xs, e.aligned.easy.score[order])[0, 1] == pytest.approx(1, abs=1e-4)
    tip = next(d.tip for d in drawn.dots if d.tip.startswith("fam-3-2"))
    assert "n 200" in tip
    assert "exact_match, self, sheet.csv#L3" in tip


def test_curve_counts_models_of_unknown_compute(made_writeup):
    e = made_writeup.evidence[0]
    rows = e.rows[e.rows["benchmark"] == "contest"]
    drawn = plots.curve(rows, e.aligned.hard, made_writeup.families)
    assert len(drawn.dots) == 36
    assert drawn.notes == ("4 models of unknown training compute are not shown",)
    assert sum(p.kind == "join" for p in drawn.paths) == 9


def test_forest_draws_no_refused_number(made_writeup):
    drawn = forest.forest(made_writeup.evidence)
    assert len(drawn.dots) == 6  # three senses for contest and quiz, none for lemma
    assert not any("lemma" in d.tip for d in drawn.dots)
