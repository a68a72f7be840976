"""Claims: many verdicts of one sense made into one, and the thresholds all of them stand on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from correlate.senses.result import Verdict

THRESHOLDS = Path(__file__).with_name("claims.yaml")


def thresholds_hash(file: Path = THRESHOLDS) -> str:
    """First 12 hex digits of the SHA-256 of the thresholds file, as the report prints it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for several: agreement keeps it, disagreement is mixed.

    Verdicts that are ``insufficient`` do not vote; where no other is left, nothing is known.
    """
    voting = {v for v in verdicts if v is not Verdict.INSUFFICIENT}
    if not voting:
        return Verdict.INSUFFICIENT
    return voting.pop() if len(voting) == 1 else Verdict.MIXED
