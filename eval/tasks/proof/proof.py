"""Formal proof as lm-eval tasks: what the task files of this folder call."""

from pathlib import Path
from typing import Any

import yaml

from eval.proofs.lmeval import (  # noqa: F401 - named in the task files
    ProofTask,
    dataset,
    over_problems,
    process_results,
    prompt,
    statement_bits,
)

_FOLDER = Path(__file__).parent


def coq_shots() -> list[dict[str, Any]]:
    """Fixed examples of Coq proofs, written for this project."""
    return _shots("coq")


def lean_shots() -> list[dict[str, Any]]:
    """Fixed examples of Lean proofs, written for this project."""
    return _shots("lean")


def _shots(checker: str) -> list[dict[str, Any]]:
    rows = yaml.safe_load((_FOLDER / "shots.yaml").read_text(encoding="utf-8"))[checker]
    return [{**row, "checker": checker} for row in rows]
