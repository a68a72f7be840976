"""The kernel judges as Coq does, and a mistake in a tactic cannot prove what is false."""

import itertools
import re
import shutil
import subprocess

import numpy as np
import pytest

from eval.bundled import logic
from eval.proofs.kernel import judge
from eval.proofs.propositional import (
    And,
    Atom,
    Formula,
    Implies,
    Rejected,
    Statement,
    atoms,
    coq_opening,
    parse_formula,
    parse_statement,
)
from eval.proofs.terms import App, Open, Pair, Var, infer
from eval.proofs.trivial import PROVERS, pass_rate

A, B, C = Atom("A"), Atom("B"), Atom("C")


@pytest.mark.parametrize(
    ("statement", "script"),
    [
        ("h1 : A |- A", "exact h1. Qed."),
        ("h1 : A |- A", "apply h1. Qed."),
        ("h1 : A -> B , h2 : A |- B", "apply h1. exact h2. Qed."),
        ("h1 : A h2 : B |- A /\\ B", "split. exact h1. exact h2. Qed."),
        ("h1 : A /\\ B |- B", "destruct h1 as [a b]. exact b. Qed."),
        ("h1 : A /\\ B |- B", "destruct h1 as [ h1 b ] . exact b . Qed."),
        ("h1 : A /\\ B |- B", "(* B (* is *) there *) apply h1. Qed."),
        ("h1 : A -> B -> C h2 : A h3 : B |- C", "apply h1. exact h2. exact h3. Qed."),
        ("h1 : A -> B /\\ C h2 : A |- C", "apply h1. exact h2. Qed."),
        ("h1 : (A -> B) -> C h2 : A -> B |- C", "apply h1. exact h2. Qed."),
    ],
)
def test_proofs_are_accepted(statement: str, script: str) -> None:
    assert judge(statement, script).ok


@pytest.mark.parametrize(
    ("statement", "script", "reason"),
    [
        ("h1 : A |- B", "exact h1. Qed.", "not a proof"),
        ("h1 : A |- A", "exact h1.", "does not end with Qed"),
        ("h1 : A |- A", "exact h1 Qed.", "does not end with Qed"),
        ("h1 : A |- A", "exact h1. Qed. exact h1.", "does not end with Qed"),
        ("h1 : A |- A", "exact h1. exact h1. Qed.", "no goal is left"),
        ("h1 : A -> B |- B", "apply h1. Qed.", "1 goal"),
        ("h1 : A |- A /\\ B", "split. exact h1. exact h1. Qed.", "not a proof"),
        ("h1 : A |- A", "split. Qed.", "conjunction"),
        ("h1 : A /\\ B |- B", "destruct h1 as [a a]. exact a. Qed.", "already used"),
        ("h1 : A /\\ B |- B", "destruct h1 as [A b]. exact b. Qed.", "already used"),
        ("h1 : A /\\ B |- B", "destruct h1 as [a b]. apply h1. Qed.", "no hypothesis h1"),
        ("h1 : A |- A", "(* exact h1. Qed.", "comment"),
        ("h1 : A |- A", "*) exact h1. Qed.", "comment"),
        ("h1 : A |- A", "admit. Qed.", "grammar"),
        ("h1 : A |- A", "exact h1. Qed", "full stop"),
        ("h1 : A |- A", "", "does not end with Qed"),
        ("h1 A |- A", "exact h1. Qed.", "statement"),
        ("h1 : A -> |- A", "exact h1. Qed.", "formula"),
    ],
)
def test_what_is_no_proof_is_refused_with_a_reason(
    statement: str, script: str, reason: str
) -> None:
    judgement = judge(statement, script)
    assert not judgement.ok
    assert reason in judgement.reason


def test_formulas_lean_as_in_coq() -> None:
    assert parse_formula("A -> B -> C") == Implies(A, Implies(B, C))
    assert parse_formula("A /\\ B -> C") == Implies(And(A, B), C)
    assert parse_formula("A /\\ B /\\ C") == And(A, And(B, C))
    assert parse_formula("(A -> B) -> C") == Implies(Implies(A, B), C)
    with pytest.raises(Rejected):
        parse_formula("A B")


def test_the_checker_of_terms_stands_alone() -> None:
    known = {"f": Implies(A, B), "x": A, "p": And(A, B)}
    assert infer(known, App(Var("f"), Var("x"))) == B
    assert infer(known, Pair(Var("x"), Var("x"))) == And(A, A)
    assert infer(known, Open(Var("p"), "l", "r", Var("r"))) == B
    for wrong in (App(Var("x"), Var("x")), App(Var("f"), Var("p")), Var("y")):
        with pytest.raises(Rejected):
            infer(known, wrong)
    with pytest.raises(Rejected):
        infer(known, Open(Var("x"), "l", "r", Var("l")))


def holds(statement: Statement, world: dict[str, bool]) -> bool:
    """Whether the statement is true in a classical world."""

    def value(formula: Formula) -> bool:
        if isinstance(formula, Atom):
            return world[formula.name]
        left, right = value(formula.left), value(formula.right)
        return (left and right) if isinstance(formula, And) else (not left or right)

    return not all(map(value, statement.hypotheses.values())) or value(statement.goal)


def test_nothing_false_is_ever_proved() -> None:
    """Random scripts on random small statements: what passes holds in every world."""
    rng = np.random.default_rng(0)
    proved = 0
    for _ in range(6000):
        statement = random_statement(rng)
        if judge(statement, random_script(rng, statement)).ok:
            proved += 1
            names = atoms(statement)
            worlds = itertools.product([False, True], repeat=len(names))
            assert all(holds(statement, dict(zip(names, w, strict=True))) for w in worlds)
    assert proved > 50


