"""`python -m eval prove`, and the cache and retries behind it."""

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.errors import InputError
from eval.proofs import pool
from eval.proofs.builtin import KernelChecker
from eval.proofs.canaries import load
from eval.proofs.checker import Canary, Limits, Problem, Verdict, prove_canaries

coq = pytest.mark.skipif(not shutil.which("coqc"), reason="no coqc here; `make proofs` installs it")
P = Problem("p", "source")


def prove(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["prove", *arguments])
    if isinstance(result.exception, InputError):
        raise result.exception
    return result.exit_code, result.output


def test_the_kernel_judges_a_file(tmp_path: Path) -> None:
    file = tmp_path / "chain.v"
    file.write_text("Theorem h1 : A h2 : A -> B |- B Proof. apply h2. exact h1. Qed.")
    code, said = prove(str(file), "--checker", "kernel")
    assert (code, said.split()[0]) == (0, "verified")
    file.write_text("Theorem h1 : A h2 : A -> B |- B Proof. exact h1. Qed.")
    code, said = prove(str(file), "--checker", "kernel", "--json")
    assert (code, json.loads(said)["status"]) == (1, "rejected")


def test_the_kernel_proves_its_canaries() -> None:
    prove_canaries(KernelChecker())
    assert sum(not c.good for c in load("kernel")) >= 10


@coq
def test_coq_judges_a_file_and_says_why_not(tmp_path: Path) -> None:
    file = tmp_path / "own.v"
    file.write_text("Theorem own (n : nat) : n + 0 = n.\nProof. (* so *) lia. Qed.")
    code, said = prove(str(file))
    assert (code, said.split()[0]) == (0, "verified")
    statement = tmp_path / "other.v"
    statement.write_text("Theorem own (n : nat) : n = n + 1.\nProof. Admitted.")
    code, said = prove(str(file), "--statement", str(statement), "--json")
    found = json.loads(said)
    assert code == 1
    assert "not the statement asked for" in found["reason"]
    assert "memory" in found["protections"]


CHEATS = {
    "Axiom c : False. Theorem t : 1 = 2. Proof. destruct c. Qed.": "'Axiom' is not allowed",
    "Unset Guard Checking. Theorem t : 1 = 2. Proof. easy. Qed.": "'Unset' is not allowed",
    "Lemma c : False. Admitted. Theorem t : 1 = 2. Proof. destruct c. Qed.": "'Admitted'",
    "Fixpoint f (n : nat) : nat := n. Theorem t : 1 = 2. Proof. easy. Qed.": "'Fixpoint'",
}


@coq
def test_what_stands_before_the_theorem_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "t.v"
    for text, reason in CHEATS.items():
        file.write_text(text)
        code, said = prove(str(file))
        assert (code, said.split()[0]) == (1, "rejected")
        assert reason in said
    file.write_text(
        "Require Import Arith. Lemma a (n : nat) : n + 0 = n. Proof. lia. Qed. "
        "Theorem t : 1 + 0 = 1. Proof. exact (a 1). Qed."
    )
    assert prove(str(file))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.v"], "missing.v: No such file"),
        (["{file}", "--checker", "isabelle"], "isabelle: unknown; choose from coq"),
        (["{file}"], "no Theorem"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    file = tmp_path / "empty.v"
    file.write_text("Definition x := 1.")
    with pytest.raises(InputError, match=message):
        prove(*(a.replace("{file}", str(file)) for a in arguments))


class Counts:
    """A checker that counts what it is asked, and fails as often as it is told."""

    id = "counts"

    def __init__(self, errors: int = 0, status: str = "verified") -> None:
        self.asked: list[str] = []
        self._errors, self._status = errors, status

    def canaries(self) -> Sequence[Canary]:
        return ()

    def check_all(
        self, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
    ) -> list[Verdict]:
        self.asked += [text for _, text in pairs]
        if self._errors and pairs:
            self._errors -= 1
            return [Verdict("checker_error") for _ in pairs]
        return [Verdict(self._status, axioms=("a",)) for _ in pairs]  # type: ignore[arg-type]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROOF_CACHE", str(tmp_path / "in" / "cache.sqlite"))
    return tmp_path / "in" / "cache.sqlite"


def test_equal_candidates_are_judged_once_and_remembered(cache: Path) -> None:
    first, second = Counts(), Counts()
    found = pool.judge(first, [(P, "a"), (P, "b"), (P, "a")])
    assert first.asked == ["a", "b"]
    assert pool.judge(second, [(P, "b"), (P, "a"), (P, "c")]) == found
    assert second.asked == ["c"]


def test_another_statement_checker_or_limit_is_another_question(cache: Path) -> None:
    judge = Counts()
    pool.judge(judge, [(P, "a")])
    pool.judge(judge, [(Problem("p", "other"), "a")])
    pool.judge(judge, [(P, "a")], Limits(cpu_s=1))
    judge.id = "counts again"
    pool.judge(judge, [(P, "a")])
    assert judge.asked == ["a"] * 4


def test_what_hangs_on_the_machine_is_not_remembered(cache: Path) -> None:
    for status in ("timeout", "resource"):
        pool.judge(Counts(status=status), [(P, status)])
    pool.judge(Counts(errors=9), [(P, "error")])
    assert not cache.exists() or not _rows(cache)


def _rows(cache: Path) -> list[tuple[str]]:
    with sqlite3.connect(cache) as connection:
        return connection.execute("SELECT key FROM verdict").fetchall()


def test_a_checker_error_is_tried_once_more(cache: Path) -> None:
    judge = Counts(errors=1)
    assert pool.judge(judge, [(P, "a")])[0].status == "verified"
    assert pool.judge(Counts(errors=2), [(P, "b")])[0].status == "checker_error"


def test_the_cache_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROOF_CACHE", "off")
    judge = Counts()
    pool.judge(judge, [(P, "a")])
    pool.judge(judge, [(P, "a")])
    assert judge.asked == ["a", "a"]
