"""What the bundled lm-eval tasks share: their items, and how proofs and likelihoods score."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "bundled"


def load(items: str, **_: Any) -> dict[str, Any]:
    """The test split of a file of items; lm-eval passes what it knows besides as keywords."""
    from datasets import Dataset

    rows = [json.loads(line) for line in (FOLDER / f"{items}.jsonl").read_text().splitlines()]
    return {"test": Dataset.from_list(rows)}


def proved(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Whether the script proves the statement, by the built-in kernel once it has proved itself."""
    from eval.proofs.checker import Problem, check
    from eval.proofs.pool import ready

    (verdict,) = check(ready("kernel"), Problem(doc["hash"], doc["statement"]), results[:1])
    if verdict.value is None:
        raise ValueError(verdict.reason)
    return {"proved": verdict.value}


def answer_bits(doc: dict[str, Any], results: list[tuple[float, bool]]) -> dict[str, Any]:
    """Log-likelihood (nats) of the gold answer with its length in bytes, for bits per byte."""
    likelihood, _ = results[0]
    return {"bits_per_byte": (likelihood, len(doc["answer"].encode()))}
