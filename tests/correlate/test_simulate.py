"""The simulator draws what it says, and calibration and power report what they counted."""

from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from correlate import battery, calibration, caveats
from correlate.caveats import Shape, caveat, failing
from correlate.cli import app
from correlate.panel import Pair
from correlate.senses.sample import prepare
from correlate.senses.settings import Settings
from correlate.simulate import World, aligned
from correlate.stats import controls, noise
from correlate.writeup.calibration import readme


def left_after_compute(world: World, seed: int) -> tuple[np.ndarray, np.ndarray]:
    sample = prepare(aligned(world, np.random.default_rng(seed)), Settings())
    basis = np.column_stack([np.ones(sample.m), controls.smooth(sample.log_compute)])
    return noise.residuals(sample.x, basis), noise.residuals(sample.y, basis)


def test_null_world_shares_compute_and_nothing_else():
    world = World(families=3000)
    sample = prepare(aligned(world, np.random.default_rng(1)), Settings())
    assert np.corrcoef(sample.x, sample.y)[0, 1] > 0.4
    x, y = left_after_compute(world, 1)
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.0, abs=0.04)


def test_effect_is_the_correlation_beyond_compute():
    # Many items and no floor: what is left is offsets and deviations alone.
    clean = World(
        families=3000, items=(100_000,) * 3, intercept=(1.0, 0.5, 0.5), family_effect=0.6,
        rung_effect=0.6,
    )  # fmt: skip
    x, y = left_after_compute(clean, 2)
    assert np.corrcoef(x, y)[0, 1] == pytest.approx(0.6, abs=0.04)


def test_a_straight_line_leaves_the_bend_that_the_smooth_curve_takes():
    bent = next(c for c in calibration.configs() if c.name == "null, sharp bend").world
    sample = prepare(aligned(replace(bent, families=2000), np.random.default_rng(3)), Settings())
    one = np.ones((sample.m, 1))
    found = {}
    for name, basis in (
        ("line", controls.linear(sample.log_compute)),
        ("curve", controls.smooth(sample.log_compute)),
    ):
        held = np.column_stack([one, basis])
        left = [noise.residuals(v, held) for v in (sample.x, sample.y)]
        found[name] = np.corrcoef(*left)[0, 1]
    assert found["line"] > 0.1
    assert abs(found["curve"]) < 0.04


def test_checkpoints_of_a_run_are_alike_and_stay_in_their_family():
    drawn = aligned(World(families=200, checkpoints=4), np.random.default_rng(0))
    assert drawn.m == 4 * len(set(drawn.run))
    for run in range(5):
        assert len(set(drawn.family[drawn.run == run])) == 1


def test_calibration_counts_rejections_and_coverage_by_hand():
    rows = [
        [("rank", "spearman", 0.5, 0.2, 0.7, 0.01)],  # rejects, covers 0.4
        [("rank", "spearman", 0.1, -0.2, 0.3, 0.40)],  # neither
        [],  # refused
    ]
    table = calibration.summarise(calibration.configs()[0], rows, {"spearman": 0.4})
    only = table.iloc[0]
    assert (only["panels"], only["answered"]) == (3, 2)
    assert (only["rejects"], only["covers"]) == (0.5, 0.5)


def test_calibrate_writes_tables_once_and_the_same_whatever_the_workers(tmp_path):
    asked = ["calibrate", "--panels", "2", "--only", "family offsets", "--out"]
    for name, workers in (("a", "1"), ("b", "2")):
        done = CliRunner().invoke(app, [*asked, str(tmp_path / name), "--workers", workers])
        assert done.exit_code == 0, done.output
    file = next(c.file for c in calibration.configs() if c.name.startswith("family offsets"))
    first = (tmp_path / "a" / file).read_bytes()
    assert first == (tmp_path / "b" / file).read_bytes()
    assert "family offsets shared only" in readme(tmp_path / "a")
    assert failing(tmp_path / "a").empty  # no world named null was run


def test_the_world_called_null_is_no_missing_value(tmp_path):
    config = calibration.configs()[0]
    rows = [[("gains", caveats.DECIDES["gains"], 1.0, 0.5, 1.5, 0.01)]] * 4
    calibration.summarise(config, rows, {}).to_csv(tmp_path / config.file, index=False)
    (said,) = failing(tmp_path)["said"]
    assert said == "rejects 100.0 %"
    said = readme(tmp_path)
    assert "| null" in said
    assert "- null, 10 families" not in said
    assert "- null, 40 families" in said


def recorded(folder, world, families, rejects, sense="gains"):
    """A calibration table with one line, as ``calibrate`` writes it."""
    config = next(
        c for c in calibration.configs()
        if c.name == world and c.world.families == families and c.interval == "student"
    )  # fmt: skip
    inside = (0.2, 0.3)  # an interval that rejects zero
    rows = [
        [(sense, caveats.DECIDES[sense], 0.1, *(inside if i < rejects else (-0.1, 0.3)), 0.5)]
        for i in range(100)
    ]
    calibration.summarise(config, rows, {}).to_csv(folder / config.file, index=False)


def test_a_verdict_carries_a_note_where_its_calibration_fails(tmp_path):
    recorded(tmp_path, "null", 10, 9)
    recorded(tmp_path, "null", 20, 5)
    recorded(tmp_path, "null, checkpoints", 20, 1)

    def note(families, floors=False, checkpoints=False, sense="gains"):
        return caveat(sense, Shape(families, floors, checkpoints), tmp_path)

    assert "'null', 10 families) this test rejects 9.0 %" in note(11)
    assert note(18) == ""
    assert note(500) == ""
    assert "'null, checkpoints', 20 families) this test rejects 1.0 %" in note(9, checkpoints=True)
    assert "rejects 1.0 %" in note(9, floors=True, checkpoints=True)  # neither has been run alone
    assert note(11, floors=True) == ""
    assert note(11, sense="specific") == ""


def test_the_battery_marks_what_it_shows_and_nothing_else(tmp_path, monkeypatch):
    recorded(tmp_path, "null", 20, 9)
    monkeypatch.setattr(caveats, "RECORD", tmp_path)
    settings = Settings().quick(99)
    drawn = prepare(aligned(World(), np.random.default_rng(5)), settings)
    found = battery.run_sample(drawn, np.random.default_rng(0), settings)
    got = battery.as_json(Pair("easy", "hard", "placebo"), found)
    assert list(got["calibration"]) == ["gains"]
    assert "rejects 9.0 %" in found["gains"].calibration
    few = prepare(aligned(World(families=3), np.random.default_rng(5)), settings)
    refused = battery.run_sample(few, np.random.default_rng(0), settings)
    assert not any(r.calibration for r in refused.values() if r.headline is None)


def test_power_grows_with_the_effect():
    from correlate.power import Design, power

    weak, strong = (power(Design(12, 4, 500, e), 10, 0, 1) for e in (0.0, 0.9))
    by_sense = [t.set_index("sense")["power"] for t in (weak, strong)]
    for sense in ("beyond_compute", "within_family", "gains"):
        assert by_sense[1][sense] >= 0.8 > by_sense[0][sense]
