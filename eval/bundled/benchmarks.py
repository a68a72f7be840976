"""The items of the bundled benchmarks: drawn from fixed seeds, written as JSON lines.

``python -m eval.bundled.benchmarks`` writes them anew; the bytes never change.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.bundled.item import Item
from eval.bundled.stream import KINDS

FOLDER = Path(__file__).parents[1] / "tasks" / "bundled"
ITEMS = 500


@dataclass(frozen=True)
class Source:
    """Where a file of items comes from: the kind that is drawn and the seed."""

    kind: str
    seed: int


SOURCES = {
    "word_easy": Source("word_easy", 101),
    "word_middle": Source("word_middle", 102),
    "word_hard": Source("word_hard", 103),
    "proof_d1": Source("proof_d1", 104),
    "proof_d2": Source("proof_d2", 105),
    "proof_d3": Source("proof_d3", 106),
    "ordering": Source("ordering", 107),
    "sorting": Source("sorting", 108),
    "story": Source("story", 109),
}


def draw(name: str) -> list[Item]:
    """Draw the items of a file, no two alike."""
    source = SOURCES[name]
    rng = np.random.default_rng(source.seed)
    items: dict[str, Item] = {}
    while len(items) < ITEMS:
        item = KINDS[source.kind](rng, False)
        items.setdefault(item.hash, item)
    return list(items.values())


def lines(name: str) -> str:
    """The file of a benchmark, as text."""
    return "".join(json.dumps(_row(item), ensure_ascii=False) + "\n" for item in draw(name))


def hashes() -> frozenset[str]:
    """The hashes of all test items: training leaves every one of them out."""
    return frozenset(item.hash for name in SOURCES for item in draw(name))


def _row(item: Item) -> dict[str, Any]:
    return {"hash": item.hash, "prompt": item.prompt, "answer": item.answer, **item.facts}


def write(folder: Path = FOLDER, say: Callable[[str], None] = print) -> None:
    """Write every file of items into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SOURCES:
        (folder / f"{name}.jsonl").write_text(lines(name))
        say(f"{folder / name}.jsonl")


if __name__ == "__main__":
    write()
