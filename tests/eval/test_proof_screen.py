"""Which words a Coq candidate may use."""

import pytest

from eval.proofs.canaries import load
from eval.proofs.checker import Problem
from eval.proofs.screen import Refused, Script, screen
from eval.proofs.statement import StatementError, parse

PROBLEM = Problem("one", "Theorem one (n : nat) (h : n = 1) : n + n = 2.\nProof. Admitted.")


def script(text: str) -> Script:
    return screen(parse(PROBLEM), text, text_kb=64)


@pytest.mark.parametrize("canary", [c for c in load("coq") if c.good], ids=lambda c: c.about)
def test_true_proofs_pass(canary) -> None:
    screen(parse(canary.problem), canary.candidate, 64)


@pytest.mark.parametrize(
    "text",
    [
        "intros; try lia. Qed.",
        "Proof. move=> x; by rewrite /foo. Qed.",
        "all: auto. Qed.",
        "1-2: auto. 3,4: auto. 2: { auto. } Qed.",
        "(intros; auto). Defined.",
        "[> auto | lia]. Qed.",
        "first [idtac | lia]. Qed.",
        "have [x|y] := foo n. Qed.",
        'unfold "+". Qed.',
    ],
)
def test_ordinary_scripts_pass(text: str) -> None:
    assert script(text).sentences[0].startswith("Theorem one")


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("", "malformed", "empty"),
        ("intros.", "malformed", "never closed by Qed"),
        ("intros. Qed. Qed.", "rejected", "line 1: nothing may follow"),
        ("intros.\nAdmitted.", "rejected", "line 2: command 'Admitted'"),
        ("rewrite (ltac:(admit)). Qed.", "rejected", "'admit' is not allowed"),
        ("exact M.native_compute. Qed.", "rejected", "'native_compute'"),
        ('first [idtac "x"]. Qed.', "rejected", "'idtac' may not print"),
        ("my_tactic. Qed.", "rejected", "tactic 'my_tactic'"),
        ("From Coq Require Extraction. Theorem one : True. Qed.", "rejected", "library"),
        ("Require Import Lia. Require Import My.Own. Theorem one : T. Qed.", "rejected", "My.Own"),
        ("\ud800", "malformed", "Unicode"),
        ("auto. " * 20_000 + "Qed.", "resource", "longer than 64 KB"),
    ],
)
def test_refusals(text: str, status: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        script(text)
    assert refused.value.status == status


def test_a_whole_file_may_repeat_the_preamble() -> None:
    problem = Problem("t", "Require Import Reals.\nOpen Scope R_scope.\nTheorem t : 0 = 0. Proof.")
    text = (
        "Require   Import Reals. Open Scope R_scope. Require Import Lra Lia. "
        "Theorem t : 0 = 0. lra. Qed."
    )
    found = screen(parse(problem), text, 64)
    assert found == Script((), ("Theorem t : 0 = 0.", "lra.", "Qed."))


def test_a_statement_with_recursion_in_it_may_be_restated() -> None:
    theorem = "Theorem t : (fix f n := match n with O => 0 | S k => f k end) 3 = 0."
    problem = Problem("t", f"{theorem}\nProof. Admitted.")
    lemma = "Lemma a (n : nat) : match n with O => True | S k => k = k end. Proof. by case: n. Qed."
    found = screen(parse(problem), f"{lemma} {theorem} Proof. reflexivity. Qed.", 64)
    assert theorem in found.sentences
    other = theorem.replace("= 0.", "= 1.")
    with pytest.raises(Refused, match="'fix' is not allowed"):
        screen(parse(problem), f"{other} Proof. reflexivity. Qed.", 64)


@pytest.mark.parametrize("symbol", ["²", "₂", "→", "é", "٣", "."])
def test_no_symbol_hides_a_word(symbol: str) -> None:
    """Which letters belong to a word is Coq's to say: wherever it cuts, the word is seen."""
    for text in (f"exact (x{symbol}fix f). Qed.", f"exact (fix{symbol}x). Qed."):
        with pytest.raises(Refused, match="'fix' is not allowed"):
            script(text)


def test_a_statement_file_is_taken_apart() -> None:
    source = """
    Require Import Reals. From mathcomp Require Import reals.
    Set Implicit Arguments. Variable r : R. Local Open Scope R_scope.
    Definition f (x : R) := x. (* Theorem no : False. *)
    Theorem g (x : R) (y := (x : R)) {z : R} : let w : R := 1 in f x = w. Proof. Admitted.
    """
    found = parse(Problem("g", source))
    assert found.loads == ("Require Import Reals.", "From mathcomp Require Import reals.")
    assert found.declares[1] == "Parameter r : R."
    assert found.repeats == ("Set Implicit Arguments.", None, "Local Open Scope R_scope.")
    assert found.binders == "(x : R) (y := (x : R)) {z : R}"
    assert found.goal == "let w : R := 1 in f x = w"


@pytest.mark.parametrize(
    "source",
    ["", "Definition x := 1.", "Theorem t", "Context (n : nat). Theorem t : n = n.", "Theorem t."],
)
def test_what_is_no_statement_says_so(source: str) -> None:
    with pytest.raises(StatementError, match=r"^t: "):
        parse(Problem("t", source))
