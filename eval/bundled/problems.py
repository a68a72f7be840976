"""Word problems: a chain of comparisons between people, and the worked answer that solves it."""

from dataclasses import dataclass

import numpy as np

from eval.bundled.item import Item
from eval.bundled.words import (
    ANSWER,
    LARGEST,
    LARGEST_CHANGE,
    LARGEST_DIFFERENCE,
    NAMES,
    OBJECTS,
    asked_for,
    compared,
    difference,
    has,
    than,
)

Rng = np.random.Generator


@dataclass(frozen=True)
class Band:
    """How hard a word problem is.

    ``steps`` and ``distractors`` (people who do not matter) are inclusive bounds; ``shuffled`` is
    the probability that the sentences are out of order.
    """

    steps: tuple[int, int]
    shuffled: float
    distractors: tuple[int, int]


BANDS = {
    "easy": Band(steps=(1, 2), shuffled=0.5, distractors=(0, 2)),
    "middle": Band(steps=(3, 4), shuffled=0.5, distractors=(0, 1)),
    "hard": Band(steps=(5, 8), shuffled=1.0, distractors=(2, 3)),
}


def draw(rng: Rng, band: str, corrupt: bool = False) -> Item:
    """Draw one problem of a band; ``corrupt`` puts one wrong sum into the worked answer.

    The answer walks from the person asked for to the one whose number is given, says each
    sentence again and adds the differences up on the way: every step is a look-up or a sum.
    """
    bounds = BANDS[band]
    steps = _between(rng, bounds.steps)
    extra = _between(rng, bounds.distractors)
    people = [NAMES[i] for i in rng.permutation(len(NAMES))[: steps + 1 + extra]]
    thing = OBJECTS[rng.integers(len(OBJECTS))]
    changes = _chain(rng, steps)
    given = _given(rng, changes)
    sentences = [(people[0], has(given), thing)]
    sentences += [(people[i + 1], compared(changes[i]), than(people[i])) for i in range(steps)]
    for i in range(steps + 1, len(people)):
        other = people[rng.integers(i)]
        sentences.append((people[i], compared(_change(rng)), than(other)))
    order = np.arange(len(sentences))
    if rng.random() < bounds.shuffled:
        order = rng.permutation(len(sentences))
    told = [word for i in order for word in (*sentences[i], ".")]
    asked = ("Question:", *told, f"How many {thing} does", asked_for(people[steps]), ANSWER)
    said = _solve(rng, sentences[: steps + 1], given, changes, corrupt)
    return Item(asked, said, {"steps": steps, "target": str(given + sum(changes))})


def sums(rng: Rng, corrupt: bool = False) -> Item:
    """Draw four bare sums, each wrong with probability 1/2 when ``corrupt``."""
    words: list[str] = []
    for _ in range(4):
        left = int(rng.integers(LARGEST + 1))
        change = int(rng.integers(-min(left, LARGEST_DIFFERENCE), LARGEST - left + 1))
        result = left + change
        if corrupt and rng.random() < 0.5:
            result = int((result + rng.integers(1, LARGEST + 1)) % (LARGEST + 1))
        words += [str(left), "+" if change >= 0 else "-", str(abs(change)), "=", str(result), ";"]
    return Item((), tuple(words[:-1]))


def _change(rng: Rng) -> int:
    """Draw a difference between two people, never 0."""
    size = int(rng.integers(1, LARGEST_CHANGE + 1))
    return size if rng.random() < 0.5 else -size


def _chain(rng: Rng, steps: int) -> list[int]:
    """Draw the differences along a chain, from the given number on.

    Added up from the far end, as the answer does, they stay within the largest difference.
    """
    while True:
        changes = [_change(rng) for _ in range(steps)]
        if np.abs(np.cumsum(changes[::-1])).max() <= LARGEST_DIFFERENCE:
            return changes


def _given(rng: Rng, changes: list[int]) -> int:
    """Draw the given number so that it and the answer are in range."""
    total = sum(changes)
    return int(rng.integers(max(0, -total), min(LARGEST, LARGEST - total) + 1))


def _solve(
    rng: Rng, chain: list[tuple[str, str, str]], given: int, changes: list[int], corrupt: bool
) -> tuple[str, ...]:
    wrong = int(rng.integers(len(changes) + 1)) if corrupt else -1
    (first, known, _), *compares = chain
    words: list[str] = []
    total = 0
    for i, ((person, phrase, other), change) in enumerate(
        zip(compares[::-1], changes[::-1], strict=True)
    ):
        # only after a slip can the sum leave its range
        total = max(-LARGEST_DIFFERENCE, min(LARGEST_DIFFERENCE, total + change))
        if i == wrong:
            total = _slip(rng, total, LARGEST_DIFFERENCE)
        words += [person, phrase, other, difference(total)]
    result = given + total
    if wrong == len(changes):
        result = _slip(rng, result, LARGEST)
    result = min(max(result, 0), LARGEST)
    return (*words, first, known, "####", str(result))


def _slip(rng: Rng, right: int, largest: int) -> int:
    """Draw a wrong result within three of the right one and within the largest size."""
    near = [right + k for k in (-3, -2, -1, 1, 2, 3) if abs(right + k) <= largest]
    return near[rng.integers(len(near))]


def _between(rng: Rng, bounds: tuple[int, int]) -> int:
    return int(rng.integers(bounds[0], bounds[1] + 1))
