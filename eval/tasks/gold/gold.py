"""Likelihood of a gold solution: what the lm-eval tasks of this folder share."""

import re
from collections.abc import Callable
from typing import Any

CALCULATOR = re.compile(r"<<[^>]*>>")  # GSM8K's annotations, which no one writes by hand


def solution(doc: dict[str, Any]) -> str:
    """GSM8K's worked answer as plain text, its last line 'The answer is N.'"""
    worked, _, number = CALCULATOR.sub("", doc["answer"]).partition("####")
    return f" {worked.strip()}\nThe answer is {number.strip()}."


def bits(target: Callable[[dict[str, Any]], str]) -> Callable[..., dict[str, Any]]:
    """A ``process_results`` for lm-eval: log-likelihood in nats, and length in bytes, of a text."""

    def process(doc: dict[str, Any], results: list[tuple[float, bool]]) -> dict[str, Any]:
        return {"bits_per_byte": (results[0][0], len(target(doc).encode()))}

    return process


def math_solution(doc: dict[str, Any]) -> str:
    """The worked solution of a MATH problem."""
    return f" {doc['solution']}"


def statement(doc: dict[str, Any]) -> str:
    """The formal statement, without the 'sorry' that stands for its proof."""
    return " " + re.sub(r":=\s*(by\s*)?sorry\s*$", ":=", doc["formal_statement"].strip())


def proof(doc: dict[str, Any]) -> str:
    """The proof in words."""
    return f" {doc['nl_proof'].strip()}"


def with_proof(docs: Any) -> Any:
    """Items whose proof is not empty."""
    return docs.filter(lambda doc: bool(doc["nl_proof"].strip()))


def _of_level(level: int) -> Callable[[Any], Any]:
    return lambda docs: docs.filter(lambda doc: int(doc["level"]) == level)


level_1, level_2, level_3, level_4, level_5 = (_of_level(level) for level in range(1, 6))
gsm8k_bits = bits(solution)
math_bits = bits(math_solution)
statement_bits = bits(statement)
proof_bits = bits(proof)