@pytest.mark.parametrize("depth", list(logic.DEPTHS))
def test_gold_scripts_pass_and_trivial_provers_do_not_win(depth: str) -> None:
    rng = np.random.default_rng(1)
    items = [logic.draw(rng, depth) for _ in range(300)]
    statements = [parse_statement(item.facts["statement"]) for item in items]
    for item, statement in zip(items, statements, strict=True):
        assert judge(statement, item.answer) == judge(item.facts["statement"], item.answer)
        assert judge(statement, item.answer).ok
    most = {"d1": 0.55, "d2": 0.3, "d3": 0.2}[depth]
    for prover in PROVERS.values():
        assert pass_rate(prover, rng, statements) < most


@pytest.mark.skipif(shutil.which("coqtop") is None, reason="no coqtop here (Debian: coq)")
def test_coq_agrees_on_every_script() -> None:
    rng = np.random.default_rng(2)
    cases: list[tuple[Statement, str]] = []
    for depth in logic.DEPTHS:
        for _ in range(20):
            item = logic.draw(rng, depth)
            statement = parse_statement(item.facts["statement"])
            cases.append((statement, item.answer))
            cases += [(statement, mutate(rng, statement, item.answer)) for _ in range(3)]
            cases.append((statement, PROVERS["random-step"](rng, statement)))
    for _ in range(200):
        statement = random_statement(rng)
        cases.append((statement, random_script(rng, statement)))
    ours = [judge(statement, script).ok for statement, script in cases]
    theirs = coq_judges(cases)
    differ = [
        (case, mine) for case, mine, coq in zip(cases, ours, theirs, strict=True) if mine != coq
    ]
    assert not differ, differ[0]
    assert 80 < sum(ours) < len(cases) - 80


def coq_judges(cases: list[tuple[Statement, str]]) -> list[bool]:
    """What Coq says of each script, in one process: passed when no sentence is an error."""
    text = ["Set Silent."]
    for i, (statement, script) in enumerate(cases):
        text.append(f"Check start_{i}.\n{coq_opening(statement, f't{i}')}\n{script}")
        text.append(f"Check stop_{i}.\nAbort All.")
    done = subprocess.run(
        ["coqtop", "-q", "-w", "none"],
        input="\n".join(text),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    parts = re.findall(r"reference start_\d+ was(.*?)reference stop_\d+ was", done.stdout, re.S)
    assert len(parts) == len(cases)
    # the last error of each part is the one that marks its end
    return [part.count("Error") == 1 for part in parts]


def mutate(rng: np.random.Generator, statement: Statement, script: str) -> str:
    """Change one or two tactics of a script; what comes out may still be a proof."""
    tactics = re.sub(r"\(\*.*?\*\)", "", script).replace("Qed.", "").split(" .")
    tactics = [tactic.strip() for tactic in tactics if tactic.strip()]
    names = [*statement.hypotheses, "a", "b"]
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(len(tactics)))
        name = names[rng.integers(len(names))]
        choice = rng.integers(7)
        if choice == 0:
            tactics[at] = re.sub(r"\b(h\d+|a|b)$", name, tactics[at])
        elif choice == 1 and len(tactics) > 1:
            del tactics[at]
        elif choice == 2:
            tactics.insert(at, tactics[at])
        elif choice == 3:
            tactics = [tactics[i] for i in rng.permutation(len(tactics))]
        elif choice == 4:
            tactics[at] = tactics[at].replace("exact", "apply")
        elif choice == 5:
            tactics.insert(at, "split")
        else:
            tactics.insert(at, f"destruct {name} as [a b]")
    return " ".join(f"{tactic}." for tactic in tactics) + " Qed."


def random_formula(rng: np.random.Generator, depth: int) -> Formula:
    if depth == 0 or rng.random() < 0.3:
        return (A, B, C)[rng.integers(3)]
    left, right = random_formula(rng, depth - 1), random_formula(rng, depth - 1)
    return And(left, right) if rng.random() < 0.5 else Implies(left, right)


def random_statement(rng: np.random.Generator) -> Statement:
    """A few hypotheses of any shape, premises that are no implications, a goal that is none."""
    hypotheses: dict[str, Formula] = {}
    while len(hypotheses) < 4:
        formula = random_formula(rng, 2)
        if plain_premises(formula):
            hypotheses[f"h{len(hypotheses) + 1}"] = formula
    goals: tuple[Formula, ...] = (A, B, C, And(A, B), And(B, And(C, A)))
    return Statement(hypotheses, goals[rng.integers(len(goals))])


def plain_premises(formula: Formula) -> bool:
    """No implication stands where tactics would have to introduce it."""
    match formula:
        case Implies(left, right):
            return not arrows(left) and plain_premises(right)
        case And(left, right):
            return plain_premises(left) and plain_premises(right)
    return True


def arrows(formula: Formula) -> bool:
    match formula:
        case Implies():
            return True
        case And(left, right):
            return arrows(left) or arrows(right)
    return False


def random_script(rng: np.random.Generator, statement: Statement) -> str:
    """A few random tactics; a pair is opened only where it is plainly one."""
    names = list(statement.hypotheses)
    script = []
    for _ in range(int(rng.integers(1, 6))):
        name = names[rng.integers(len(names))]
        verb = ("apply", "apply", "exact", "split", "destruct")[rng.integers(5)]
        if verb == "split":
            script.append("split.")
        elif verb == "destruct" and not isinstance(statement.hypotheses.get(name), Implies):
            parts = f"x{len(script)}", f"y{len(script)}"
            script.append(f"destruct {name} as [{parts[0]} {parts[1]}].")
            names += parts
        elif verb != "destruct":
            script.append(f"{verb} {name}.")
    return " ".join([*script, "Qed."])
