"""Which statements load: the file compiles, and the theorem as written is the statement we check.

A benchmark leaves out what does not load here; names and reasons are kept in not_loading.yaml,
which `tests/benchmarks/statements.py` writes.
"""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from eval.proofs.budget import LimitReached
from eval.proofs.checker import Limits, Problem
from eval.proofs.session import Session, SessionDied
from eval.proofs.statement import Statement, StatementError, parse, target
from eval.proofs.syntax import sentences
from eval.proofs.toolchain import Toolchain, one_line

_TOGETHER = 60  # statements in one session; its memory grows with each
_FILE = Path(__file__).with_name("not_loading.yaml")


@functools.cache
def left_out(benchmark: str) -> dict[str, str]:
    """Names of a benchmark's statements that do not load under Debian 12's Coq, with reasons."""
    listed = yaml.safe_load(_FILE.read_text(encoding="utf-8")) or {}
    return dict(listed.get(benchmark, {}))


def load(
    toolchain: Toolchain, problems: Iterable[Problem], limits: Limits = Limits()
) -> Iterator[tuple[str, str]]:
    """Each problem's name with an empty string where it loads, else with the reason.

    In a session for those of equal libraries: the statement's module, then the theorem as written
    and admitted, then the kernel's word that its type is the statement. Who ends a session is tried
    again at the start of the next one before it is blamed.
    """
    groups: dict[tuple[str, ...], list[tuple[str, Statement]]] = {}
    for problem in problems:
        try:
            statement = parse(problem)
            groups.setdefault(statement.loads, []).append((problem.name, statement))
        except StatementError as error:
            yield problem.name, str(error).removeprefix(f"{problem.name}: ")
    for loads, group in groups.items():
        while group:
            tried = 0
            for found in _session(toolchain, loads, group[:_TOGETHER], limits):
                yield found
                tried += 1
            group = group[tried:]


def _session(
    toolchain: Toolchain,
    loads: tuple[str, ...],
    group: list[tuple[str, Statement]],
    limits: Limits,
) -> Iterator[tuple[str, str]]:
    """Results up to the statement that ends the session, which is blamed where it was the first."""
    blamed = group[0][0]
    try:
        with (
            toolchain.sandbox.folder() as folder,
            toolchain.session(folder, {}, limits) as session,
        ):
            missing = _say(session, ("Set Silent.", *loads), limits)
            for name, statement in group:
                base = session.state
                reason = missing or _say(session, _lines(statement), limits)
                session.back_to(base, session.budget(limits.cpu_s))
                blamed = ""
                yield name, reason
    except (LimitReached, SessionDied) as error:
        if blamed:
            yield blamed, f"Coq stopped: {one_line(str(error))}"


def _lines(statement: Statement) -> tuple[str, ...]:
    """The statement in its module, and the theorem beside it, sentence by sentence."""
    stated = statement.module("P0").splitlines()
    own = "\n".join(stated[1:-1])
    same = f"Definition same : {target('P0')} := {statement.name}."
    inside = tuple(sentence.text for sentence in sentences(own))
    beside = (*statement.context("P0"), statement.theorem, "Admitted.", same)
    return (stated[0], *inside, stated[-1], *beside)


def _say(session: Session, lines: Iterable[str], limits: Limits) -> str:
    """The first error, or nothing."""
    budget = session.budget(limits.cpu_s)
    for line in lines:
        reply = session.say(line, budget)
        if not reply.ok:
            return one_line(reply.message).removeprefix("Error: ")
    return ""
