"""One family with checkpoints: claims within it are resampled by training run, others refused."""

from dataclasses import replace

import numpy as np
import pytest

from correlate import battery
from correlate.senses.gains import gains
from correlate.senses.result import Verdict
from correlate.senses.sample import by_run, prepare
from correlate.senses.settings import Settings
from correlate.senses.within_family import within_family
from correlate.simulate import World, aligned
from correlate.stats import controls

SETTINGS = Settings().quick(399)
EIGHT_RUNS = World(families=1, rungs=(8, 8), checkpoints=6)
WITHIN = {"within_family": within_family, "gains": gains}


def drawn(world: World, seed: int):
    return prepare(aligned(world, np.random.default_rng([1, seed])), SETTINGS)


@pytest.mark.parametrize("name", WITHIN)
def test_null_is_rejected_as_often_as_the_level_says(name):
    excluded = []
    for seed in range(200):
        found = WITHIN[name](drawn(EIGHT_RUNS, seed), np.random.default_rng(seed), SETTINGS)
        excluded.append(not found.headline.low <= 0 <= found.headline.high)
    # 200 draws at 5 %: more than 20 has a probability of 0.001
    assert np.sum(excluded) <= 20


@pytest.mark.parametrize("name", WITHIN)
def test_an_effect_is_found(name):
    strong = replace(EIGHT_RUNS, checkpoints=20, rung_effect=0.8)
    found = [
        WITHIN[name](drawn(strong, seed), np.random.default_rng(seed), SETTINGS)
        for seed in range(20)
    ]
    assert sum(f.verdict is Verdict.SUPPORTED for f in found) >= 15
    assert all("about this family alone" in " ".join(f.warnings) for f in found)


def test_the_estimate_is_the_partial_correlation_in_the_family():
    sample = drawn(EIGHT_RUNS, 3)
    design = np.column_stack([np.ones(sample.m), controls.smooth(sample.log_compute)])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (sample.x, sample.y)]
    found = within_family(sample, np.random.default_rng(0), SETTINGS)
    assert found.headline.value == pytest.approx(np.corrcoef(*left)[0, 1])


def test_gains_stay_inside_a_run():
    sample = drawn(EIGHT_RUNS, 0)
    found = gains(sample, np.random.default_rng(0), SETTINGS)
    assert found.reason.endswith(f"{8 * (6 - 1)} steps")


@pytest.mark.parametrize(
    "world",
    [
        replace(EIGHT_RUNS, rungs=(7, 7)),  # a run short
        replace(EIGHT_RUNS, checkpoints=1),  # sizes alone: no run has two rungs
    ],
)
def test_too_few_runs_are_refused(world):
    sample = drawn(world, 0)
    assert not by_run(sample, SETTINGS)
    for sense in WITHIN.values():
        found = sense(sample, np.random.default_rng(0), SETTINGS)
        assert (found.verdict, found.headline) == (Verdict.INSUFFICIENT, None)
        assert "1 of the 4 families" in found.reason
        assert "8 training runs" in found.reason


def test_enough_families_are_resampled_as_before():
    assert not by_run(drawn(World(families=4, rungs=(3, 3), checkpoints=3), 0), SETTINGS)


def test_nothing_is_said_across_families():
    found = battery.run_sample(drawn(EIGHT_RUNS, 0), np.random.default_rng(0), SETTINGS)
    for name in ("rank", "calibrated", "beyond_compute", "extrapolates"):
        assert found[name].verdict is Verdict.INSUFFICIENT
        assert found[name].reason.startswith("1 of the 8 families asked for")
