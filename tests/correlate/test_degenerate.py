"""Degenerate panels: a stated verdict or one line, never a warning beside a number."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from correlate import battery
from correlate.cli import app
from correlate.errors import InputError
from correlate.panel import COLUMNS, Pair, Panel
from correlate.senses.result import Verdict

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
QUICK = battery.Settings(replicates=200, refits=100)
PAIR = Pair("easy", "hard")
DRAWN = np.random.default_rng(1)
COMPUTE = np.exp(DRAWN.normal(50, 2, 24))
NOISE = DRAWN.normal(0, 0.05, 24)
RISING = np.linspace(0.2, 0.8, 24)
EIGHT = tuple(f"f{i % 8}" for i in range(24))


def table(easy, hard, families=EIGHT, **more) -> pd.DataFrame:
    m = len(easy)
    rungs = pd.DataFrame({"model": [f"m{i}" for i in range(m)], "family": list(families)})
    rungs = rungs.assign(**{"flops": COMPUTE[:m], "metric": "acc", "n": 500.0, **more})
    easy, hard = (
        rungs.assign(benchmark=b, score=s, band=band)
        for b, s, band in (("easy", easy, "grade-school"), ("hard", hard, "reasoning"))
    )
    return pd.concat([easy, hard], ignore_index=True).reindex(columns=list(COLUMNS))


def answers(easy, hard, families=EIGHT, **more):
    made = Panel(table(easy, hard, families, **more), "made")
    return battery.run(made, PAIR, np.random.default_rng(0), QUICK)


def numbers(found) -> list[float]:
    shown = [e for r in found.values() for e in r.estimates]
    return [v for e in shown for v in (e.value, e.low, e.high) if v is not None]


@pytest.mark.parametrize("hard", [RISING, 1 - RISING], ids=["plus one", "minus one"])
def test_a_correlation_of_exactly_one_is_one_score_under_two_names(hard):
    for result in answers(RISING, hard).values():
        assert result.verdict is Verdict.INSUFFICIENT
        assert result.estimates == ()
    assert "gives hard exactly" in answers(RISING, hard)["rank"].reason


def test_a_perfect_order_is_shown_as_such():
    rank = answers(RISING, RISING**3)["rank"]
    assert rank.verdict is Verdict.SUPPORTED
    assert (rank.headline.value, rank.headline.low, rank.headline.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "case",
    [
        {"hard": (RISING > 0.5).astype(float)},  # perfect separation
        {"hard": np.r_[np.full(23, 0.5), 0.6]},
        {"hard": NOISE + 0.5, "families": [f"f{i}" for i in range(24)]},  # lone rungs
        {"hard": NOISE + 0.5, "flops": np.where(np.arange(24) % 2, 1e21, 1e22)},
        {"hard": NOISE + 0.5, "flops": np.full(24, 1e21)},
        {"hard": NOISE + 0.5, "flops": np.exp(np.log(RISING / (1 - RISING)) + 50)},
        {"hard": np.where(np.arange(24) < 20, RISING, np.nan)},
        {"hard": np.r_[np.zeros(18), RISING[18:]]},
    ],
    ids=["separation", "one differs", "lone rungs", "two computes", "one compute",
         "easy is compute", "some missing", "floor"],
)  # fmt: skip
def test_numbers_that_are_shown_are_finite_and_the_rest_is_refused_with_a_reason(case):
    found = answers(RISING, **case)
    assert np.isfinite(numbers(found)).all()
    for result in found.values():
        assert result.reason
        if result.headline is None:
            assert result.verdict is Verdict.INSUFFICIENT
            assert result.estimates == ()
    json.dumps(battery.as_json(PAIR, found), allow_nan=False)


def test_bits_per_byte_enter_as_they_are_lower_is_better():
    easy, hard = 1.5 - RISING, 2 - RISING + NOISE
    bits = {"metric": "bits_per_byte", "n": np.nan}
    found = answers(easy, hard, **bits)
    got = battery.as_json(PAIR, found)
    # No logit: both Pearson correlations are the plain one, and a lower loss is a higher rank.
    plain = np.corrcoef(easy, hard)[0, 1]
    assert got["pearson_raw"] == pytest.approx(plain, abs=1e-6)
    assert got["pearson_logit"] == pytest.approx(plain, abs=1e-6)
    links = set(found["extrapolates"].tables["holdout"]["link"])
    assert links == {"linear", "isotonic"}
    mixed = table(easy, RISING + NOISE).assign(
        metric=["bits_per_byte"] * 24 + ["acc"] * 24, n=[np.nan] * 24 + [500.0] * 24
    )
    found = battery.run(Panel(mixed, "mixed"), PAIR, np.random.default_rng(0), QUICK)
    assert found["rank"].headline.value > 0.9  # the loss falls as the rate rises
    assert battery.as_json(PAIR, found)["pearson_raw"] > 0.9


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ({"easy": np.full(24, 0.5)}, "nothing varies"),
        ({"easy": RISING[:2], "hard": RISING[:2], "families": ["a", "b"]}, "2 rungs"),
        ({"families": ["a"] * 24}, "1 of the 8 families"),
        ({"easy": np.zeros(24), "hard": np.zeros(24)}, "insufficient"),
        ({"n": 0}, "n"),
        ({"hard": np.full(24, np.nan)}, ""),
    ],
    ids=["constant", "two models", "one family", "all zeros", "no items", "all missing"],
)
def test_pair_says_so_on_the_command_line(case, says, tmp_path):
    made = table(**{"easy": RISING, "hard": RISING + NOISE, **case})
    file = tmp_path / "scores.csv"
    made.to_csv(file, index=False)
    asked = ["pair", str(file), "--easy", "easy", "--hard", "hard", "--replicates", "200"]
    done = CliRunner().invoke(app, [*asked, "--json"])
    if done.exit_code:
        assert isinstance(done.exception, InputError)
        assert "\n" not in str(done.exception)
        return
    got = json.loads(done.stdout[done.stdout.index("{") :])
    assert set(got["verdicts"].values()) == {"insufficient"}
    assert got["spearman"] is None
    assert says in "; ".join([*got["reasons"].values(), *got["verdicts"].values()])
