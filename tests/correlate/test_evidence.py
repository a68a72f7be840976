"""Pairs tested side by side in processes give the bytes of pairs tested one after the other."""

import json

from correlate import battery, evidence
from correlate.pairs import Question
from correlate.panel import Pair
from correlate.protocols import choose


def test_same_seed_same_bytes_whatever_the_workers(made_panel):
    asked = [Question(Pair("sums", hard, "tale")) for hard in ("contest", "quiz")]
    settings = battery.Settings(replicates=100, refits=50, checks=False)

    def text(seed: int, workers: int) -> str:
        found = evidence.gather_each(made_panel, asked, seed, choose, settings, workers)
        return json.dumps([battery.as_json(e.pair, e.results) for e in found])

    alone = text(3, 1)
    assert text(3, 2) == alone
    assert text(4, 1) != alone


def test_the_first_pair_keeps_every_benchmark_and_the_others_their_own(made_panel):
    asked = [Question(Pair("sums", hard, "tale")) for hard in ("contest", "quiz")]
    settings = battery.Settings(replicates=100, refits=50, checks=False)
    first, second = evidence.gather_each(made_panel, asked, 0, choose, settings, 1)
    assert set(first.rows["benchmark"]) == set(made_panel.benchmarks)
    assert set(second.rows["benchmark"]) == {"sums", "quiz", "tale"}
