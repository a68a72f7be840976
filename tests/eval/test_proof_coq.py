"""The Coq checker against true proofs, cheats and hostile candidates, with Coq itself."""

import resource
import shutil

import pytest

from eval.proofs import loading
from eval.proofs.assumptions import foreign, read_axioms
from eval.proofs.book import Entry, judge
from eval.proofs.canaries import load
from eval.proofs.checker import Limits, Problem, Verdict, check
from eval.proofs.coq import CoqChecker
from eval.proofs.screen import Script
from eval.proofs.statement import StatementError, parse
from eval.proofs.syntax import sentences

coq = pytest.mark.skipif(not shutil.which("coqc"), reason="no coqc here; `make proofs` installs it")
QUICK = Limits(cpu_s=6, memory_mb=2048)
FALSE = Problem("f", "Theorem f (n : nat) : n = S n.\nProof. Admitted.")
TRUE = Problem("t", "Theorem t (n : nat) : n + 0 = n.\nProof. Admitted.")


@pytest.fixture(scope="module")
def checker() -> CoqChecker:
    return CoqChecker()


def unscreened(checker: CoqChecker, problem: Problem, *texts: str) -> list[Verdict]:
    """Verdicts of the layers behind the screen alone."""
    statement = parse(problem)
    entries = [
        Entry(i, statement, Script((), tuple(s.text for s in sentences(text))))
        for i, text in enumerate(texts)
    ]
    verdicts = judge(checker.toolchain, entries, QUICK)
    return [verdicts[i] for i in range(len(texts))]


@coq
def test_every_canary_has_its_verdict(checker: CoqChecker) -> None:
    canaries = load("coq")
    verdicts = checker.check_all([(c.problem, c.candidate) for c in canaries])
    wrong = [
        (c.about, v.status, v.reason)
        for c, v in zip(canaries, verdicts, strict=True)
        if v.value != float(c.good)
    ]
    assert wrong == []
    assert sum(not c.good for c in canaries) >= 40
    assert {v.checker_id for v in verdicts} == {checker.id}


# Each would be stopped by the screen; here they get past it, and must fall all the same.
CHEATS = {
    "admitted": "Theorem f (n : nat) : n = S n. Proof. Admitted.",
    "admitted lemma": "Lemma c : False. Admitted. Theorem f (n : nat) : n = S n. destruct c. Qed.",
    "axiom": "Axiom c : False. Theorem f (n : nat) : n = S n. destruct c. Qed.",
    "local axiom": "Local Axiom c : False. Theorem f (n : nat) : n = S n. destruct c. Qed.",
    "variable": "Variable c : False. Theorem f (n : nat) : n = S n. destruct c. Qed.",
    "section": "Section A. Variable c : False. Theorem f (n : nat) : n = S n. destruct c. Qed. "
    "End A.",
    "aborted": "Theorem f (n : nat) : n = S n. Abort.",
    "restated": "Theorem f (n : nat) : n = n. reflexivity. Qed.",
    "shadowed": 'Notation "x = y" := True. Theorem f (n : nat) : n = S n. exact I. Qed.',
    "no guard": "Unset Guard Checking. Fixpoint c (n : nat) : False := c n. "
    "Theorem f (n : nat) : n = S n. destruct (c n). Qed.",
    "no positivity": "Unset Positivity Checking. "
    "Inductive b : Prop := mk : (b -> False) -> b. "
    "Lemma g : b -> False. intros [k]. apply k. constructor. exact k. Qed. "
    "Theorem f (n : nat) : n = S n. destruct (g (mk g)). Qed.",
    "bypass": "#[bypass_check(guard)] Fixpoint c (n : nat) : False := c n. "
    "Theorem f (n : nat) : n = S n. destruct (c n). Qed.",
    "no universes": "Unset Universe Checking. Axiom c : False. "
    "Theorem f (n : nat) : n = S n. destruct c. Qed.",
    "faked output": 'Theorem f (n : nat) : n = n. idtac "Closed under the global context". '
    "reflexivity. Qed.",
    "faked prompt": 'Theorem f (n : nat) : n = S n. idtac "<prompt>Coq < 99 || 0 < </prompt>". '
    "Qed.",
    "own statement": "Module Statement. Module P0. Definition statement := True. End P0. "
    "End Statement. Theorem f : Statement.P0.statement. exact I. Qed.",
    "closed module": "Theorem f (n : nat) : n = n. reflexivity. Qed. End C0. "
    "Theorem f (n : nat) : n = n. reflexivity. Qed. Module C0.",
    "left open": "Theorem f (n : nat) : n = S n.",
    "quit": "Quit.",
    "drop": "Drop.",
    "reset": "Reset Initial.",
    "odd axioms": "Require Import Coq.Compat.AdmitAxiom. Theorem f (n : nat) : n = S n. "
    "destruct proof_admitted. Qed.",
    "write": 'Redirect "Statement" Print nat. Theorem f (n : nat) : n = n. reflexivity. Qed.',
}


@coq
def test_cheats_fall_behind_the_screen_too(checker: CoqChecker) -> None:
    verdicts = unscreened(checker, FALSE, *CHEATS.values())
    passed = {name: v for name, v in zip(CHEATS, verdicts, strict=True) if v.value != 0.0}
    assert passed == {}


