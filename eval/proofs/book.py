"""Candidates that load the same libraries, judged together.

A book is their statements compiled in a file of their own, `Statement.v`, which holds no
candidate's text. Most candidates fail in one session over it, at a few milliseconds each; who
passes goes on to confirm.py.
"""

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from eval.proofs.budget import Budget, LimitReached
from eval.proofs.checker import Limits, Verdict
from eval.proofs.confirm import Claim, confirm
from eval.proofs.sandbox import Outcome
from eval.proofs.screen import Script
from eval.proofs.session import Session, SessionDied
from eval.proofs.statement import TOOLS, Statement, target
from eval.proofs.toolchain import EXHAUSTED, Roots, Toolchain, one_line, stopped

START_S = 60.0  # of CPU time for loading libraries, which is not the candidate's fault


@dataclass(frozen=True)
class Entry:
    """One candidate on its way: its place in the caller's list, statement and screened script."""

    place: int
    statement: Statement
    script: Script

    @property
    def loads(self) -> tuple[str, ...]:
        """Everything its file requires, tools first, so that the statement's own imports win."""
        return (*TOOLS, *self.statement.loads, *self.script.loads)


@dataclass(frozen=True)
class Book:
    """Compiled statements: where they lie, and the module of each (`J12ab.Statement.P0`)."""

    toolchain: Toolchain
    roots: Roots
    modules: dict[Statement, str]
    limits: Limits

    @property
    def requires(self) -> tuple[str, ...]:
        """Sentences that make the statements known, and nothing of them visible by short names."""
        return tuple(f"Require {root}.Statement." for root in self.roots.values())

    def lines(self, entry: Entry) -> tuple[str, ...]:
        """The candidate's sentences, behind those that set the stage for its theorem."""
        return (*entry.statement.context(self.modules[entry.statement]), *entry.script.sentences)


def judge(toolchain: Toolchain, entries: Sequence[Entry], limits: Limits) -> dict[int, Verdict]:
    """Verdicts, by place, for entries whose `loads` are equal.

    A statement that does not compile gives `checker_error`: no candidate can be blamed for it.
    """
    statements = list(dict.fromkeys(entry.statement for entry in entries))
    with compiled(toolchain, statements, limits) as (book, outcome):
        if outcome.returncode == 0:
            return _Trial(book).run(entries)
    if len(statements) == 1:
        bad = Verdict("checker_error", f"statement does not compile: {one_line(outcome.output)}")
        return {entry.place: bad for entry in entries}
    first = set(statements[: len(statements) // 2])
    halves = (
        [e for e in entries if e.statement in first],
        [e for e in entries if e.statement not in first],
    )
    return {k: v for half in halves for k, v in judge(toolchain, half, limits).items()}


@contextmanager
def compiled(
    toolchain: Toolchain, statements: Sequence[Statement], limits: Limits
) -> Iterator[tuple[Book, Outcome]]:
    """A book of these statements, and how compiling it went."""
    # A random root: no candidate can name the statements' module, and so shadow it.
    root = "J" + secrets.token_hex(8)
    modules = {s: f"{root}.Statement.P{i}" for i, s in enumerate(statements)}
    text = [*statements[0].loads, *(s.module(f"P{i}") for i, s in enumerate(statements))]
    with toolchain.sandbox.folder() as folder:
        (folder / "Statement.v").write_text("\n".join(text), encoding="utf-8")
        cpu_s = START_S + 2 * len(statements)
        outcome = toolchain.compile(folder, "Statement", {folder: root}, limits, cpu_s)
        yield Book(toolchain, {folder: root}, modules, limits), outcome


class _Trial:
    """Sessions over a book; keeps the verdicts of who fails and the claims of who passes."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._verdicts: dict[int, Verdict] = {}
        self._claims: list[Claim] = []

    def run(self, entries: Sequence[Entry]) -> dict[int, Verdict]:
        left = list(entries)
        while left:
            left = self._session(left)
        return {**self._verdicts, **confirm(self._book, self._claims)}

    def _session(self, entries: list[Entry]) -> list[Entry]:
        """Try entries in one session; those it did not reach because it had to be killed."""
        book = self._book
        limits = replace(book.limits, cpu_s=START_S)
        with book.toolchain.sandbox.folder() as folder:
            try:
                session = book.toolchain.session(folder, book.roots, limits)
            except (LimitReached, SessionDied) as error:
                return self._give_up(entries, f"Coq did not start: {error}", own=False)
            with session:
                if not self._ready(session, entries):
                    return []
                for i, entry in enumerate(entries):
                    if not self._one(session, entry):
                        return entries[i + 1 :]
        return []

    def _ready(self, session: Session, entries: Sequence[Entry]) -> bool:
        """Load the libraries; where that fails, every entry has its verdict."""
        own = entries[0].script.loads
        budget = session.budget(START_S)
        for line in (*self._book.requires, "Set Silent.", *entries[0].loads):
            try:
                reply = session.say(line, budget)
                failed = "" if reply.ok else one_line(reply.message)
            except (LimitReached, SessionDied) as error:
                failed = f"{line} stopped Coq: {error}"
            if failed:
                self._give_up(entries, failed, own=line in own)
                return False
        return True

    def _give_up(self, entries: Sequence[Entry], reason: str, own: bool) -> list[Entry]:
        """One verdict for all: theirs where it is a library that they asked for, else nobody's."""
        bad = Verdict("rejected" if own else "checker_error", one_line(reason))
        self._verdicts.update({entry.place: bad for entry in entries})
        return []

    def _one(self, session: Session, entry: Entry) -> bool:
        """Try one entry; whether the session can go on."""
        began, base = time.monotonic(), session.state
        try:
            verdict = self._try(session, entry, session.budget(self._book.limits.cpu_s))
            session.back_to(base, session.budget(START_S))
        except LimitReached as limit:
            took = 1000 * (time.monotonic() - began)
            self._verdicts[entry.place] = stopped(limit.args[0], took)
            return False
        except SessionDied:
            self._claim(entry, 1000 * (time.monotonic() - began), alone=True)
            return False
        took = 1000 * (time.monotonic() - began)
        if verdict is None:
            self._claim(entry, took)
        else:
            self._verdicts[entry.place] = replace(verdict, check_ms=took)
        return True

    def _try(self, session: Session, entry: Entry, budget: Budget) -> Verdict | None:
        """A failing verdict, or None where every sentence went through."""
        wanted = target(self._book.modules[entry.statement])
        for line in self._book.lines(entry):
            reply = session.say(line, budget)
            if EXHAUSTED.search(reply.message):
                # Whose memory it was is not known here, and who comes next would find none either.
                raise SessionDied(one_line(reply.message))
            if not reply.ok:
                return Verdict("rejected", f"{one_line(line)[:60]} {one_line(reply.message)}")
        reply = session.say(f"Definition proved : {wanted} := {entry.statement.name}.", budget)
        if not reply.ok:
            return Verdict("rejected", f"not the statement asked for: {one_line(reply.message)}")
        return None

    def _claim(self, entry: Entry, took_ms: float, alone: bool = False) -> None:
        self._claims.append(
            Claim(
                place=entry.place,
                loads=entry.loads,
                lines=self._book.lines(entry),
                module=self._book.modules[entry.statement],
                name=entry.statement.name,
                assumes=entry.statement.assumes,
                took_ms=took_ms,
                alone=alone,
            )
        )
