"""The Lean 4 checker, through lean-interact and a Lake project that has Mathlib.

`$LEAN_PROJECT` names the project. In an environment that holds the file's header, the statement
becomes `def NONCE : Prop := ∀ binders, goal`, before any candidate is seen and under a random
name; the candidate is elaborated next, screened of what could change more than its own goal
(lean_screen.py); then `theorem : NONCE := @name` makes Lean's kernel agree that it is the
statement, and `#print axioms` names what it rests on. Limits: time and memory. lean-interact starts
the process itself, so the sandbox's walls do not stand here.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from eval.proofs import canaries, lean_text
from eval.proofs.checker import Canary, CheckerError, Limits, Problem, Verdict, fingerprint
from eval.proofs.lean_screen import refuse, rules
from eval.proofs.screen import Refused
from eval.proofs.statement import StatementError


@dataclass(frozen=True)
class Answer:
    """What the REPL made of a command: the environment after it, its errors, notes and holes."""

    env: int | None
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    holes: int = 0

    @property
    def ok(self) -> bool:
        """Whether it went through, with nothing left to prove."""
        return self.env is not None and not self.errors and not self.holes


class Repl(Protocol):
    """A Lean REPL. `run` raises `TimeoutError` past its time, `ConnectionError` where it died."""

    version: str

    def run(self, command: str, env: int | None, timeout: float) -> Answer:
        """Elaborate a command in an environment; None is the empty one."""


class LeanChecker:
    """Judges candidates with a Lean REPL; `start` makes a new one after a crash."""

    protections = frozenset({"memory", "time"})

    def __init__(self, start: Callable[[], Repl] | None = None) -> None:
        self._start = start or interact
        self._repl = self._start()
        self._headers: dict[str, int | None] = {}
        here = Path(__file__).parent
        own = [
            here / name for name in ("lean.py", "lean_text.py", "lean_screen.py", "lean_rules.yaml")
        ]
        code = fingerprint(*(path.read_text(encoding="utf-8") for path in own))
        self.id = f"lean-{self._repl.version}/{code}"

    def canaries(self) -> Sequence[Canary]:
        """True proofs and the cheats of canaries.yaml."""
        return canaries.load("lean")

    def check_all(
        self, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
    ) -> list[Verdict]:
        """One verdict for each pair; the header of a file is elaborated once."""
        return [replace(self._check(p, c, limits), checker_id=self.id) for p, c in pairs]

    def _check(self, problem: Problem, candidate: str, limits: Limits) -> Verdict:
        began = time.monotonic()
        try:
            verdict = self._judge(problem, refuse(candidate, limits.text_kb), limits)
        except Refused as error:
            verdict = Verdict(error.status, error.reason)
        except StatementError as error:
            verdict = Verdict("checker_error", str(error))
        except TimeoutError:
            self._restart()
            verdict = Verdict("timeout", f"no verdict within {limits.wall_s:.0f} s")
        except ConnectionError as error:
            self._restart()
            verdict = Verdict("resource", f"Lean died: {error}"[:300])
        return replace(verdict, check_ms=1000 * (time.monotonic() - began))

    def _judge(self, problem: Problem, candidate: str, limits: Limits) -> Verdict:
        header, theorem = lean_text.parts(problem)
        name, nonce = lean_text.name(problem), "s" + secrets.token_hex(8)
        env = self._header(header)
        stated = self._repl.run(f"def {nonce} : Prop := {lean_text.proposition(theorem)}", env, 120)
        if not stated.ok:
            return Verdict("checker_error", f"statement does not elaborate: {_first(stated)}")
        proved = self._repl.run(f"{theorem} := by\n{candidate}", stated.env, limits.wall_s)
        if not proved.ok:
            return Verdict("rejected", _first(proved))
        last = f"theorem {nonce}_holds : {nonce} := @{name}"
        same = self._repl.run(last, proved.env, limits.wall_s)
        if not same.ok:
            return Verdict("rejected", f"not the statement asked for: {_first(same)}")
        printed = self._repl.run(f"#print axioms {nonce}_holds", same.env, limits.wall_s)
        axioms = read_axioms(printed.notes, f"{nonce}_holds")
        if axioms is None:
            return Verdict("checker_error", "the axioms could not be read")
        odd = [axiom for axiom in axioms if axiom not in rules()["axioms"]]
        if odd:
            reason = f"rests on what it may not assume: {', '.join(odd)}"
            return Verdict("rejected", reason, axioms=tuple(axioms))
        return Verdict("verified", axioms=tuple(axioms))

    def _header(self, header: str) -> int | None:
        if not header.strip():
            return None
        if header not in self._headers:
            answer = self._repl.run(header, None, 600)
            if not answer.ok:
                raise StatementError(f"header does not elaborate: {_first(answer)}")
            self._headers[header] = answer.env
        return self._headers[header]

    def _restart(self) -> None:
        self._headers.clear()
        self._repl = self._start()


def read_axioms(notes: Sequence[str], name: str) -> list[str] | None:
    """Axioms from Lean's own sentence about `name`; None unless it said exactly one such thing."""
    if len(notes) != 1:
        return None
    text = " ".join(notes[0].split())
    if text == f"'{name}' does not depend on any axioms":
        return []
    match = re.fullmatch(rf"'{re.escape(name)}' depends on axioms: \[([^\[\]]*)\]", text)
    return [axiom.strip() for axiom in match.group(1).split(",")] if match else None


def _first(answer: Answer) -> str:
    said = answer.errors or (("the proof leaves a hole",) if answer.holes else ("no answer",))
    return " ".join(said[0].split())[:300]


def interact() -> Repl:
    """A REPL over `$LEAN_PROJECT`. Raises `CheckerError` where Lean or the project is missing."""
    project = os.environ.get("LEAN_PROJECT", "")
    if not shutil.which("lake"):
        raise CheckerError("no Lean toolchain here; install elan and a Lake project with Mathlib")
    if not project or not Path(project).is_dir():
        raise CheckerError("LEAN_PROJECT is not set to a Lake project that has Mathlib")
    try:
        return _Interact(Path(project))
    except ImportError:
        raise CheckerError(
            "lean-interact is missing; pip install 'easy-predicts-hard[lean]'"
        ) from None


class _Interact:
    """lean-interact's server behind our two words."""

    def __init__(self, project: Path) -> None:
        from lean_interact import LeanREPLConfig, LeanServer, LocalProject

        config = LeanREPLConfig(
            project=LocalProject(directory=str(project)),
            memory_hard_limit_mb=Limits().memory_mb * 2,
        )
        self._server = LeanServer(config)
        self.version = str(self._server.lean_version)

    def run(self, command: str, env: int | None, timeout: float) -> Answer:
        from lean_interact import Command
        from lean_interact.interface import LeanError

        found = self._server.run(Command(cmd=command, env=env), timeout=timeout)
        if isinstance(found, LeanError):
            return Answer(None, (found.message,))
        by = {
            kind: [m.data for m in found.messages if m.severity == kind]
            for kind in ("error", "info")
        }
        return Answer(found.env, tuple(by["error"]), tuple(by["info"]), len(found.sorries))
