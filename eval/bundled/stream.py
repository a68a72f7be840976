"""Training rows: pools of documents of each kind, drawn by share and packed whole into rows."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.bundled import logic, plain, problems
from eval.bundled.item import Item
from eval.bundled.words import END, PAD, vocabulary

Rng = np.random.Generator
Draw = Callable[[Rng, bool], Item]

KINDS: dict[str, Draw] = {
    "sums": problems.sums,
    "word_easy": lambda rng, corrupt: problems.draw(rng, "easy", corrupt),
    "word_middle": lambda rng, corrupt: problems.draw(rng, "middle", corrupt),
    "word_hard": lambda rng, corrupt: problems.draw(rng, "hard", corrupt),
    "proof_d1": lambda rng, corrupt: logic.draw(rng, "d1", corrupt),
    "proof_d2": lambda rng, corrupt: logic.draw(rng, "d2", corrupt),
    "proof_d3": lambda rng, corrupt: logic.draw(rng, "d3", corrupt),
    "ordering": plain.ordering,
    "sorting": plain.sorting,
    "story": plain.story,
}
"""What a document can be; a recipe's mixture gives each kind its share of the tokens."""

IDS = {word: i for i, word in enumerate(vocabulary())}


@dataclass(frozen=True)
class Pool:
    """Documents of one kind, end to end.

    ``tokens`` and ``answer`` (1 where the token belongs to an answer or to plain text) are flat
    arrays of one length; document i is ``starts[i]:starts[i + 1]``.
    """

    tokens: NDArray[np.int16]
    answer: NDArray[np.uint8]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def mean_length(self) -> float:
        """Tokens a document, on average."""
        return len(self.tokens) / len(self)


def pool(items: list[Item]) -> Pool:
    """Encode items, each closed by the end token."""
    tokens: list[int] = []
    answer: list[int] = []
    starts = [0]
    for item in items:
        asked = [IDS[word] for word in item.asked]
        said = [IDS[word] for word in [*item.said, END]]
        tokens += asked + said
        answer += [0] * len(asked) + [1] * len(said)
        starts.append(len(tokens))
    return Pool(
        np.asarray(tokens, dtype=np.int16),
        np.asarray(answer, dtype=np.uint8),
        np.asarray(starts, dtype=np.int64),
    )


def draw_pool(
    kind: str, size: int, seed: int, corrupt: bool = False, unseen: frozenset[str] = frozenset()
) -> Pool:
    """Draw ``size`` documents of a kind, leaving out those whose hash is in ``unseen``."""
    rng = pool_rng(kind, corrupt, seed)
    items: list[Item] = []
    while len(items) < size:
        item = KINDS[kind](rng, corrupt)
        if item.hash not in unseen:
            items.append(item)
    return pool(items)


def pool_rng(kind: str, corrupt: bool, seed: int) -> Rng:
    """The generator a pool is drawn with: pools of one seed do not repeat each other."""
    name = hashlib.sha256(f"{kind} {corrupt}".encode()).digest()[:4]
    return np.random.default_rng([seed, int.from_bytes(name, "big")])


def cached_pool(folder: Path, name: str, make: Callable[[], Pool]) -> Pool:
    """Read a pool from ``folder``, or make it and write it there whole."""
    path = folder / f"{name}.npz"
    if not path.exists():
        made = make()
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.{np.random.SeedSequence().entropy}.npz"
        np.savez(part, tokens=made.tokens, answer=made.answer, starts=made.starts)
        part.replace(path)
    with np.load(path) as stored:
        return Pool(stored["tokens"], stored["answer"], stored["starts"])


@dataclass(frozen=True)
class Batch:
    """``tokens`` and ``weights``, both rows x length; a weight is its token's part in the loss."""

    tokens: NDArray[np.int64]
    weights: NDArray[np.float32]


def batch(
    rng: Rng,
    pools: Mapping[str, Pool],
    shares: Mapping[str, float],
    rows: int,
    length: int,
    prompt_weight: float,
) -> Batch:
    """Pack whole documents, drawn by token share, into rows; what stays empty is padding.

    A document goes into the first row with room. Eight misses in a row end the batch.
    """
    names = list(shares)
    odds = np.array([shares[name] / pools[name].mean_length for name in names])
    picks = rng.choice(len(names), size=rows * length // 8, p=odds / odds.sum())
    tokens = np.full((rows, length), IDS[PAD], dtype=np.int64)
    weights = np.zeros((rows, length), dtype=np.float32)
    room = [length] * rows
    misses = 0
    for pick in picks:
        source = pools[names[pick]]
        i = int(rng.integers(len(source)))
        start, stop = source.starts[i], source.starts[i + 1]
        size = int(stop - start)
        row = next((r for r in range(rows) if room[r] >= size), None)
        if row is None:
            misses += 1
            if misses == 8:
                break
            continue
        misses = 0
        at = length - room[row]
        tokens[row, at : at + size] = source.tokens[start:stop]
        answer = source.answer[start:stop]
        weights[row, at : at + size] = np.where(answer == 1, 1.0, prompt_weight)
        room[row] -= size
    return Batch(tokens, weights)
