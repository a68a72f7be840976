"""The Coq checker: screen the words, group by the libraries loaded, judge each group.

A candidate is screened (screen.py) before Coq sees it, tried in a session (book.py), and what the
session lets through is compiled and checked in files (confirm.py), which alone say "verified".
"""

import functools
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from eval.proofs import canaries, toolchain
from eval.proofs.book import Entry, judge
from eval.proofs.checker import Canary, Limits, Problem, Verdict, fingerprint
from eval.proofs.screen import Refused, rules, screen
from eval.proofs.statement import StatementError, parse

_WORTH = 30  # candidates that take about as long to try as their libraries take to load


class CoqChecker:
    """Judges candidates with the Coq on this machine. Raises `CheckerError` where there is none."""

    def __init__(self, workers: int | None = None) -> None:
        self.toolchain = toolchain.find()
        self._workers = workers or len(os.sched_getaffinity(0))
        self.protections = self.toolchain.protections
        self.id = f"coq-{self.toolchain.version}/{rules().id}/{_own_id()}"

    def canaries(self) -> Sequence[Canary]:
        """True proofs and the cheats of canaries.yaml."""
        return canaries.load("coq")

    def check_all(
        self, pairs: Sequence[tuple[Problem, str]], limits: Limits = Limits()
    ) -> list[Verdict]:
        """Judge all pairs; those that load the same libraries share their processes."""
        verdicts: dict[int, Verdict] = {}
        groups: dict[tuple[str, ...], list[Entry]] = {}
        for place, (problem, text) in enumerate(pairs):
            try:
                statement = parse(problem)
                entry = Entry(place, statement, screen(statement, text, limits.text_kb))
                groups.setdefault(entry.loads, []).append(entry)
            except StatementError as error:
                verdicts[place] = Verdict("checker_error", str(error))
            except Refused as error:
                verdicts[place] = Verdict(error.status, error.reason)
        with ThreadPoolExecutor(self._workers) as pool:
            parts = [part for entries in groups.values() for part in self._parts(entries)]
            for found in pool.map(lambda part: judge(self.toolchain, part, limits), parts):
                verdicts.update(found)
        return [replace(verdicts[i], checker_id=self.id) for i in range(len(pairs))]

    def _parts(self, entries: list[Entry]) -> list[list[Entry]]:
        """Entries of one group for several workers, each worth the loading of its libraries."""
        size = max(_WORTH, math.ceil(len(entries) / self._workers))
        return [entries[i : i + size] for i in range(0, len(entries), size)]


@functools.cache
def _own_id() -> str:
    """A fingerprint of the checking code: a changed checker does not reuse old verdicts."""
    here = Path(__file__).parent
    names = ("assumptions", "book", "confirm", "coq", "screen", "session", "statement", "syntax")
    return fingerprint(*((here / f"{name}.py").read_text(encoding="utf-8") for name in names))
