"""What the engine did: counted while a cell is scored, written into its record."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """What was asked and what was computed, in tokens.

    logits: positions whose logits were computed. ties: greedy answers with a choice whose best two
    logits lie closer than the arithmetic can tell apart. fallbacks: requests left to HFLM, by
    reason.
    """

    asked: int = 0
    evaluated: int = 0
    padding: int = 0
    logits: int = 0
    generated: int = 0
    ties: int = 0
    fallbacks: Counter[str] = field(default_factory=Counter)

    def record(self) -> dict[str, Any]:
        """As a cell's record has it (`eval/cell.py` explains it)."""
        return {
            "tokens_asked": self.asked,
            "tokens_generated": self.generated,
            "tokens_evaluated": self.evaluated,
            "logits": self.logits,
            "ties": self.ties,
            "fallbacks": dict(sorted(self.fallbacks.items())),
        }
