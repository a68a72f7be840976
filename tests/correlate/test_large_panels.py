"""Above a stated number of rungs a pair gets fewer replicates and says so; below it, everything."""

import json
from dataclasses import replace

import numpy as np
import pytest

from correlate import battery
from correlate.panel import Pair
from correlate.senses.sample import prepare
from correlate.simulate import World, aligned

ASKED = battery.Settings(replicates=3_000, refits=150)


@pytest.fixture(scope="module")
def sample():
    world = World(families=60, rungs=(2, 6), family_effect=0.4, rung_effect=0.4)
    return prepare(aligned(world, np.random.default_rng(2)), ASKED)


def text(sample, settings) -> str:
    found = battery.run_sample(sample, np.random.default_rng(0), settings)
    return json.dumps(battery.as_json(Pair("easy", "hard", "placebo"), found))


def test_up_to_the_size_the_bytes_do_not_change(sample):
    at = replace(ASKED, full_up_to=sample.m)
    assert at.for_rungs(sample.m) is at
    assert text(sample, at) == text(sample, ASKED)


def test_beyond_the_size_less_is_done_and_the_result_says_what(sample):
    small = replace(ASKED, full_up_to=sample.m // 2)
    used = small.for_rungs(sample.m)
    assert (used.folds, used.race_refits, used.refits) == (10, 100, 150)
    assert used.replicates == round(3_000 * (sample.m // 2) / sample.m)
    said = json.loads(text(sample, small))["warnings"]
    assert (
        f"{sample.m} rungs, more than {sample.m // 2}: {used.replicates:,} of 3,000 replicates; "
        "where predictors are compared, 100 of 150 refits under each link and families left out "
        "in 10 groups"
    ) in said
    assert text(sample, small) == text(sample, small)


def test_work_falls_with_the_rungs_but_not_below_the_least():
    settings = battery.Settings()
    sizes = (500, 1_000, 5_000, 50_000)
    assert [settings.for_rungs(m).replicates for m in sizes] == [10_000, 5_000, 1_000, 1_000]
    assert [settings.for_rungs(m).race_refits for m in sizes] == [1_000, 500, 100, 100]
    assert replace(settings, replicates=500, refits=50).for_rungs(5_000).replicates == 500
    assert replace(settings, replicates=500, refits=50).for_rungs(5_000).race_refits == 50
    assert {settings.for_rungs(m).refits for m in sizes} == {1_000}


def test_fewer_replicates_leave_values_and_move_ends_by_little(sample):
    """1,000 replicates: a half-width known to 3 %, one standard error; four of them asked here."""
    whole, fewer = (
        battery.run_sample(sample, np.random.default_rng(0), s)
        for s in (replace(ASKED, replicates=10_000), replace(ASKED, replicates=1_000))
    )
    for sense in ("rank", "beyond_compute", "within_family", "gains", "specific"):
        a, b = whole[sense].headline, fewer[sense].headline
        assert b.value == a.value
        assert b.high - b.low == pytest.approx(a.high - a.low, rel=0.12)
