"""One item of any kind: what is asked, what is answered, and the hash that keeps tests unseen."""

import hashlib
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Item:
    """A prompt and its answer, both as tokens of the vocabulary.

    ``asked`` is empty for plain text; ``facts`` holds what a benchmark needs besides, such as the
    choices of a multiple-choice item.
    """

    asked: tuple[str, ...]
    said: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """What is asked, as text."""
        return " ".join(self.asked)

    @property
    def answer(self) -> str:
        """What is answered, as text."""
        return " ".join(self.said)

    @property
    def hash(self) -> str:
        """Names the question: a training item with this hash would be a leaked test item."""
        return hashlib.sha256((self.prompt or self.answer).encode()).hexdigest()[:16]
