"""The built-in kernel: runs a tactic script on a statement and type-checks the proof it built.

A script builds a proof term; the term is then checked against the goal by `terms.infer` alone, so a
mistake in a tactic cannot make a false statement pass. Tactics follow Coq 8.16: ``apply h.``,
``exact h.``, ``split.``, ``destruct h as [a b].``, ``Qed.``; comments ``(* ... *)`` are skipped.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eval.proofs.propositional import (
    WORD,
    And,
    Context,
    Formula,
    Implies,
    Rejected,
    Statement,
    atoms,
    parse_statement,
)
from eval.proofs.terms import App, Open, Pair, Term, Var, infer


@dataclass(frozen=True)
class Judgement:
    """``ok`` when the script proves the statement; ``reason`` says in words why or why not."""

    ok: bool
    reason: str


Build = Callable[[list[Term]], Term]


@dataclass
class _Goal:
    """An open goal, the names that are not free, and where its proof goes once it is found."""

    context: Context
    formula: Formula
    atoms: frozenset[str]
    fill: Callable[[Term], None]


def judge(statement: Statement | str, script: str) -> Judgement:
    """Say whether ``script`` proves ``statement``. Pure; never raises on a bad script."""
    try:
        if isinstance(statement, str):
            statement = parse_statement(statement)
        proved = infer(statement.hypotheses, run(statement, script))
        if proved != statement.goal:
            raise Rejected("the proof term proves something else")
    except Rejected as error:
        return Judgement(False, str(error))
    return Judgement(True, "proved")


def run(statement: Statement, script: str) -> Term:
    """Run the tactics and return the finished proof term. Raises `Rejected`."""
    found: list[Term] = []
    taken = frozenset(atoms(statement))
    goals = [_Goal(dict(statement.hypotheses), statement.goal, taken, found.append)]
    sentences = _sentences(script)
    if sentences[-1:] != ["Qed"]:
        raise Rejected("the script does not end with Qed.")
    for number, sentence in enumerate(sentences[:-1], start=1):
        if not goals:
            raise Rejected(f"tactic {number}: no goal is left for {sentence!r}")
        try:
            goals[:1] = _step(goals[0], sentence)
        except Rejected as error:
            raise Rejected(f"tactic {number}: {error}") from None
    if goals:
        raise Rejected(f"Qed: {len(goals)} goal(s) left")
    return found[0]


def _sentences(script: str) -> list[str]:
    """Split a script into sentences without comments and with single spaces."""
    if '"' in script:
        raise Rejected("a quotation mark has no place in a script")
    depth, kept, at = 0, list[str](), 0
    while at < len(script):
        mark = script[at : at + 2]
        if mark in ("(*", "*)"):
            depth += 1 if mark == "(*" else -1
            if depth < 0:
                raise Rejected("a comment is closed that was not opened")
            kept.append(" ")
            at += 2
            continue
        if depth == 0:
            kept.append(script[at])
        at += 1
    if depth:
        raise Rejected("a comment is not closed")
    text = " ".join("".join(kept).split())
    *sentences, rest = [part.strip() for part in re.split(r"\.(?=\s|$)", text)]
    if rest:
        raise Rejected(f"the last sentence has no full stop: {rest!r}")
    return sentences


def _step(goal: _Goal, sentence: str) -> list[_Goal]:
    """Apply one tactic to the first goal; return the goals that replace it."""
    if sentence == "split":
        return _split(goal)
    if match := re.fullmatch(rf"(apply|exact) ({WORD})", sentence):
        name = match[2]
        if name not in goal.context:
            raise Rejected(f"no hypothesis {name}")
        if match[1] == "apply":
            return _apply(goal, name)
        if goal.context[name] != goal.formula:
            raise Rejected(f"{name} is not a proof of the goal")
        goal.fill(Var(name))
        return []
    if match := re.fullmatch(rf"destruct ({WORD}) as \[ ?({WORD}) ({WORD}) ?\]", sentence):
        return _destruct(goal, match[1], match[2], match[3])
    raise Rejected(f"not a tactic of the grammar: {sentence!r}")


def _split(goal: _Goal) -> list[_Goal]:
    if not isinstance(goal.formula, And):
        raise Rejected("split needs a conjunction as its goal")
    return _subgoals(goal, [goal.formula.left, goal.formula.right], lambda done: Pair(*done))


def _apply(goal: _Goal, name: str) -> list[_Goal]:
    for premises, conclusion, build in _uses(goal.context[name], lambda done: _chain(name, done)):
        if conclusion == goal.formula:
            return _subgoals(goal, premises, build)
    raise Rejected(f"{name} does not lead to the goal")


def _destruct(goal: _Goal, name: str, left: str, right: str) -> list[_Goal]:
    pair = goal.context.get(name)
    if not isinstance(pair, And):
        raise Rejected(f"{name} is not a hypothesis that is a conjunction")
    # Coq clears the hypothesis first, so that its own name is free again.
    rest = {known: formula for known, formula in goal.context.items() if known != name}
    if left == right or {left, right} & (rest.keys() | goal.atoms):
        raise Rejected(f"{left} or {right} is already used")
    inner = {**rest, left: pair.left, right: pair.right}
    fill = goal.fill
    return [
        _Goal(
            inner, goal.formula, goal.atoms, lambda body: fill(Open(Var(name), left, right, body))
        )
    ]


def _subgoals(goal: _Goal, formulas: list[Formula], build: Build) -> list[_Goal]:
    """Goals for ``formulas``; when the last is proved, ``build`` fills the goal they came from."""
    done: dict[int, Term] = {}

    def fill(at: int, term: Term) -> None:
        done[at] = term
        if len(done) == len(formulas):
            goal.fill(build([done[i] for i in range(len(formulas))]))

    if not formulas:
        goal.fill(build([]))
    return [
        _Goal(goal.context, formula, goal.atoms, lambda term, at=at: fill(at, term))  # type: ignore[misc]
        for at, formula in enumerate(formulas)
    ]


def _uses(formula: Formula, build: Build) -> Iterator[tuple[list[Formula], Formula, Build]]:
    """Ways to use a hypothesis: after some of its premises or, as Coq does, one side of a pair."""
    premises: list[Formula] = []
    yield [], formula, build
    while isinstance(formula, Implies):
        premises = [*premises, formula.left]
        formula = formula.right
        yield premises, formula, build
    if isinstance(formula, And):
        for side, part in (("l", formula.left), ("r", formula.right)):
            for more, conclusion, inner in _uses(part, _side(build, side, len(premises))):
                yield premises + more, conclusion, inner


def _chain(name: str, arguments: list[Term]) -> Term:
    term: Term = Var(name)
    for argument in arguments:
        term = App(term, argument)
    return term


def _side(build: Build, side: str, count: int) -> Build:
    """Build the pair from its first ``count`` premises, take a side, use that on the others."""

    def built(done: list[Term]) -> Term:
        term: Term = Open(build(done[:count]), "l", "r", Var(side))
        for argument in done[count:]:
            term = App(term, argument)
        return term

    return built
