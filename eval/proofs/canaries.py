"""Candidates whose verdict is known, kept in canaries.yaml: true proofs and cheats."""

import functools
from pathlib import Path
from typing import Any

import yaml

from eval.proofs.checker import Canary, Problem

_FILE = Path(__file__).with_name("canaries.yaml")


@functools.cache
def load(language: str) -> tuple[Canary, ...]:
    """The canaries of one language (`coq`, `lean`, `kernel`), true proofs first."""
    raw: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))[language]
    problems = {name: Problem(name, source) for name, source in raw["problems"].items()}
    return tuple(
        Canary(problems[row["problem"]], row["candidate"], good, row["about"])
        for good, rows in ((True, raw["true"]), (False, raw["cheats"]))
        for row in rows
    )
