"""The Lean checker over a REPL that plays Lean; with Lean itself where a project is named."""

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eval.proofs import lean, lean_text
from eval.proofs.checker import CheckerError, Limits, Problem, check, prove_canaries
from eval.proofs.lean import Answer, LeanChecker, interact, read_axioms
from eval.proofs.lean_screen import refuse
from eval.proofs.screen import Refused
from eval.proofs.statement import StatementError

ONE = Problem("one", "import Mathlib\n\ntheorem one (n : ℕ) (h : n = 1) : n + n = 2 := by sorry")


class Plays:
    """A REPL that knows which tactic blocks are proofs, and keeps what it was told."""

    version = "4.9.0"

    def __init__(self, proofs: dict[str, str]) -> None:
        self._proofs, self.heard = proofs, []

    def run(self, command: str, env: int | None, timeout: float) -> Answer:
        self.heard.append(command)
        number = len(self.heard)
        if printed := re.match(r"#print axioms (\w+)", command):
            return Answer(number, notes=(self._axioms.format(printed.group(1)),))
        if " := by\n" in command:
            body = command.partition(" := by\n")[2].strip()
            if body == "loop":
                raise TimeoutError
            if body == "crash":
                raise ConnectionError("gone")
            if body not in self._proofs:
                return Answer(number, errors=("unsolved goals",))
            self._axioms = self._proofs[body]
        return Answer(number)


NONE = "'{}' does not depend on any axioms"
USUAL = "'{}' depends on axioms: [propext,\n Classical.choice]"
ODD = "'{}' depends on axioms: [propext, sorryAx]"


def checker(**proofs: str) -> LeanChecker:
    known = {"subst h; rfl": NONE, "exact h ▸ rfl": NONE, **proofs}
    return LeanChecker(start=lambda: Plays(known))


def test_canaries() -> None:
    prove_canaries(checker())
    with pytest.raises(CheckerError, match="'a wrong proof' should be rejected"):
        prove_canaries(checker(rfl=NONE))


def test_verdicts() -> None:
    judge = checker(omega=USUAL, cheat=ODD, forged="'other' does not depend on any axioms")
    blocks = ["  omega", "omega", "  cheat", "  ring", "  forged", "  loop", "  crash", "  omega"]
    found = check(judge, ONE, blocks, Limits(wall_s=1))
    assert [v.status for v in found] == [
        "verified", "verified", "rejected", "rejected", "checker_error", "timeout", "resource",
        "verified",
    ]  # fmt: skip
    assert found[0].axioms == ("propext", "Classical.choice")
    assert "sorryAx" in found[2].reason
    assert found[3].reason == "unsolved goals"


def test_the_statement_is_fixed_before_the_candidate_and_compared_after() -> None:
    repl = Plays({"simp": NONE})
    check(LeanChecker(start=lambda: repl), ONE, ["  simp"])
    header, stated, proved, same, printed = repl.heard
    assert header == "import Mathlib"
    nonce = re.match(r"def (s[0-9a-f]{16}) : Prop := ∀ \(n : ℕ\) \(h : n = 1\), n \+ n = 2", stated)
    assert nonce
    assert proved == "theorem one (n : ℕ) (h : n = 1) : n + n = 2 := by\n  simp"
    assert same == f"theorem {nonce[1]}_holds : {nonce[1]} := @one"
    assert printed == f"#print axioms {nonce[1]}_holds"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("  simp\ntheorem x : True := trivial", "indented"),
        ("  exact (sorry : False)", "'sorry'"),
        ("  exact Foo.sorryAx", "'sorryAx'"),
        ("  run_tac pure ()", "'run_tac'"),
        ("  set_option debug.skipKernelTC true in simp", "option|skipKernelTC"),
        ("  #eval 1", "commands"),
        ('  trace "x"', "strings"),
        ("  simp /- /- -/", "never closed"),
        ("", "empty"),
        ("-- only a comment", "empty"),
        ("\ud800", "Unicode"),
        ("  simp\n" * 20_000, "longer"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        refuse(text, 64)


def test_ordinary_blocks_pass() -> None:
    text = "  have h : x = 7 := by linarith -- so\n  set_option maxRecDepth 2000 in\n  /- a -/ simp"
    assert "so" not in refuse(text, 64)
    assert refuse("simp", 64) == "  simp"


def test_statement_files_are_taken_apart() -> None:
    assert lean_text.prompt(ONE).endswith("n + n = 2 := by")
    assert lean_text.parts(ONE)[0] == "import Mathlib"
    text = "theorem a {x : ℕ} (f : ℕ → ℕ := fun y : ℕ => y) : ∃ z : ℕ, z = x"
    assert lean_text.proposition(text) == (
        "∀ {x : ℕ} (f : ℕ → ℕ := fun y : ℕ => y), ∃ z : ℕ, z = x"
    )
    assert lean_text.proposition("theorem a : True") == "True"
    with pytest.raises(StatementError, match="no theorem"):
        lean_text.name(Problem("x", "def x := 1"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  simp\n  ring\n\ntheorem next", "  simp\n  ring"),
        ("\n  simp\n-- note", "  simp"),
        ("theorem one : T := by\n  simp\n#eval 1", "  simp"),
    ],
)
def test_a_block_is_cut_out(text: str, expected: str) -> None:
    assert lean_text.cut(text) == expected


def test_axioms_are_believed_only_as_lean_says_them() -> None:
    assert read_axioms(["'a' does not depend on any axioms"], "a") == []
    assert read_axioms(["'a' depends on axioms: [x, y.z]"], "a") == ["x", "y.z"]
    assert read_axioms(["'b' does not depend on any axioms"], "a") is None
    assert read_axioms([], "a") is None
    assert read_axioms(["'a' does not depend on any axioms"] * 2, "a") is None


def test_no_lean_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CheckerError, match="no Lean toolchain"):
        interact()


