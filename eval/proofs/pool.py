"""Judge many candidates: known checkers, canaries once a process, verdicts kept between runs.

The cache is a SQLite file, `$PROOF_CACHE` or verdicts.sqlite in the user's cache folder;
`PROOF_CACHE=off` does without. Keys hold the checker's id, its limits, the statement and the
candidate. Verdicts that hang on the machine (timeout, resource, checker_error) are never kept.
"""

import functools
import json
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from eval.errors import InputError
from eval.proofs.checker import (
    Checker,
    Limits,
    Problem,
    Verdict,
    digest,
    prove_canaries,
)

_KEPT = frozenset({"verified", "rejected", "malformed"})


def _coq() -> Checker:
    from eval.proofs.coq import CoqChecker

    return CoqChecker()


def _lean() -> Checker:
    from eval.proofs.lean import LeanChecker

    return LeanChecker()


def _kernel() -> Checker:
    from eval.proofs.builtin import KernelChecker

    return KernelChecker()


CHECKERS: dict[str, Callable[[], Checker]] = {"coq": _coq, "lean": _lean, "kernel": _kernel}


@functools.cache
def ready(name: str) -> Checker:
    """The checker of that name, its canaries proved. Raises `CheckerError` where it cannot judge.

    Raises
    ------
    InputError
        If there is no checker of that name.
    """
    _known(name)
    checker = CHECKERS[name]()
    prove_canaries(checker)
    return checker


def _known(name: str) -> None:
    if name not in CHECKERS:
        raise InputError(f"--checker: {name}: unknown; choose from {', '.join(CHECKERS)}")


def protections(checker: Checker) -> frozenset[str]:
    """Which protections hold around the checker's processes."""
    held: frozenset[str] = getattr(checker, "protections", frozenset())
    return held


def split(checker: str, name: str, text: str) -> tuple[str, str]:
    """A file that states and proves as a statement file and a candidate.

    Raises `StatementError` where it holds no theorem.
    """
    _known(checker)
    if checker == "lean":
        from eval.proofs import lean_text

        return lean_text.split(text)
    if checker == "kernel":
        told, _, script = text.partition("Proof.")
        return told.strip().removeprefix("Theorem"), script
    from eval.proofs.statement import stated_alone

    return stated_alone(Problem(name, text)), text


def judge(
    checker: Checker, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
) -> list[Verdict]:
    """One verdict for each pair, in order; equal pairs are judged once, known ones not at all.

    What ends in `checker_error` is tried once more by itself before it is believed.
    """
    keys = [digest(checker.id, repr(limits), p.name, p.source, text) for p, text in pairs]
    known = _recall(keys)
    fresh = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
    found = dict(zip(fresh, checker.check_all(list(fresh.values()), limits), strict=True))
    for key, verdict in found.items():
        if verdict.status == "checker_error":
            found[key] = checker.check_all([fresh[key]], limits)[0]
    _keep(found)
    return [known[key] if key in known else found[key] for key in keys]


def _file() -> Path | None:
    named = os.environ.get("PROOF_CACHE", "")
    if named == "off":
        return None
    if named:
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "easy-predicts-hard" / "verdicts.sqlite"


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=60)
    connection.execute("CREATE TABLE IF NOT EXISTS verdict (key TEXT PRIMARY KEY, json TEXT)")
    return connection


def _recall(keys: Sequence[str]) -> dict[str, Verdict]:
    path = _file()
    if path is None or not path.exists():
        return {}
    known = {}
    with closing(_open(path)) as connection:
        for key in set(keys):
            row = connection.execute("SELECT json FROM verdict WHERE key = ?", (key,)).fetchone()
            if row:
                fields = json.loads(row[0])
                known[key] = Verdict(**{**fields, "axioms": tuple(fields["axioms"])})
    return known


def _keep(found: dict[str, Verdict]) -> None:
    path = _file()
    rows = [(k, json.dumps(v.as_json())) for k, v in found.items() if v.status in _KEPT]
    if path is None or not rows:
        return
    with closing(_open(path)) as connection, connection:
        connection.executemany("INSERT OR REPLACE INTO verdict VALUES (?, ?)", rows)
