"""Proof items: hypotheses over atoms, a goal, and a tactic script that Coq accepts."""

import itertools
from dataclasses import dataclass

import numpy as np

from eval.bundled.item import Item
from eval.bundled.words import ATOMS, HYPOTHESES, PARTS

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
    (``A h4 : B``: from A, h4 gives B); Coq and the kernel skip comments.
    """
    bounds = DEPTHS[depth]
    atoms = [ATOMS[i] for i in rng.permutation(len(ATOMS))]
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
    forms = [_fact(fact) for fact in facts] + [(a, f"-> {b}") for a, b in steps + ends]
    shuffled = len(facts) + rng.permutation(len(forms) - len(facts))
    order = [*range(len(facts)), *(int(i) for i in shuffled)]
    name = {forms[old]: HYPOTHESES[new] for new, old in enumerate(order)}
    told = [word for old in order for word in (f"{name[forms[old]]} :", *forms[old])]
    goal = _fact([chain[-1] for chain in chains])
    said = _script(rng, chains, facts, name, corrupt)
    return Item(("Theorem", *told, "|-", *goal, "Proof."), said, {"depth": len(steps)})


def _fact(atoms: list[str]) -> tuple[str, ...]:
    return (atoms[0], *(f"/\\ {atom}" for atom in atoms[1:]))


def _script(
    rng: Rng,
    chains: list[list[str]],
    facts: list[list[str]],
    name: dict[tuple[str, ...], str],
    corrupt: bool,
) -> tuple[str, ...]:
    opening: list[str] = []
    plan: list[str] = []
    tactics: list[str] = []
    for chain, fact in zip(chains, facts, strict=True):
        known = name[_fact(fact)]
        if len(fact) == 2:
            opening.append(f"destruct {known} as [ a b ] .")
            known = PARTS[fact.index(chain[0])]
        steps = [(a, f"-> {b}") for a, b in itertools.pairwise(chain)]
        plan += [";", chain[0]] if plan else [chain[0]]
        plan += [
            word
            for step, atom in zip(steps, chain[1:], strict=True)
            for word in (f"{name[step]} :", atom)
        ]
        tactics += [f"apply {name[step]} ." for step in steps[::-1]] + [f"exact {known} ."]
    if corrupt:
        at = int(rng.integers(len(tactics)))
        verb = tactics[at].split(" ", 1)[0]
        tactics[at] = f"{verb} {HYPOTHESES[rng.integers(len(name))]} ."
    if len(chains) > 1:
        opening.append("split .")
    return ("(*", *plan, "*)", *opening, *tactics, "Qed.")


def _between(rng: Rng, bounds: tuple[int, int]) -> int:
    return int(rng.integers(bounds[0], bounds[1] + 1))
