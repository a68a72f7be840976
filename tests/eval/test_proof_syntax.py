"""Coq's lexical syntax, taken apart before Coq sees it."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.proofs.syntax import Malformed, sentences, tokens


def texts(source: str) -> list[str]:
    return [sentence.text for sentence in sentences(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("intros. ring. Qed.", ["intros.", "ring.", "Qed."]),
        ("apply Nat.add_comm.", ["apply Nat.add_comm."]),
        ("exact 1.5. Qed.", ["exact 1.5.", "Qed."]),
        ("rewrite (ltnS n.+1). by [].", ["rewrite (ltnS n.+1).", "by []."]),
        ("- split. + auto. ** tauto.", ["-", "split.", "+", "auto.", "**", "tauto."]),
        ("{ auto. } 2: { lia. }", ["{", "auto.", "}", "2: {", "lia.", "}"]),
        ("a (* b. (* c. *) d. *) b.", ["a b."]),
        ('a (* "*)" still a comment *) b.', ["a b."]),
        ('unfold "a.b ""c"". (*". auto.', ['unfold "a.b ""c"". (*".', "auto."]),
        ("auto with *.\nQed.", ["auto with *.", "Qed."]),
        ("intros x y; ring", None),
        ("(* open", None),
        ('(* "*)', None),
        ('unfold "x. Qed.', None),
        ("auto.\x0bQed.", None),
        ("auto.\u00a0Qed.", None),
        ("lp:{{ x }}.", None),
        (".", None),
    ],
)
def test_sentences(source: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(Malformed):
            sentences(source)
    else:
        assert texts(source) == expected


def test_error_names_the_line() -> None:
    with pytest.raises(Malformed, match="line 3: comment is never closed"):
        sentences("auto.\nring.\n (* oh")


def test_a_stop_needs_a_blank_after_it() -> None:
    assert [t.text for s in sentences("reflexivity.Qed.") for t in s.tokens] == ["reflexivity.Qed"]


@given(st.text(alphabet=' \nab.Q"(*){}-+1:;λ', max_size=60))
def test_cutting_again_changes_nothing(source: str) -> None:
    """What is sent to Coq is cut exactly as what was screened: no comment, no new sentence."""
    try:
        found = sentences(source)
    except Malformed:
        return
    again = sentences("\n".join(s.text for s in found))
    assert [[t.text for t in s.tokens] for s in again] == [
        [t.text for t in s.tokens] for s in found
    ]


@given(st.text(max_size=80))
def test_any_text_is_cut_or_refused(source: str) -> None:
    try:
        for token in tokens(source):
            assert source[token.start : token.end] == token.text
    except Malformed:
        pass


@pytest.mark.parametrize(
    "text", ["exact " + "(" * 30_000 + "x" + ")" * 30_000 + ".", "." * 64_000, "{" * 64_000]
)
def test_a_long_text_takes_no_longer_than_its_length(text: str) -> None:
    """Eight times the length takes some eight times the time; a quadratic cut would take 64."""

    def took(source: str) -> float:
        began = time.process_time()
        with contextlib.suppress(Malformed):
            sentences(source)
        return time.process_time() - began

    short, long = min(took(text[: len(text) // 8]) for _ in range(3)), took(text)
    assert long < 30 * short + 0.2
