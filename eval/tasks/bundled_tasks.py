"""What the bundled lm-eval tasks share: their items, and how proofs and likelihoods score."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "bundled"


def load(items: str, **_: Any) -> dict[str, Any]:
    """The test split: a file of items, or the first halves of two in turn (``one two``).

    lm-eval passes what it knows besides as keywords.
    """
    from datasets import Dataset

    files = [_rows(name) for name in items.split()]
    share = len(files[0]) // len(files)
    return {"test": Dataset.from_list([row for i in range(share) for row in (f[i] for f in files)])}


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


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
