"""Which statements load: the file compiles, and the theorem as written is the statement we check.

A benchmark leaves out what does not load here; names and reasons are kept in not_loading.yaml,
which `tests/benchmarks/statements.py` writes.
"""

import functools
import time
from collections.abc import Iterable
from pathlib import Path

import yaml

from eval.proofs.book import START_S, Entry, compiled
from eval.proofs.checker import Limits, Problem
from eval.proofs.screen import Script
from eval.proofs.statement import Statement, StatementError, parse
from eval.proofs.toolchain import Toolchain, one_line

_FILE = Path(__file__).with_name("not_loading.yaml")


@functools.cache
def left_out(benchmark: str) -> dict[str, str]:
    """Names of a benchmark's statements that do not load under Debian 12's Coq, with reasons."""
    listed = yaml.safe_load(_FILE.read_text(encoding="utf-8")) or {}
    return dict(listed.get(benchmark, {}))


def load(
    toolchain: Toolchain, problems: Iterable[Problem], limits: Limits = Limits()
) -> dict[str, str]:
    """Each problem's name with an empty string where it loads, else with the reason."""
    reasons: dict[str, str] = {}
    groups: dict[tuple[str, ...], list[tuple[str, Statement]]] = {}
    for problem in problems:
        try:
            statement = parse(problem)
            groups.setdefault(statement.loads, []).append((problem.name, statement))
        except StatementError as error:
            reasons[problem.name] = str(error).removeprefix(f"{problem.name}: ")
    for group in groups.values():
        reasons.update(_load(toolchain, group, limits))
    return reasons


def _load(
    toolchain: Toolchain, group: list[tuple[str, Statement]], limits: Limits
) -> dict[str, str]:
    statements = [statement for _, statement in group]
    with compiled(toolchain, statements, limits) as (book, outcome):
        if outcome.returncode != 0:
            if len(group) == 1:
                reason = outcome.stopped or one_line(outcome.output)
                return {group[0][0]: reason}
            half = len(group) // 2
            first, second = group[:half], group[half:]
            return {**_load(toolchain, first, limits), **_load(toolchain, second, limits)}
        with (
            toolchain.sandbox.folder() as folder,
            toolchain.session(folder, book.roots, limits) as session,
        ):
            deadline = time.monotonic() + START_S * (1 + len(group))
            admitted = [Entry(0, s, Script((), (s.theorem, "Admitted."))) for s in statements]
            for line in (*book.requires, "Set Silent.", *admitted[0].loads):
                session.say(line, deadline)
            reasons = {}
            for (name, statement), entry in zip(group, admitted, strict=True):
                base, reasons[name] = session.state, ""
                target = f"{book.modules[statement]}.statement"
                same = f"Definition same : {target} := {statement.name}."
                for line in (*book.lines(entry), same):
                    reply = session.say(line, deadline)
                    if not reply.ok:
                        reasons[name] = f"restated, differs: {one_line(reply.message)}"
                        break
                session.back_to(base, deadline)
            return reasons
