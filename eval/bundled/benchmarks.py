"""The items of the bundled benchmarks: drawn from fixed seeds, written as JSON lines.

``python -m eval.bundled.benchmarks`` writes them anew; the bytes never change.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.bundled import plain
from eval.bundled.item import Item
from eval.bundled.stream import KINDS, Draw

FOLDER = Path(__file__).parents[1] / "tasks" / "bundled"
ITEMS = 500


LONG_LISTS = (8, 9)
"""Animals to sort in half of the placebo's items: more than any training document has."""


@dataclass(frozen=True)
class Source:
    """Where a file of items comes from: what draws them and the seed."""

    draw: Draw
    seed: int


SOURCES = {
    "word_easy": Source(KINDS["word_easy"], 101),
    "word_middle": Source(KINDS["word_middle"], 102),
    "word_hard": Source(KINDS["word_hard"], 103),
    "proof_d1": Source(KINDS["proof_d1"], 104),
    "proof_d2": Source(KINDS["proof_d2"], 105),
    "proof_d3": Source(KINDS["proof_d3"], 106),
    "ordering": Source(KINDS["ordering"], 107),
    "sorting": Source(KINDS["sorting"], 108),
    "sorting_long": Source(lambda rng, corrupt: plain.sorting(rng, corrupt, LONG_LISTS), 110),
    "story": Source(KINDS["story"], 109),
}


def draw(name: str) -> list[Item]:
    """Draw the items of a file, no two alike."""
    source = SOURCES[name]
    rng = np.random.default_rng(source.seed)
    items: dict[str, Item] = {}
    while len(items) < ITEMS:
        item = source.draw(rng, False)
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
