"""Which statements load: the file compiles, and the theorem as written is the statement we check.

A benchmark leaves out what does not load here; names and reasons are kept in not_loading.yaml,
which `tests/benchmarks/statements.py` writes.
"""

import functools
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from eval.proofs.checker import Limits, Problem
from eval.proofs.sandbox import LimitReached
from eval.proofs.session import Session, SessionDied
from eval.proofs.statement import Statement, StatementError, parse
from eval.proofs.syntax import sentences
from eval.proofs.toolchain import Toolchain, one_line

_WALL_S = 600.0
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

    In a session a group of equal libraries: the statement's module, then the theorem as written
    and admitted, then the kernel's word that its type is the statement.
    """
    groups: dict[tuple[str, ...], list[tuple[str, Statement]]] = {}
    for problem in problems:
        try:
            statement = parse(problem)
            groups.setdefault(statement.loads, []).append((problem.name, statement))
        except StatementError as error:
            yield problem.name, str(error).removeprefix(f"{problem.name}: ")
    for loads, group in groups.items():
        with toolchain.sandbox.folder() as folder:
            yield from _group(toolchain, folder, loads, group, limits)


def _group(
    toolchain: Toolchain,
    folder: Path,
    loads: tuple[str, ...],
    group: list[tuple[str, Statement]],
    limits: Limits,
) -> Iterator[tuple[str, str]]:
    deadline = time.monotonic() + _WALL_S
    patient = replace(limits, wall_s=_WALL_S)
    try:
        with toolchain.session(folder, {}, patient) as session:
            reason = _say(session, ("Set Silent.", *loads), deadline)
            for name, statement in group:
                base = session.state
                yield name, reason or _say(session, _lines(statement), time.monotonic() + _WALL_S)
                session.back_to(base, time.monotonic() + _WALL_S)
    except (LimitReached, SessionDied) as error:
        yield from ((name, f"Coq stopped: {error}") for name, _ in group)


def _lines(statement: Statement) -> tuple[str, ...]:
    """The statement in its module, and the theorem beside it, sentence by sentence."""
    stated = statement.module("P0").splitlines()
    own = "\n".join(stated[1:-1])
    same = f"Definition same : P0.statement := {statement.name}."
    inside = tuple(sentence.text for sentence in sentences(own))
    beside = (*statement.context("P0"), statement.theorem, "Admitted.", same)
    return (stated[0], *inside, stated[-1], *beside)


def _say(session: Session, lines: Iterable[str], deadline: float) -> str:
    """The first error, or nothing."""
    for line in lines:
        reply = session.say(line, deadline)
        if not reply.ok:
            return f"{one_line(line)[:60]} {one_line(reply.message)}"
    return ""
