"""What is no maths: ordering deductions, words to sort, and small stories."""

import itertools

import numpy as np

from eval.bundled.item import Item
from eval.bundled.words import (
    ADJECTIVES,
    ANSWER,
    COMPARISONS,
    MOVES,
    NAMES,
    PLACES,
    SORTABLE,
    THINGS,
    TIMES,
    VERBS,
)

Rng = np.random.Generator

PEOPLE_IN_ORDER = 4


def ordering(rng: Rng, corrupt: bool = False) -> Item:
    """Draw an ordering to deduce: neighbours are compared, shuffled; who is at one end?

    The answer names that person first, then the others in order, so that one item teaches more.
    ``facts`` has ``choices`` (both ends, shuffled) and ``gold`` (the index of the answer).
    """
    people = [NAMES[i] for i in rng.permutation(len(NAMES))[:PEOPLE_IN_ORDER]]
    more, less, most, least = COMPARISONS[rng.integers(len(COMPARISONS))]
    sentences = []
    for high, low in itertools.pairwise(people):
        if rng.random() < 0.5:
            sentences.append((high, f"is {more} than", low, "."))
        else:
            sentences.append((low, f"is {less} than", high, "."))
    told = [word for i in rng.permutation(len(sentences)) for word in sentences[i]]
    top = rng.random() < 0.5
    said = people if top else people[::-1]
    # Both ends, in either order: people in the middle are named twice, and a model that only
    # prefers what it has read more often would score far below chance among all four.
    ends = (people[0], people[-1])
    choices = [people[i] for i in rng.permutation(len(people)) if people[i] in ends]
    gold = choices.index(said[0])
    if corrupt:
        said = [people[i] for i in rng.permutation(len(people))]
    asked = ("Question:", *told, f"Who is the {most if top else least} ?", ANSWER)
    return Item(asked, tuple(said), {"choices": choices, "gold": gold})


def sorting(rng: Rng, corrupt: bool = False) -> Item:
    """Draw four to seven animals to put into alphabetical order."""
    chosen = rng.permutation(len(SORTABLE))[: rng.integers(4, 8)]
    order = rng.permutation(chosen) if corrupt else np.sort(chosen)
    asked = ("Sort:", *(SORTABLE[i] for i in chosen), ANSWER)
    return Item(asked, tuple(SORTABLE[i] for i in order))


def story(rng: Rng, corrupt: bool = False) -> Item:
    """Draw a story of three to six sentences about one person, one thing and one place.

    ``corrupt`` draws the person, thing and place anew for every sentence.
    """
    words: list[str] = []
    topic = _topic(rng)
    for i in range(int(rng.integers(3, 7))):
        if corrupt:
            topic = _topic(rng)
        person, kind, thing, place = topic
        if i:
            words.append(TIMES[rng.integers(len(TIMES))])
        form = rng.random()
        if form < 0.5:
            words += [person, VERBS[rng.integers(len(VERBS))], "the", kind, thing, "."]
        elif form < 0.8:
            words += [person, MOVES[rng.integers(len(MOVES))], "to the", place, "."]
        else:
            words += ["the", thing, "was in the", place, "with", person, "."]
    return Item((), tuple(words))


def _topic(rng: Rng) -> tuple[str, str, str, str]:
    return (
        NAMES[rng.integers(len(NAMES))],
        ADJECTIVES[rng.integers(len(ADJECTIVES))],
        THINGS[rng.integers(len(THINGS))],
        PLACES[rng.integers(len(PLACES))],
    )
