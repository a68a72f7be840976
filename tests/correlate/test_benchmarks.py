"""Benchmark facts: unambiguous, within range, and found under the names people use."""

import json
from pathlib import Path

import pytest

from correlate.benchmarks import canonical, facts, resolve


def test_bands_are_those_of_the_schema(repo: Path) -> None:
    schema = json.loads((repo / "results" / "schema.json").read_text())
    band = next(field for field in schema["fields"] if field["name"] == "band")
    assert {fact.band for fact in facts().values()} <= set(band["constraints"]["enum"])


def test_facts_are_possible() -> None:
    for fact in facts().values():
        assert fact.chance is None or 0 <= fact.chance < 1
        assert fact.n is None or fact.n > 0


@pytest.mark.parametrize(
    ("given", "name"),
    [("arc_challenge", "ARC-C"), ("ARC-easy", "ARC-easy"), ("gsm8k", "GSM8K"), ("own", "own")],
)
def test_canonical(given: str, name: str) -> None:
    assert canonical(given) == name


def test_resolve_prefers_the_exact_name_and_never_chooses_between_two() -> None:
    assert resolve("arc_challenge", ["ARC-C", "GSM8K"]) == "ARC-C"
    assert resolve("ARC-C", ["arc_challenge"]) == "arc_challenge"
    assert resolve("gsm8k", ["gsm8k", "GSM8K"]) == "gsm8k"
    assert resolve("gsm-8k", ["gsm8k", "GSM8K"]) == "gsm-8k"
