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
    than,
)

Rng = np.random.Generator

PEOPLE_IN_ORDER = 4
ORDERS_TO_CHOOSE = 4


def ordering(rng: Rng, corrupt: bool = False) -> Item:
    """Draw an ordering to deduce: neighbours are compared, shuffled; who is at one end, and then?

    ``facts`` has ``choices`` (the right order and three others, shuffled) and ``gold`` (the index
    of the right one). All choices have the same words, so none is likelier by itself.
    """
    people = [NAMES[i] for i in rng.permutation(len(NAMES))[:PEOPLE_IN_ORDER]]
    more, less, most, least = COMPARISONS[rng.integers(len(COMPARISONS))]
    sentences = []
    for high, low in itertools.pairwise(people):
        if rng.random() < 0.5:
            sentences.append((high, f"is {more}", than(low), "."))
        else:
            sentences.append((low, f"is {less}", than(high), "."))
    told = [word for i in rng.permutation(len(sentences)) for word in sentences[i]]
    top = rng.random() < 0.5
    said = tuple(people if top else people[::-1])
    orders = list(itertools.permutations(said))
    others = [orders[1 + i] for i in rng.permutation(len(orders) - 1)[: ORDERS_TO_CHOOSE - 1]]
    shuffled = [(said, *others)[i] for i in rng.permutation(ORDERS_TO_CHOOSE)]
    gold = shuffled.index(said)
    if corrupt:
        said = others[0]
    asked = ("Question:", *told, f"Order from the {most if top else least} :", ANSWER)
    return Item(asked, said, {"choices": [" ".join(order) for order in shuffled], "gold": gold})


def sorting(rng: Rng, corrupt: bool = False, sizes: tuple[int, int] = (4, 7)) -> Item:
    """Draw four to seven animals (or ``sizes``, inclusive) to put into alphabetical order."""
    chosen = rng.permutation(len(SORTABLE))[: rng.integers(sizes[0], sizes[1] + 1)]
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
