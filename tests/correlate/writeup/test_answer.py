"""The answer in words."""

import pytest

from correlate.cards.card import together
from correlate.evidence import stream
from correlate.panel import Pair
from correlate.senses.result import Verdict
from correlate.writeup import answer

S, R, M, X = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.MIXED, Verdict.INSUFFICIENT


@pytest.mark.parametrize(
    ("verdicts", "one"),
    [([S, S], S), ([S, X], S), ([R, X, R], R), ([S, R], M), ([S, M], M), ([X, X], X), ([], X)],
)
def test_verdicts_together(verdicts, one):
    assert together(verdicts) is one


def test_answers_divide_by_claim(made_writeup):
    hard, proof = answer.answers(made_writeup.cards, made_writeup.evidence)
    assert [(a.about, a.cells["rank"].of) for a in (hard, proof)] == [
        ("harder reasoning", 2),
        ("formal proof", 1),
    ]
    assert hard.cells["rank"].verdict is S
    assert hard.cells["beyond_compute"].verdict is M  # supported for one, refuted for the other
    assert answer.tally(hard.cells["beyond_compute"]) == "1 of 2 yes"
    assert answer.tally(proof.cells["rank"]) == "0 of 1 can be told"


def test_the_sentence_says_what_holds_what_does_not_and_what_is_open(made_writeup):
    hard, proof = answer.answers(made_writeup.cards, made_writeup.evidence)
    assert hard.sentence.startswith("sums can put models in order")
    assert "it cannot tell models of one family apart at equal compute or carry" in hard.sentence
    assert hard.sentence.endswith("beat an easy task that is no mathematics is open.")
    assert proof.sentence == "Whether sums predicts formal proof cannot be told from these data."
    assert (hard.word, proof.word) == ("Partly", "Cannot be told")


def test_a_refused_number_is_never_printed(made_writeup):
    lines = answer.verdict_lines(made_writeup.evidence)
    start = next(i for i, text in enumerate(lines) if "lemma" in text)
    assert len(lines[start + 1 :]) == 7
    assert all("8 are needed" in text and "estimate" not in text for text in lines[start + 1 :])
    table = answer.tests_table(made_writeup.evidence)
    assert table.loc[table["hard"] == "lemma", "value"].isna().all()


def test_a_pair_keeps_its_random_stream_whatever_stands_beside_it():
    first = stream(3, Pair("a", "b")).random(4)
    assert (first == stream(3, Pair("a", "b")).random(4)).all()
    assert (first != stream(3, Pair("a", "c")).random(4)).all()
    assert (first != stream(4, Pair("a", "b")).random(4)).all()
