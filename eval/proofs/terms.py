"""Proof terms and the type checker that decides what they prove: all that has to be trusted."""

from dataclasses import dataclass

from eval.proofs.propositional import And, Context, Formula, Implies, Rejected


@dataclass(frozen=True)
class Var:
    """A hypothesis."""

    name: str


@dataclass(frozen=True)
class App:
    """An implication used on a proof of its premise."""

    function: "Term"
    argument: "Term"


@dataclass(frozen=True)
class Pair:
    """A proof of a conjunction."""

    left: "Term"
    right: "Term"


@dataclass(frozen=True)
class Open:
    """``let (left, right) := pair in body``."""

    pair: "Term"
    left: str
    right: str
    body: "Term"


Term = Var | App | Pair | Open


def infer(context: Context, term: Term) -> Formula:
    """The formula a term proves: the whole of what the kernel trusts. Raises `Rejected`."""
    match term:
        case Var(name) if name in context:
            return context[name]
        case App(function, argument):
            known = infer(context, function)
            if isinstance(known, Implies) and infer(context, argument) == known.left:
                return known.right
        case Pair(left, right):
            return And(infer(context, left), infer(context, right))
        case Open(pair, left, right, body):
            known = infer(context, pair)
            if isinstance(known, And):
                return infer({**context, left: known.left, right: known.right}, body)
    raise Rejected("the proof term is not well typed")
