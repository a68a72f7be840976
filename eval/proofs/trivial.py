"""Two provers that know nothing: the floor that a model has to beat."""

from collections.abc import Callable

import numpy as np

from eval.proofs.kernel import judge
from eval.proofs.propositional import And, Formula, Implies, Statement

Rng = np.random.Generator
Choose = Callable[[list[str]], str]

STEPS = 30


def random_step(rng: Rng, statement: Statement) -> str:
    """At every goal take any step that applies, with equal odds."""
    return _run(statement, lambda steps: steps[rng.integers(len(steps))])


def first_head(rng: Rng, statement: Statement) -> str:
    """At every goal take the first hypothesis whose head matches; conjunctions are opened first.

    ``rng`` is not used; provers share one signature.
    """
    return _run(statement, lambda steps: steps[0])


PROVERS = {"random-step": random_step, "first-head": first_head}


def pass_rate(
    prover: Callable[[Rng, Statement], str], rng: Rng, statements: list[Statement]
) -> float:
    """Share of the statements that the prover's one attempt proves."""
    return float(np.mean([judge(one, prover(rng, one)).ok for one in statements]))


def _run(statement: Statement, choose: Choose) -> str:
    """Build a script; give up, with an unfinished script, where nothing applies."""
    script: list[str] = []
    known = dict(statement.hypotheses)
    for name, formula in statement.hypotheses.items():
        if isinstance(formula, And):
            parts = [f"{name}l", f"{name}r"]
            script.append(f"destruct {name} as [{parts[0]} {parts[1]}].")
            del known[name]
            known |= dict(zip(parts, (formula.left, formula.right), strict=True))
    goals: list[Formula] = [statement.goal]
    for _ in range(STEPS):
        if not goals:
            break
        goal = goals[0]
        steps: dict[str, list[Formula]] = {
            f"exact {name}.": [] for name, formula in known.items() if formula == goal
        }
        for name, formula in known.items():
            if isinstance(formula, Implies) and formula.right == goal:
                steps[f"apply {name}."] = [formula.left]
        if isinstance(goal, And):
            steps["split."] = [goal.left, goal.right]
        if not steps:
            break
        step = choose(list(steps))
        script.append(step)
        goals[:1] = steps[step]
    return " ".join([*script, "Qed."])