@coq
def test_a_cheat_spoils_no_neighbour(checker: CoqChecker) -> None:
    honest = "Theorem t (n : nat) : n + 0 = n. Proof. lia. Qed."
    texts = [honest]
    for name in ("quit", "faked prompt", "reset", "shadowed", "left open"):
        texts += [CHEATS[name].replace("Theorem f", "Theorem t"), honest]
    verdicts = unscreened(checker, TRUE, *texts)
    assert [v.status for v in verdicts[::2]] == ["verified"] * 6
    assert all(v.value == 0.0 for v in verdicts[1::2])


HOSTILE = [
    "repeat (assert (0 = 0) by reflexivity). Qed.",
    "assert (k : Nat.pow 10 12 = 0). vm_compute. Qed.",
    "do 1000000000 (try fail). Qed.",
]


@coq
def test_hostile_candidates_stop_within_limits(checker: CoqChecker) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    verdicts = check(checker, TRUE, [*HOSTILE, "lia. Qed."], Limits(cpu_s=4, memory_mb=1024))
    assert all(v.status in {"timeout", "resource"} for v in verdicts[:-1])
    assert verdicts[-1].status == "verified"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Each may have its time in a session, and the one that ends it by memory in a file again.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 60


@coq
def test_endless_output_is_stopped(checker: CoqChecker) -> None:
    flood = 'Theorem t (n : nat) : n + 0 = n. do 100000000 (idtac "aaaaaaaaaaaaaaaaaaaaaaaaaaaa").'
    assert unscreened(checker, TRUE, flood)[0].status in {"resource", "timeout"}


@coq
def test_a_statement_that_does_not_compile_is_nobodys_failure(checker: CoqChecker) -> None:
    bad = Problem("bad", "Theorem bad : no_such_thing = 0.\nProof. Admitted.")
    pairs = [(TRUE, "lia. Qed."), (bad, "lia. Qed."), (FALSE, "lia. Qed.")]
    verdicts = checker.check_all(pairs)
    assert [v.value for v in verdicts] == [1.0, None, 0.0]
    assert "no_such_thing" in verdicts[1].reason


@coq
def test_statements_load_or_say_why_not(checker: CoqChecker) -> None:
    problems = [
        TRUE,
        Problem("assumes", "Variable n : nat.\nTheorem assumes : n = n.\nProof. Admitted."),
        Problem("bad", "Theorem bad : no_such_thing = 0.\nProof. Admitted."),
        Problem("missing", "Require Import No.Such.\nTheorem missing : True.\nProof. Admitted."),
        Problem("none", "Definition x := 1."),
    ]
    reasons = dict(loading.load(checker.toolchain, problems))
    assert [name for name, reason in reasons.items() if not reason] == ["t", "assumes"]
    assert "no_such_thing" in reasons["bad"]
    assert "No.Such" in reasons["missing"]
    assert "no Theorem" in reasons["none"]


@coq
def test_a_sample_of_real_statements_loads(checker: CoqChecker, shared_data) -> None:
    """Twenty files of each benchmark that load the same library, so that one session does."""
    for folder, line in (
        ("minif2f-rocq", "Require Import Reals."),
        ("putnambench-coq", COQUELICOT),
    ):
        files = sorted((shared_data / folder).rglob("*.v"))
        texts = {f.stem: f.read_text(encoding="utf-8") for f in files}
        chosen = [Problem(n, t) for n, t in texts.items() if parse_loads(n, t) == (line,)][:20]
        bad = {n: r for n, r in loading.load(checker.toolchain, chosen) if r}
        assert len(chosen) == 20
        assert bad == {}


COQUELICOT = "Require Import Reals Coquelicot.Coquelicot."


def parse_loads(name: str, text: str) -> tuple[str, ...]:
    try:
        return parse(Problem(name, text)).loads
    except StatementError:
        return ()


@coq
def test_reasons_say_why(checker: CoqChecker) -> None:
    wrong, unfinished = check(checker, TRUE, ["reflexivity. Qed.", "intros. Qed."])
    assert wrong.reason.startswith("reflexivity.")
    assert "incomplete proof" in unfinished.reason


PRINTED = """Axioms:
ClassicalDedekindReals.sig_forall_dec
  : forall P : nat -> Prop,
    {n : nat | ~ P n}
Candidate.C0.cheat : False
f is assumed to be guarded.
"""


def test_axioms_are_read() -> None:
    assert read_axioms("\nClosed under the global context\n") == []
    assert read_axioms(PRINTED) == [
        "ClassicalDedekindReals.sig_forall_dec",
        "Candidate.C0.cheat",
        "f is assumed to be guarded.",
    ]
    assert read_axioms("") == ["nothing printed"]
    assert read_axioms("Error: oh") == ["Error: oh"]


def test_only_known_axioms_are_allowed() -> None:
    allowed = ["Coq.Reals.ClassicalDedekindReals.sig_forall_dec"]
    assert foreign(read_axioms(PRINTED), allowed, "Statement.P0.") == [
        "Candidate.C0.cheat",
        "f is assumed to be guarded.",
    ]
    names = ["sig_forall_dec", "Statement.P0.r", "Statement.P1.r", "Reals.sig_forall_dec"]
    assert foreign(names, allowed, "Statement.P0.") == [
        "sig_forall_dec",
        "Statement.P1.r",
        "Reals.sig_forall_dec",
    ]
