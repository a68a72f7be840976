"""The answer in words."""

import pytest

from correlate.claims import together
from correlate.panel import Pair
from correlate.senses.result import Verdict
from correlate.writeup import answer
from correlate.writeup.evidence import stream

S, R, M, X = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.MIXED, Verdict.INSUFFICIENT


@pytest.mark.parametrize(
    ("verdicts", "one"),
    [([S, S], S), ([S, X], S), ([R, X, R], R), ([S, R], M), ([S, M], M), ([X, X], X), ([], X)],
)
def test_verdicts_together(verdicts, one):
    assert together(verdicts) is one


def test_answers_divide_by_claim(writeup):
    hard, proof = answer.answers(writeup.evidence)
    assert [e.pair.hard for e in hard.evidence] == ["contest", "quiz"]
    assert [e.pair.hard for e in proof.evidence] == ["lemma"]
    assert hard.cells["rank"].verdict is S
    assert hard.cells["beyond_compute"].verdict is M  # supported for one, refuted for the other
    assert hard.cells["beyond_compute"].tally == "1 of 2 yes"
    assert proof.cells["rank"].tally == "0 of 1 can be told"


def test_the_sentence_says_what_holds_what_does_not_and_what_is_open(writeup):
    hard, proof = answer.answers(writeup.evidence)
    assert hard.sentence.startswith("sums can put models in order")
    assert "it cannot tell models of one family apart at equal compute or carry" in hard.sentence
    assert hard.sentence.endswith("beat an easy task that is no mathematics is open.")
    assert proof.sentence == "Whether sums predicts formal proof cannot be told from these data."
    assert (hard.word, proof.word) == ("Partly", "Cannot be told")


def test_a_refused_number_is_never_printed(writeup):
    lines = answer.verdict_lines(writeup.evidence)
    start = next(i for i, text in enumerate(lines) if "lemma" in text)
    assert len(lines[start + 1 :]) == 7
    assert all("8 are needed" in text and "estimate" not in text for text in lines[start + 1 :])
    table = answer.tests_table(writeup.evidence)
    assert table.loc[table["hard"] == "lemma", "value"].isna().all()


def test_a_pair_keeps_its_random_stream_whatever_stands_beside_it():
    first = stream(3, Pair("a", "b")).random(4)
    assert (first == stream(3, Pair("a", "b")).random(4)).all()
    assert (first != stream(3, Pair("a", "c")).random(4)).all()
    assert (first != stream(4, Pair("a", "b")).random(4)).all()