def test_lean_interact_s_words_are_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter over the library's own classes; only the process behind them is played."""
    lean_interact = pytest.importorskip("lean_interact")
    heard: list[dict[str, Any]] = []
    place = {"line": 1, "column": 0}

    class Server(lean_interact.LeanServer):  # type: ignore[misc, name-defined]
        lean_version = "4.9.0"

        _proc = None

        def __init__(self, config: Any) -> None:
            assert config.project.directory == tmp_path

        def run(self, request: Any, **options: Any) -> Any:
            heard.append({**request.model_dump(exclude_none=True), **options})
            if request.cmd == "bad":
                return lean_interact.interface.LeanError(message="Unknown environment.")
            said = [{"pos": place, "severity": kind, "data": kind} for kind in ("error", "info")]
            hole = {"pos": place, "goal": "False"}
            answer = {"env": 3, "messages": said, "sorries": [hole]}
            return lean_interact.interface.CommandResponse.model_validate(answer)

    def config(project: Any, memory_hard_limit_mb: int) -> SimpleNamespace:
        return SimpleNamespace(project=project)

    monkeypatch.setattr(lean_interact, "LeanServer", Server)
    monkeypatch.setattr(lean_interact, "LeanREPLConfig", config)
    project = lambda directory: SimpleNamespace(directory=Path(directory))  # noqa: E731
    monkeypatch.setattr(lean_interact, "LocalProject", project)
    monkeypatch.setenv("LEAN_PROJECT", str(tmp_path))
    monkeypatch.setattr(lean.shutil, "which", lambda name: name)
    repl = interact()
    assert repl.version == "4.9.0"
    assert repl.run("good", 2, 5.0) == Answer(3, ("error",), ("info",), 1)
    assert repl.run("bad", None, 5.0) == Answer(None, ("Unknown environment.",))
    assert [(h["cmd"], h.get("env"), h["timeout"]) for h in heard] == [
        ("good", 2, 5.0),
        ("bad", None, 5.0),
    ]


@pytest.mark.skipif(not os.environ.get("LEAN_PROJECT"), reason="LEAN_PROJECT names no Lean project")
def test_lean_itself() -> None:
    prove_canaries(LeanChecker())


def test_every_minif2f_statement_is_taken_apart(shared_data) -> None:
    files = sorted((shared_data / "minif2f-lean4" / "MiniF2F").glob("*/*.lean"))
    assert len(files) == 488
    for file in files:
        problem = Problem(file.stem, file.read_text(encoding="utf-8"))
        _, theorem = lean_text.parts(problem)
        assert lean_text.name(problem) == file.stem
        assert lean_text.proposition(theorem)
        assert not theorem.endswith((":=", "by"))
