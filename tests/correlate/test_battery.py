"""The battery as a whole: its order, its refusals, one seed one answer."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from correlate import battery
from correlate.errors import InputError
from correlate.panel import COLUMNS, Pair, Panel
from correlate.senses.result import Verdict
from correlate.senses.sample import prepare
from correlate.simulate import World, aligned

QUICK = battery.Settings(replicates=300, refits=200)
PAIR = Pair("easy", "hard")


def panel(easy, hard, families, flops=None, **more) -> Panel:
    """A panel of two benchmarks with 500 items each."""
    m = len(easy)
    flops = np.logspace(20, 24, m) if flops is None else flops
    rungs = pd.DataFrame({"model": [f"m{i}" for i in range(m)], "family": families, "flops": flops})
    rungs = rungs.assign(**{"band": "reasoning", "metric": "acc", "n": 500, **more})
    long = pd.concat(
        [rungs.assign(benchmark="easy", score=easy), rungs.assign(benchmark="hard", score=hard)]
    )
    return Panel(long.reindex(columns=list(COLUMNS)), "made")


def simulated(**world) -> dict:
    drawn = aligned(replace(World(), **world), np.random.default_rng(5))
    return battery.run_sample(prepare(drawn, QUICK), np.random.default_rng(0), QUICK)


def test_senses_come_in_the_order_of_the_study():
    assert list(simulated()) == [
        "rank", "calibrated", "beyond_compute", "within_family", "gains", "extrapolates",
        "specific",
    ]  # fmt: skip


def test_one_seed_one_answer():
    sample = prepare(aligned(World(), np.random.default_rng(5)), QUICK)
    texts = [
        json.dumps(
            battery.as_json(PAIR, battery.run_sample(sample, np.random.default_rng(s), QUICK))
        )
        for s in (7, 7, 8)
    ]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


def test_a_strong_relation_is_found_in_every_sense():
    found = simulated(families=40, rungs=(3, 6), family_effect=0.95, rung_effect=0.95)
    verdicts = {name: r.verdict for name, r in found.items()}
    assert set(verdicts.values()) == {Verdict.SUPPORTED}, verdicts


def test_json_has_the_keys_scripts_rely_on():
    got = battery.as_json(PAIR, simulated())
    assert {
        "easy", "hard", "n_models", "n_families", "pearson_raw", "pearson_logit", "spearman",
        "spearman_ci", "partial_given_compute", "partial_given_compute_ci", "within_family",
        "within_family_given_compute", "gains_slope", "gains_slope_ci", "verdicts",
    } <= set(got)  # fmt: skip
    assert list(got["verdicts"]) == list(battery.SENSES)


def refused_everywhere(found) -> None:
    for result in found.values():
        assert result.verdict is Verdict.INSUFFICIENT
        assert result.headline is None
        assert result.estimates == ()


rising = np.linspace(0.2, 0.8, 24)
eight = [f"f{i % 8}" for i in range(24)]
DEGENERATE = {
    "constant easy": (np.full(24, 0.5), rising, eight),
    "constant hard": (rising, np.full(24, 0.5), eight),
    "all zeros": (np.zeros(24), np.zeros(24), eight),
    "two models": (rising[:2], rising[:2], ["a", "b"]),
    "one family": (rising, rising, ["a"] * 24),
    "nothing in common": (np.where(np.arange(24) < 12, rising, np.nan),
                          np.where(np.arange(24) < 12, np.nan, rising), eight),
}  # fmt: skip


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_degenerate_panels_are_refused_without_a_number(case):
    found = battery.run(panel(*DEGENERATE[case]), PAIR, np.random.default_rng(0), QUICK)
    if case == "one family":  # one family answers no claim, within-family ones included
        assert found["within_family"].reason.startswith("1 of the 4 families")
    refused_everywhere(found)


def test_four_models_are_refused_as_in_the_minif2f_case():
    # The shape of Code Llama and Llemma, 7B and 34B: two families of two, 244 proofs.
    four = panel([0.10, 0.29, 0.36, 0.52], [0.20, 0.22, 0.26, 0.26], ["c", "c", "l", "l"])
    found = battery.run(four, PAIR, np.random.default_rng(0), QUICK)
    refused_everywhere(found)
    got = battery.as_json(PAIR, found)
    assert got["spearman"] is None
    assert got["spearman_ci"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [({"n": 0}, "n = 0"), ({"score": 41.0}, "must lie between 0 and 1")],
)
def test_scores_that_are_no_scores_are_errors(change, message):
    made = panel(rising, rising, eight)
    broken = replace(made, scores=made.scores.assign(**change))
    with pytest.raises(InputError, match=message):
        battery.run(broken, PAIR, np.random.default_rng(0), QUICK)


def test_unknown_compute_leaves_rank_and_refuses_what_needs_it():
    found = battery.run(
        panel(rising, rising[np.arange(24) ^ 1], eight, flops=np.full(24, np.nan)), PAIR,
        np.random.default_rng(0), QUICK,
    )  # fmt: skip
    assert found["rank"].headline is not None
    for name in ("beyond_compute", "within_family", "gains", "extrapolates"):
        assert found[name].verdict is Verdict.INSUFFICIENT
        assert found[name].headline is None
