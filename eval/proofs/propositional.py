"""Propositional statements: formulas over atoms, named hypotheses and a goal; reading and printing.

The text form is ``h1 : A -> B , h2 : A |- B``.
"""

import re
from dataclasses import dataclass


class Rejected(Exception):
    """The script or the statement is not accepted; the message is the reason."""


@dataclass(frozen=True)
class Atom:
    """A proposition without structure."""

    name: str


@dataclass(frozen=True)
class Implies:
    """``left -> right``."""

    left: "Formula"
    right: "Formula"


@dataclass(frozen=True)
class And:
    r"""``left /\ right``."""

    left: "Formula"
    right: "Formula"


Formula = Atom | Implies | And
Context = dict[str, Formula]


@dataclass(frozen=True)
class Statement:
    """What is to be proved: named hypotheses, in order, and a goal."""

    hypotheses: Context
    goal: Formula


WORD = r"[A-Za-z_][A-Za-z0-9_']*"
_RESERVED = {"as", "at", "else", "end", "exists", "fix", "for", "forall", "fun", "if", "in", "let"}
_RESERVED |= {"match", "return", "then", "using", "where", "with", "Prop", "Set", "Type", "SProp"}


def parse_formula(text: str) -> Formula:
    r"""Read a formula; ``/\`` binds tighter than ``->``, and both lean to the right.

    Raises `Rejected` on anything else.
    """
    tokens = re.findall(rf"->|/\\|\(|\)|{WORD}|\S", text)
    formula, rest = _arrow(tokens)
    if rest:
        raise Rejected(f"formula: cannot read {' '.join(rest)!r}")
    return formula


def _arrow(tokens: list[str]) -> tuple[Formula, list[str]]:
    left, rest = _conjunction(tokens)
    if rest[:1] == ["->"]:
        right, rest = _arrow(rest[1:])
        return Implies(left, right), rest
    return left, rest


def _conjunction(tokens: list[str]) -> tuple[Formula, list[str]]:
    left, rest = _unit(tokens)
    if rest[:1] == ["/\\"]:
        right, rest = _conjunction(rest[1:])
        return And(left, right), rest
    return left, rest


def _unit(tokens: list[str]) -> tuple[Formula, list[str]]:
    if tokens[:1] == ["("]:
        inner, rest = _arrow(tokens[1:])
        if rest[:1] != [")"]:
            raise Rejected("formula: a bracket is not closed")
        return inner, rest[1:]
    if not tokens or not re.fullmatch(WORD, tokens[0]) or tokens[0] in _RESERVED:
        raise Rejected(
            f"formula: expected a proposition, found {' '.join(tokens[:1]) or 'nothing'!r}"
        )
    return Atom(tokens[0]), tokens[1:]


def parse_statement(text: str) -> Statement:
    r"""Read ``h1 : A -> B h2 : A |- B``; commas between hypotheses are allowed.

    Raises `Rejected`.
    """
    told, turnstile, goal = text.partition("|-")
    if not turnstile:
        raise Rejected("statement: no |- before the goal")
    before, *parts = re.split(rf"({WORD})\s*:", told)
    if before.strip():
        raise Rejected(f"statement: expected a hypothesis, found {before.strip()!r}")
    hypotheses: Context = {}
    for name, formula in zip(parts[::2], parts[1::2], strict=True):
        if name in hypotheses or name in _RESERVED:
            raise Rejected(f"statement: hypothesis name {name!r} is taken")
        hypotheses[name] = parse_formula(formula.strip().removesuffix(","))
    statement = Statement(hypotheses, parse_formula(goal))
    if clash := sorted(hypotheses.keys() & set(atoms(statement))):
        raise Rejected(f"statement: {clash[0]!r} is both a hypothesis and a proposition")
    return statement


def atoms(statement: Statement) -> list[str]:
    """Names of all atoms, sorted."""

    def inside(formula: Formula) -> set[str]:
        if isinstance(formula, Atom):
            return {formula.name}
        return inside(formula.left) | inside(formula.right)

    names = [inside(formula) for formula in (*statement.hypotheses.values(), statement.goal)]
    return sorted(set().union(*names))


def coq(formula: Formula) -> str:
    """Print a formula for Coq, with every bracket."""
    if isinstance(formula, Atom):
        return formula.name
    sign = "->" if isinstance(formula, Implies) else "/\\"
    return f"({coq(formula.left)} {sign} {coq(formula.right)})"


def coq_opening(statement: Statement, name: str) -> str:
    """The Coq text that a script follows: the theorem, with its hypotheses introduced."""
    propositions = " ".join(atoms(statement))
    premises = "".join(f"{coq(formula)} -> " for formula in statement.hypotheses.values())
    introduced = " ".join([propositions, *statement.hypotheses])
    return (
        f"Theorem {name} : forall {propositions} : Prop, {premises}{coq(statement.goal)}.\n"
        f"Proof. intros {introduced}."
    )
