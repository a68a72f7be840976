"""The cards: each on data whose answer is known, and what no data can settle."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from correlate import claims
from correlate.cards import curves, training
from correlate.cards.ahead import ahead
from correlate.cards.card import holm, power, rules
from correlate.cards.predicts import predicts
from correlate.cards.task import Task, tasks
from correlate.panel import COLUMNS, Column, Panel
from correlate.scaling.loss_law import LossLaw
from correlate.senses.result import Estimate, Verdict
from correlate.senses.settings import thresholds

S, R, M, X = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.MIXED, Verdict.INSUFFICIENT
LAW = LossLaw(1.0, 60.0, 300.0, 0.35, 0.32, 0.0)


def task(name, y, log_compute, family, **more):
    m = len(y)
    y = np.asarray(y, dtype=float)
    rate = more.pop("rate", True)
    score = 1 / (1 + np.exp(-y)) if rate else -y
    column = Column(
        name, more.pop("band", "reasoning"), score, np.full(m, 1e3), np.full(m, np.nan), 0.0,
        1.0, rate, rate,
    )  # fmt: skip
    sizes = np.exp(0.5 * log_compute)
    return Task(
        column, tuple(f"m{i}" for i in range(m)), more.pop("architecture", ("llama",) * m),
        family, np.arange(m), y, log_compute, more.pop("params", sizes),
        more.pop("tokens", sizes / 6),
    )  # fmt: skip


def ladder(families=10, rungs=6, seed=0):
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(families), rungs)
    log_compute = np.log(1e18) + np.tile(np.linspace(0, 8, rungs), families)
    return rng, family, log_compute + rng.normal(0, 0.1, len(family))


def test_holm_by_hand():
    # 0.01 x 3, then 0.02 x 2 raised to the one before it where smaller, then 0.5 x 1
    assert holm([0.02, 0.01, float("nan"), 0.5]) == pytest.approx(
        [0.04, 0.03, np.nan, 0.5], nan_ok=True
    )


def test_power_by_hand():
    # Fisher's z has standard error 1/sqrt(m - 3): 0.1 for m = 103; effect 0.3 is 3.10 of them
    half = 1.96 * 0.1
    e = Estimate("x", "x", 0.0, float(np.tanh(-half)), float(np.tanh(half)))
    assert power(e, 0.3) == pytest.approx(0.872, abs=0.005)
    assert power(Estimate("x", "x", 0.5), 0.3) is None
    assert power(Estimate("x", "x", 0.5, -1.0, 1.0), 0.3) is None


def test_a_sense_is_open_where_too_few_benchmarks_can_be_told(made_writeup):
    card = next(c for c in made_writeup.cards if c.name == "easy-predicts-hard")
    parts = {p.name: p for p in card.parts}
    assert (parts["rank"].verdict, parts["beyond_compute"].verdict) == (S, M)
    assert parts["specific"].verdict is X
    assert card.verdict is M
    assert set(card.evidence["hard"]) == {"contest", "quiz"}
    proof = next(c for c in made_writeup.cards if c.name == "easy-predicts-proof")
    assert proof.verdict is X


def test_what_does_not_survive_holm_is_not_supported(made_writeup):
    e = made_writeup.evidence[0]
    weak = replace(e.results["rank"], headline=replace(e.results["rank"].headline, p=0.03))
    many = [replace(e, results={**e.results, "rank": weak}) for _ in range(4)]
    rows = predicts("easy-predicts-hard", many).evidence
    rank = rows[rows["sense"] == "rank"]
    assert (rank["p_holm"] > 0.05).all()
    assert (rank["verdict"] == "insufficient").all()
    assert rank["reason"].str.contains("not after Holm").all()


def test_ahead_is_exact_on_a_line_and_short_of_a_line_that_flattens():
    rng, family, c = ladder()
    straight = 0.5 * c
    args = (family, 10, (8, 5), 0.9, 99, rng)
    out = ahead(c, straight + rng.normal(0, 0.05, len(c)), c, *args)
    assert out.coverage > 0.8
    assert abs(out.bias) < 0.1
    middle = np.median(c)
    flat = 0.5 * np.minimum(c, middle)
    short = ahead(c, flat + rng.normal(0, 0.05, len(c)), c, *args)
    assert short.bias < -0.5
    assert short.coverage < 0.3
    near = c[:2] + np.array([0.0, 0.1])
    assert ahead(near, near, near, np.arange(2), 10, (1, 1), 0.9, 99, rng) is None


@pytest.mark.parametrize(
    ("kink", "noise", "verdict"), [(0.0, 0.1, S), (-0.6, 0.1, R), (0.0, 3.0, X)]
)
def test_no_break_is_said_only_where_one_would_have_been_seen(kink, noise, verdict):
    rng, family, c = ladder(families=12)
    x = c - c.mean()
    y = 0.6 * x + kink * np.maximum(x, 0) + rng.normal(0, noise, len(x))
    card = curves.no_break([task("a", y, c, family)], 199, rng)
    assert card.verdict is verdict
    assert len(card.evidence) == 1
    assert card.power == card.evidence["power"][0]
    if verdict is not R:
        assert (card.power >= thresholds().refusal.min_power) == (verdict is S)


def test_keeps_improving_asks_for_a_rise_that_was_foreseen():
    rng, family, c = ladder()
    x = c - c.mean()
    noise = rng.normal(0, 0.1, len(x))
    rising = curves.keeps_improving([task("a", 0.6 * x + noise, c, family)], 199, rng)
    assert rising.verdict is S
    humped = task("b", np.where(x < 0, x, -2 * x) + noise, c, family)
    falling = curves.keeps_improving([humped], 199, rng)
    assert falling.verdict is R


def lossy(seed=0):
    rng, family, c = ladder(seed=seed)
    sizes = np.exp(0.5 * c) * np.exp(rng.normal(0, 0.5, len(c)))
    tokens = np.exp(c) / 6 / sizes
    loss = LAW.loss(sizes, tokens)
    text = task("text", -loss, c, family, rate=False, band="loss", params=sizes, tokens=tokens)
    return rng, family, c, loss, text


def test_loss_law_is_found_and_a_loss_without_law_is_not():
    rng, family, c, loss, text = lossy()
    card, law = training.loss_law_card([text], rng)
    assert card.verdict is S
    assert law.alpha == pytest.approx(LAW.alpha, abs=0.05)
    shuffled = rng.permutation(loss)
    none = task("text", -shuffled, c, family, rate=False, band="loss",
                params=text.params, tokens=text.tokens)  # fmt: skip
    assert training.loss_law_card([none], rng)[0].verdict is not S
    assert training.loss_law_card([], rng)[0].verdict is X


def test_a_perplexity_is_no_loss_in_bits_or_nats():
    rng, *_, text = lossy()
    card, law = training.loss_law_card([replace(text, metric="ppl")], rng)
    assert (card.verdict, law) == (X, None)
    assert "no loss in bits or nats" in card.reason
    assert training.loss_of([replace(text, metric="bits_per_byte")]) is not None


def test_a_fit_at_its_bound_is_said_and_is_no_law():
    rng, family, c, _, text = lossy()
    cliff = 2 + 1e3 / (text.tokens / text.tokens.min()) ** 8
    steep = task("text", -cliff, c, family, rate=False, band="loss",
                 params=text.params, tokens=text.tokens)  # fmt: skip
    card, law = training.loss_law_card([steep], rng)
    assert (card.verdict, law) == (X, None)
    assert "stops at a bound" in card.reason


def test_loss_lifts_tasks_counts_tasks():
    rng, family, c, loss, text = lossy()
    follows = [
        task(f"t{i}", 3 - 2 * loss + rng.normal(0, 0.2, len(loss)), c, family) for i in range(4)
    ]
    apart = [task(f"n{i}", rng.normal(0, 0.5, len(loss)), c, family) for i in range(4)]
    assert training.loss_lifts_tasks([text, *follows], 999, rng).verdict is S
    assert training.loss_lifts_tasks([text, *apart], 999, rng).verdict is R
    assert training.loss_lifts_tasks([text, *apart, *follows], 999, rng).verdict is M
    assert training.loss_lifts_tasks([text, *follows[:2]], 999, rng).verdict is X
    assert training.loss_lifts_tasks(follows, 999, rng).verdict is X


def models(ratio, families=12):
    rows = [
        {"family": f"f{f}", "model": f"f{f}-{i}", "benchmark": "b", "score": 0.5,
         "params": 7e9 * (i + 1), "tokens": ratio * 7e9 * (i + 1)}
        for f in range(families) for i in range(2)
    ]  # fmt: skip
    return Panel(pd.DataFrame(rows).reindex(columns=list(COLUMNS)), "made")


def test_under_trained_is_a_matter_of_tokens_per_parameter():
    rng = np.random.default_rng(0)
    assert training.under_trained(models(5.0), None, 199, rng).verdict is S
    assert training.under_trained(models(200.0), None, 199, rng).verdict is R
    few = training.under_trained(models(5.0, families=3), None, 199, rng)
    assert few.verdict is X


def test_architecture_needs_families_of_both():
    rng, family, c = ladder(families=12)
    kinds = tuple(np.where(family % 2, "mamba", "llama"))
    y = 0.5 * (c - c.mean()) + rng.normal(0, 0.1, len(c))
    same = curves_of(y, c, family, kinds)
    apart = curves_of(y + (family % 2), c, family, kinds)
    assert training.architecture([same], 199, rng).verdict is R
    assert training.architecture([apart], 199, rng).verdict is S
    one = task("a", y, c, family)
    assert training.architecture([one], 199, rng).verdict is X


def curves_of(y, c, family, kinds):
    return task("a", y, c, family, architecture=kinds)


def test_nine_cards_in_the_order_of_the_thresholds(made_writeup):
    assert [c.name for c in made_writeup.cards] == list(rules())
    assert len(made_writeup.cards) == 9
    assert all(c.reason and c.change for c in made_writeup.cards)


def test_one_seed_gives_one_answer(made_panel, made_writeup):
    again = claims.cards(made_panel, made_writeup.evidence, 0, 199)
    assert [(c.verdict, c.reason) for c in again] == [
        (c.verdict, c.reason) for c in made_writeup.cards
    ]


def test_each_verdict_can_be_traced_to_rows(made_writeup):
    for card in made_writeup.cards:
        if card.verdict is not X:
            assert len(card.evidence)


def test_tasks_come_once_each(made_writeup):
    names = [t.name for t in tasks(made_writeup.evidence)]
    assert sorted(names) == ["contest", "lemma", "quiz", "sums", "tale"]


def test_moving_a_threshold_moves_the_hash(tmp_path):
    text = claims.THRESHOLDS.read_text()
    moved = tmp_path / "claims.yaml"
    moved.write_text(text.replace("share: 0.5", "share: 0.4"))
    assert moved.read_text() != text
    assert claims.thresholds_hash(moved) != claims.thresholds_hash()
