"""Proof items: hypotheses over atoms, a goal, and a tactic script that Coq accepts.

The prompt shows a hypothesis as an arrow with its name on it, ``Ann -[h2]-> Bob ,``, and a fact as
``Ann [h1] ,``: what is looked up follows what it is looked up by. The checker never sees that; it
judges the statement in ``facts``, ``h1 : Ann h2 : Ann -> Bob |- Bob``.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from eval.bundled.item import Item
from eval.bundled.words import HYPOTHESES, NAMES, PARTS, arrow, ending, label

Rng = np.random.Generator


@dataclass(frozen=True)
class Depth:
    """How deep a proof is: inclusive bounds of implications on the way and of dead ends beside it.

    ``paired`` is the probability that the fact is one side of a conjunction; ``split`` that the
    goal is a conjunction, with a second, one-step chain for its other side.
    """

    chain: tuple[int, int]
    dead_ends: tuple[int, int]
    paired: float
    split: float


DEPTHS = {
    "d1": Depth(chain=(1, 2), dead_ends=(1, 2), paired=0.2, split=0.0),
    "d2": Depth(chain=(3, 4), dead_ends=(2, 3), paired=0.3, split=0.0),
    "d3": Depth(chain=(4, 6), dead_ends=(3, 4), paired=0.3, split=0.5),
}


def draw(rng: Rng, depth: str, corrupt: bool = False) -> Item:
    """Draw one statement of a depth with its script; ``corrupt`` applies one wrong hypothesis.

    A dead end is an implication whose head is on the way and whose premise nothing proves, so
    that working backwards has to look ahead. Facts come first, in the order of the goals. The
    script opens with a comment that works forwards from the fact, which needs no search
    (``Ann -[h4]-> Bob``); Coq and the kernel skip comments. Atoms are the names of the word
    problems, so that looking one up is one skill.
    """
    bounds = DEPTHS[depth]
    atoms = [NAMES[i] for i in rng.permutation(len(NAMES))]
    split = rng.random() < bounds.split
    length = _between(rng, bounds.chain) - (2 if split else 0)
    chains = [[atoms.pop() for _ in range(length + 1)]]
    if split:
        chains.append([atoms.pop() for _ in range(2)])
    paired = rng.random() < bounds.paired
    facts = [[chain[0]] for chain in chains]
    if paired:
        facts[0].insert(int(rng.integers(2)), atoms.pop())
    steps = [(a, b) for chain in chains for a, b in itertools.pairwise(chain)]
    heads = [b for _, b in steps]
    wanted = min(_between(rng, bounds.dead_ends), len(atoms))
    ends = [(atoms.pop(), heads[rng.integers(len(heads))]) for _ in range(wanted)]
    arrows = [(steps + ends)[i] for i in rng.permutation(len(steps + ends))]
    # Names out of order: told in order, the next name can be guessed without a look-up.
    labels = [HYPOTHESES[i] for i in rng.permutation(len(HYPOTHESES))]
    name = dict(zip(arrows, labels[len(facts) :], strict=False))
    shown = [word for i, fact in enumerate(facts) for word in (*_and(fact), label(labels[i]))]
    stated = [f"{labels[i]} : {' '.join(_and(fact))}" for i, fact in enumerate(facts)]
    for a, b in arrows:
        shown += [a, arrow(name[a, b]), ending(b)]
        stated.append(f"{name[a, b]} : {a} -> {b}")
    goal = _and([chain[-1] for chain in chains])
    said = _script(rng, chains, facts, labels, name, corrupt)
    return Item(
        ("Theorem", *shown, "|-", *goal, "Proof."),
        said,
        {"depth": len(steps), "statement": f"{' '.join(stated)} |- {' '.join(goal)}"},
    )


def _and(atoms: list[str]) -> tuple[str, ...]:
    return (atoms[0], *(f"/\\ {atom}" for atom in atoms[1:]))


def _script(
    rng: Rng,
    chains: list[list[str]],
    facts: list[list[str]],
    labels: list[str],
    name: dict[tuple[str, str], str],
    corrupt: bool,
) -> tuple[str, ...]:
    opening: list[str] = []
    plan: list[str] = []
    tactics: list[str] = []
    for chain, fact, known in zip(chains, facts, labels, strict=False):
        if len(fact) == 2:
            opening.append(f"destruct {known} as [ a b ] .")
            known = PARTS[fact.index(chain[0])]
        steps = list(itertools.pairwise(chain))
        plan += [";", chain[0]] if plan else [chain[0]]
        plan += [word for step in steps for word in (arrow(name[step]), step[1])]
        tactics += [f"apply {name[step]} ." for step in steps[::-1]] + [f"exact {known} ."]
    if corrupt:
        at = int(rng.integers(len(tactics)))
        verb = tactics[at].split(" ", 1)[0]
        tactics[at] = f"{verb} {labels[rng.integers(len(facts) + len(name))]} ."
    if len(chains) > 1:
        opening.append("split .")
    return ("(*", *plan, "*)", *opening, *tactics, "Qed.")


def _between(rng: Rng, bounds: tuple[int, int]) -> int:
    return int(rng.integers(bounds[0], bounds[1] + 1))
