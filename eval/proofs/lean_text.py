"""Lean 4 statements and candidates as text: no Lean needed.

A statement file ends in `:= by sorry` or `:= sorry`; a candidate is the tactic block that takes
the place of `sorry`.
"""

import re

from eval.proofs.checker import Problem
from eval.proofs.statement import StatementError

_OPEN = re.compile(r":=\s*(?:by\s+)?sorry\s*$")
_THEOREM = re.compile(r"^[ \t]*(?:private\s+)?(?:theorem|lemma)\s+(\S+)", re.MULTILINE)
# A line that begins with one of these is a new command: the proof ended before it.
_COMMAND = re.compile(
    r"^(?:theorem|lemma|example|def|abbrev|instance|axiom|import|open|section|namespace|end|"
    r"variable|set_option|noncomputable|#|/-|@\[|--)",
    re.MULTILINE,
)


def name(problem: Problem) -> str:
    """The theorem's own name, the last in the file. Raises `StatementError` if there is none."""
    found = _THEOREM.findall(problem.source)
    if not found:
        raise StatementError(f"{problem.name}: no theorem in the file")
    return str(found[-1])


def prompt(problem: Problem) -> str:
    """The file up to where the proof begins, ending in `:= by`."""
    source = problem.source.rstrip()
    if not _OPEN.search(source):
        raise StatementError(f"{problem.name}: the file does not end in ':= by sorry'")
    return _OPEN.sub(":= by", source)


def parts(problem: Problem) -> tuple[str, str]:
    """What stands before the theorem, and the theorem up to its `:=`."""
    source = prompt(problem)
    start = list(_THEOREM.finditer(source))[-1].start()
    return source[:start].rstrip(), source[start:].strip().removesuffix("by").rstrip()[:-2].rstrip()


def proposition(theorem: str) -> str:
    """`theorem name binders : goal` as `∀ binders, goal`."""
    head = _THEOREM.match(theorem)
    if not head:
        raise StatementError("no theorem to state")
    depth = 0
    for place in range(head.end(), len(theorem)):
        char = theorem[place]
        depth += (char in "([{⟨⦃") - (char in ")]}⟩⦄")
        if depth == 0 and char == ":" and theorem[place + 1 : place + 2] != "=":
            binders, goal = theorem[head.end() : place].strip(), theorem[place + 1 :].strip()
            return f"∀ {binders}, {goal}" if binders else goal
    raise StatementError("the theorem has no ': goal'")


def split(text: str) -> tuple[str, str]:
    """A file with a proof as a statement file and its candidate; the last `:= by` parts them."""
    head, found, proof = text.rpartition(":= by")
    if not found:
        raise StatementError("no ':= by' in the file")
    return f"{head}:= by sorry", proof


def cut(text: str) -> str:
    """The tactic block at the start of a model's text, without commands that follow it.

    A text that restates the theorem is cut down to what follows its last `:= by`.
    """
    if re.search(r"^[ \t]*(?:theorem|lemma)\s", text, re.MULTILINE):
        text = text[text.rfind(":= by") + len(":= by") :] if ":= by" in text else text
    body = text.lstrip("\n")
    end = _COMMAND.search(body)
    return body[: end.start()].rstrip() if end else body.rstrip()
